import { measureCalls } from "../calls.js";
import type { Context } from "../context.js";
import { measure } from "../measure.js";
import type { Table } from "../table.js";
import { large, medium, small } from "../training.js";
import { type Roofline, share } from "./roofline.js";

/** Elements of an optimizer's arena: an LSTM of 64 inputs and 128 units, with its embedding and its scores. */
const parameters = 112_000;

/** Every kernel of the contract, from the largest samples of the operations and from training steps. */
export async function measureKernels(context: Context, roofline: Roofline): Promise<Table> {
  const sizes = context.quick ? [medium] : [small, medium, large];
  const { measured, note } = await measureCalls(
    { device: context.device, sizes, parameters },
    ({ again, prepare }) => measure(again, context.time, prepare).fastest,
  );
  const rows = measured.map(({ kernel, size, of, seconds, work }) => {
    const { bound, share: percent } = share(roofline, work, seconds);
    const rate = (bound === "compute" ? work.flops : work.bytes) / seconds / 1e9;
    const unit = bound === "compute" ? "GFLOP/s" : "GB/s";
    return { kernel, size, of, us: seconds * 1e6, rate, unit, "% of roofline": percent };
  });
  return { title: "Kernels", note: `The fastest of many calls. ${note}`, rows };
}

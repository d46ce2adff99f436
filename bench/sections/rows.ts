import { gelu, layerNorm, rmsNorm, softmax } from "../../src/ops/index.js";
import { randn } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { Context } from "../context.js";
import { inTurn } from "../measure.js";
import { recorded } from "../observe.js";
import type { Table } from "../table.js";
import { workOf } from "../work.js";
import { base, benchKernels } from "./roofline.js";

/** Activations of small models, which lie in the second-level cache, and rows that come from memory. */
const shapes: readonly (readonly [number, number])[] = [
  [512, 64],
  [512, 256],
  [16384, 512],
  [8192, 1000],
];

/** The forward pass of each operation, on rows x with parameters w and b of a column each. */
const operations: readonly ((x: Tensor, w: Tensor, b: Tensor) => Tensor)[] = [
  (x, w, b) => layerNorm(x, w, b),
  (x, w) => rmsNorm(x, w),
  (x) => softmax(x),
  (x) => gelu(x),
];

/** Of these kernels an e^x, or a function as long, for each element may take longer than the memory. */
const powers = new Set(["softmaxForward", "unary", "unaryBackward"]);

/** Kernels over rows, as shares of what binds them: a copy that moves as many bytes, or as many e^x, in the same rounds. */
export async function measureRows(context: Context): Promise<Table> {
  const inner = await context.device();
  const { streamCopy, expRow } = await benchKernels(context.variant);
  const rows: Record<string, string | number>[] = [];
  for (const [n, cols] of shapes) {
    const calls = callsOf(inner, n, cols);
    const half = Math.ceil((n * cols * 4) / 128) * 128;
    const limits = [() => streamCopy(base, base + half, half, 1), () => void expRow(base, base + 16384, 16, 1, 4096)];
    const [copy, power, ...seconds] = inTurn([...limits, ...calls.map(({ call }) => call)], context.quick ? 5 : 30);
    rows.push({
      shape: `[${n}, ${cols}]`,
      kernel: "copy",
      us: copy! * 1e6,
      "GB/s": (2 * half) / copy! / 1e9,
      binds: "memory",
      "% of it": 100,
    });
    calls.forEach(({ kernel, bytes }, i) => {
      const memory = (bytes / (2 * half)) * copy!;
      const compute = powers.has(kernel) ? (n * cols * power!) / 4096 : 0;
      const share = (100 * Math.max(memory, compute)) / seconds[i]!;
      rows.push({
        shape: "",
        kernel,
        us: seconds[i]! * 1e6,
        "GB/s": bytes / seconds[i]! / 1e9,
        binds: compute > memory ? "e^x" : "memory",
        "% of it": share,
      });
    });
  }
  return {
    title: "Kernels over rows, beside a copy",
    note: "Shares of a copy that moves as many bytes, or of as many e^x of a row in the first-level cache, in the same rounds. The longer matrices come from memory.",
    rows,
  };
}

/** The forward and backward calls of the operations on [rows, cols], to be made again. */
function callsOf(inner: Device, n: number, cols: number) {
  const { device, log, replay } = recorded(inner);
  withDevice(device, () => {
    const x = randn([n, cols], { requiresGrad: true });
    const [w, b] = [randn([cols], { requiresGrad: true }), randn([cols], { requiresGrad: true })];
    const dy = randn([n, cols]);
    for (const operation of operations) scope(() => operation(x, w, b).backward(dy));
  });
  const kept = log.filter(({ kernel }) => /^(layerNorm|rmsNorm|softmax|unary)/.test(kernel));
  return kept.map((made) => ({ kernel: made.kernel, bytes: workOf(made.kernel, made.call).bytes, call: () => replay(made) }));
}

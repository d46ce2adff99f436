// Every operation at its samples: forward, and backward where there is one, in GFLOP/s where the operation counts them, else GB/s of
// what it must read and write. `npm run bench:ops [-- NAME]`
import { Bench } from "tinybench";
import { apply, type OpDefinition, operations, type SampleInput } from "../src/ops/define-op.js";
import * as ops from "../src/ops/index.js";
import { rand, randn, tensor } from "../src/tensor/create.js";
import { init } from "../src/tensor/device.js";
import { scope } from "../src/tensor/scope.js";
import type { Tensor } from "../src/tensor/tensor.js";
import { sizeOf } from "../src/util/shape.js";

const device = await init();
const wanted = process.argv[2];

function draw(spec: SampleInput): Tensor {
  if (!("shape" in spec)) return randn(spec, { requiresGrad: true });
  if ("from" in spec) return rand(spec.shape, { low: spec.from, high: spec.to, requiresGrad: true });
  const { shape, below, least = 0 } = spec;
  return tensor(
    Int32Array.from({ length: sizeOf(shape) }, () => least + Math.floor(Math.random() * (below - least))),
    shape,
  );
}

interface Row {
  readonly operation: string;
  readonly inputs: string;
  readonly microseconds: string;
  readonly rate: string;
}

/** A row for one direction of one sample. */
async function measure(
  operation: string,
  inputs: readonly Tensor[],
  work: { flops?: number; bytes: number },
  call: () => void,
): Promise<Row> {
  const bench = new Bench({ time: 60, warmupTime: 30, warmupIterations: 100 });
  bench.add(operation, call);
  await bench.run();
  const { result } = bench.tasks[0]!;
  if (result.state !== "completed") throw new Error(`${operation}: ${result.state}`);
  const seconds = result.latency.p50 / 1000;
  const rate = work.flops ? `${(work.flops / seconds / 1e9).toFixed(2)} GFLOP/s` : `${(work.bytes / seconds / 1e9).toFixed(2)} GB/s`;
  return { operation, inputs: inputs.map((x) => `[${x.shape.join(", ")}]`).join(" "), microseconds: (seconds * 1e6).toFixed(2), rate };
}

const rows: Row[] = [];
for (const op of operations.values() as IterableIterator<OpDefinition<unknown>>) {
  if (wanted && op.name !== wanted) continue;
  // The largest sample says most about the kernel, the smaller ones about the host.
  const size = ({ inputs }: (typeof op.samples)[number]) => inputs.reduce((n, spec) => n + sizeOf("shape" in spec ? spec.shape : spec), 0);
  const sample = [...op.samples].sort((a, b) => size(b) - size(a))[0]!;
  const inputs = sample.inputs.map(draw);
  const flops = op.flops?.(inputs, sample.attrs);
  const elements = (tensors: readonly Tensor[]) => tensors.reduce((n, x) => n + x.size, 0);
  const bytes = scope(() => 4 * (elements(inputs) + elements(apply(op, inputs, sample.attrs))));
  const forward = () => scope(() => void apply(op, inputs, sample.attrs));
  rows.push(await measure(op.name, inputs, { bytes, ...(flops && { flops }) }, forward));
  if (!op.backward) continue;
  const both = () =>
    scope(() => {
      for (const x of inputs) x.grad?.dispose();
      for (const x of inputs) x.grad = undefined;
      const y = apply(op, inputs, sample.attrs)[0]!;
      (y.size === 1 ? y : ops.sum(y)).backward();
    });
  rows.push(await measure(`${op.name}, both ways`, inputs, { bytes: 3 * bytes, ...(flops && { flops: 3 * flops }) }, both));
}
console.log(
  `Node ${process.versions.node}, ${device.info}, medians; ${operations.size} operations under ${Object.keys(ops).length} public names`,
);
console.table(rows);

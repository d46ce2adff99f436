import { type KernelName, type KernelRow, kernels } from "../../src/backend/kernels.js";
import { apply, type Sample, type SampleInput } from "../../src/ops/define-op.js";
import { Adagrad, AdamW, type Optimizer, RMSprop, SGD } from "../../src/optim/index.js";
import { rand, randn, tensor, zeros } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { sizeOf } from "../../src/util/shape.js";
import { type Context, label, large, medium, small, training } from "../context.js";
import { measure } from "../measure.js";
import { type Call, recorded } from "../observe.js";
import { allOperations, type Op } from "../operations.js";
import type { Table } from "../table.js";
import { workOf } from "../work.js";
import { type Roofline, share } from "./roofline.js";

type Row = Table["rows"][number];

/** Elements of an optimizer's arena: an LSTM of 64 inputs and 128 units, with its embedding and its scores. */
const parameters = 112_000;

const drawnSize = (sample: Sample<unknown>) => sample.inputs.reduce((n, spec) => n + sizeOf("shape" in spec ? spec.shape : spec), 0);

/** The sample that says most about kernels. */
export const largestSample = (op: Op) => op.samples.toSorted((a, b) => drawnSize(b) - drawnSize(a))[0]!;

export function draw(spec: SampleInput): Tensor {
  if (!("shape" in spec)) return randn(spec, { requiresGrad: true });
  if ("from" in spec) return rand(spec.shape, { low: spec.from, high: spec.to, requiresGrad: true });
  const { shape, below, least = 0 } = spec;
  return tensor(
    Int32Array.from({ length: sizeOf(shape) }, () => least + Math.floor(Math.random() * (below - least))),
    shape,
  );
}

/** Dimensions that are sizes: no strides, flags or ranges. */
const isSize = (name: string) => /^(n|m|k|d[0-3]|outer|inner|rows|cols|batch|[BTSIHPGANKDE])$/.test(name);

const sizes = ({ kernel, call }: Call) =>
  kernels[kernel].dims
    .filter(isSize)
    .map((name) => `${name} ${call[name]}`)
    .join(" ");

const written = ({ kernel, call }: Call) => {
  const row: KernelRow = kernels[kernel];
  return row.writes.filter((name) => !row.accumulates?.includes(name)).flatMap((name) => call[name] ?? []);
};

/** Fewer bytes than these measure the call, not the kernel. */
const telling = 4096;

interface Measured {
  readonly row: Row;
  readonly kernel: KernelName;
  /** The kernel, and its operation where it has several. */
  readonly family: string;
  readonly bytes: number;
}

/**
 * Measures kernels by making calls again that operations, training steps and optimizers made: their buffers must still be theirs.
 * A kernel that works in place gets its input back each time from the call that wrote it first.
 */
class Replay {
  readonly #measured: Measured[] = [];
  readonly #keys = new Set<string>();

  constructor(
    private readonly roofline: Roofline,
    private readonly time: number,
  ) {}

  /** A row for each call, but none for one that was measured before at the same size. */
  add(origin: string, log: readonly Call[], replay: (call: Call) => void): void {
    for (const [i, made] of log.entries()) {
      const { kernel, call } = made;
      const key = [kernel, ...kernels[kernel].dims.map((name) => call[name])].join(" ");
      if (this.#keys.has(key)) continue;
      this.#keys.add(key);
      const outputs = written(made);
      const source = log.slice(0, i).find((earlier) => written(earlier).some((address) => outputs.includes(address)));
      const { fastest } = measure(() => replay(made), this.time, source && (() => replay(source)));
      const work = workOf(kernel, call);
      const { bound, share: percent } = share(this.roofline, work, fastest);
      const rate = bound === "compute" ? work.flops / fastest : work.bytes / fastest;
      const family = `${kernel} ${call.op}`;
      const unit = bound === "compute" ? "GFLOP/s" : "GB/s";
      const row = { kernel, size: sizes(made), of: origin, us: fastest * 1e6, rate: rate / 1e9, unit, "% of roofline": percent };
      this.#measured.push({ row, kernel, family, bytes: work.bytes });
    }
  }

  /** In the order of the contract; of calls too small to tell, the largest where there is no larger one. */
  rows(): Row[] {
    const largest = new Map<string, number>();
    for (const { family, bytes } of this.#measured) largest.set(family, Math.max(bytes, largest.get(family) ?? 0));
    const order = Object.keys(kernels);
    return this.#measured
      .filter(({ family, bytes }) => bytes >= telling || bytes === largest.get(family))
      .sort((a, b) => order.indexOf(a.kernel) - order.indexOf(b.kernel))
      .map(({ row }) => row);
  }

  /** The kernels of the contract that nothing called. */
  missing(): string[] {
    const called = new Set<string>(this.#measured.map(({ kernel }) => kernel));
    return Object.keys(kernels).filter((name) => !called.has(name));
  }
}

/** The calls of an operation's largest sample, forward and backward. */
function replayOperation(replays: Replay, op: Op, device: Device): void {
  const { device: watched, log, replay } = recorded(device);
  withDevice(watched, () =>
    scope(() => {
      const { inputs: specs, attrs } = largestSample(op);
      const inputs = specs.map(draw);
      log.length = 0;
      const [y] = apply(op, inputs, attrs);
      const forward = log.splice(0);
      if (op.backward && y!.tracksGradient) {
        const dy = randn(y!.shape);
        log.length = 0;
        y!.backward(dy);
      }
      replays.add(op.name, [...forward, ...log], replay);
    }),
  );
}

async function replayStep(replays: Replay, context: Context, cell: "lstm" | "gru" | "rnn", size: typeof small): Promise<void> {
  const { device, log, replay } = recorded(await context.device());
  const { step, next } = training(device, cell, size);
  // The first steps still move memory.
  for (let i = 0; i < 3; i++) step(next());
  log.length = 0;
  step(next());
  replays.add(`step ${label(cell, size)}`, [...log], replay);
}

const optimizers: Readonly<Record<string, (p: Tensor) => Optimizer>> = {
  "SGD, momentum": (p) => new SGD([p], { momentum: 0.9, clipNorm: 1 }),
  AdamW: (p) => new AdamW([p], { clipNorm: 1, clipValue: 1 }),
  "RMSprop, centred, momentum": (p) => new RMSprop([p], { centered: true, momentum: 0.9, clipNorm: 1 }),
  Adagrad: (p) => new Adagrad([p], { clipNorm: 1 }),
};

function replayOptimizers(replays: Replay, device: Device): void {
  const { device: watched, log, replay } = recorded(device);
  for (const [name, create] of Object.entries(optimizers)) {
    const p = withDevice(watched, () => zeros([parameters], { requiresGrad: true }));
    const optimizer = create(p);
    p.grad!.write(Float32Array.from({ length: parameters }, () => Math.random() - 0.5));
    optimizer.step();
    log.length = 0;
    optimizer.step();
    replays.add(name, [...log], replay);
    optimizer.dispose();
    p.dispose();
  }
}

/** Kernels that no operation calls: the generators of random numbers. */
function replayRandom(replays: Replay, device: Device): void {
  const { device: watched, log, replay } = recorded(device);
  withDevice(watched, () =>
    scope(() => {
      const shape = [64, 512];
      const x = rand(shape);
      randn(shape);
      const counter = { key0: 1, key1: 2, counter0: 0, counter1: 0, counter2: 0, counter3: 0 };
      x.backend.dispatch("philox", { y: x.address, n: x.size, ...counter });
      replays.add("random numbers", [...log], replay);
    }),
  );
}

/** Every kernel of the contract, from the largest samples of the operations and from training steps. */
export async function measureKernels(context: Context, roofline: Roofline): Promise<Table> {
  const replays = new Replay(roofline, context.time);
  const device = await context.device();
  for (const size of context.quick ? [medium] : [small, medium, large]) {
    for (const cell of ["lstm", "gru", "rnn"] as const) await replayStep(replays, context, cell, size);
  }
  for (const op of allOperations()) replayOperation(replays, op, device);
  replayOptimizers(replays, device);
  replayRandom(replays, device);
  const missing = replays.missing();
  return {
    title: "Kernels",
    note: `The fastest of many calls. ${missing.length > 0 ? `Nothing here calls ${missing.join(", ")}.` : "Every kernel of the contract is there."}`,
    rows: replays.rows(),
  };
}

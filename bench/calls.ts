import { type KernelName, type KernelRow, kernels } from "../src/backend/kernels.js";
import { apply, type Operation, type Sample, type SampleInput, samplesOf } from "../src/ops/define-op.js";
import * as optim from "../src/optim/index.js";
import { rand, randn, tensor, zeros } from "../src/tensor/create.js";
import { type Device, withDevice } from "../src/tensor/device.js";
import { internal } from "../src/tensor/internal.js";
import { scope } from "../src/tensor/scope.js";
import type { Tensor } from "../src/tensor/tensor.js";
import { sizeOf } from "../src/util/shape.js";
import { type Call, recorded } from "./observe.js";
import { allOperations } from "./operations.js";
import { cells, label, type Size, training } from "./training.js";
import { type Work, workOf } from "./work.js";

/** A call that an operation, a training step or an optimizer made, to be made again. */
export interface Found {
  readonly again: () => void;
  /** For a call that works in place: the call that wrote its input, which restores it. */
  readonly prepare: (() => void) | undefined;
}

/** The time of a call. */
export interface Measured {
  readonly kernel: KernelName;
  readonly size: string;
  /** By whom it was made. */
  readonly of: string;
  readonly seconds: number;
  readonly work: Work;
}

export interface Sources {
  /** A device with a memory of its own. */
  readonly device: () => Promise<Device>;
  /** Of the training steps. */
  readonly sizes: readonly Size[];
  /** Elements of an optimizer's arena. */
  readonly parameters: number;
}

const drawnSize = ({ inputs }: Sample) => Object.values(inputs).reduce((n, spec) => n + sizeOf("shape" in spec ? spec.shape : spec), 0);

/** The sample that says most about kernels. */
export const largestSample = (op: Operation) => samplesOf(op).toSorted((a, b) => drawnSize(b) - drawnSize(a))[0]!;

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

export const sizeText = ({ kernel, call }: Call) =>
  kernels[kernel].dims
    .filter(isSize)
    .map((name) => `${name} ${call[name]}`)
    .join(" ");

const written = ({ kernel, call }: Call) => {
  const row: KernelRow = kernels[kernel];
  return row.writes.filter((name) => !row.accumulates?.includes(name)).flatMap((name) => call[name] ?? []);
};

/** Fewer bytes than these measure the call, not the kernel. */
const measurable = 4096;

interface Recording {
  readonly origin: string;
  readonly log: readonly Call[];
  readonly replay: (call: Call) => void;
}

/** The calls of an operation's largest sample, forward and backward. Their buffers lie in the arena of a scope, which nobody takes meanwhile. */
function recordOperation(op: Operation, device: Device): Recording {
  const { device: watched, log, replay } = recorded(device);
  withDevice(watched, () =>
    scope(() => {
      const { inputs: specs, attrs } = largestSample(op);
      const inputs = Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, draw(spec)]));
      log.length = 0;
      const [y] = Object.values(apply(op, inputs, attrs));
      const forward = log.splice(0);
      if (op.backward && y!.tracksGradient) {
        const dy = randn(y!.shape);
        log.length = 0;
        y!.backward(dy);
      }
      log.unshift(...forward);
    }),
  );
  return { origin: op.name, log, replay };
}

function recordStep(device: Device, cell: "lstm" | "gru" | "rnn", size: Size): Recording {
  const { device: watched, log, replay } = recorded(device);
  const { step, next } = training(watched, cell, size);
  // The first steps still move memory.
  for (let i = 0; i < 3; i++) step(next());
  log.length = 0;
  step(next());
  return { origin: `step ${label(cell, size)}`, log: [...log], replay };
}

/** Options by which an optimizer calls the most of its kernels. */
const optimizerOptions: Readonly<Record<string, object>> = {
  SGD: { momentum: 0.9 },
  AdamW: { clipValue: 1 },
  RMSprop: { centered: true, momentum: 0.9 },
};

type OptimizerKind = new (parameters: readonly Tensor[], options: optim.OptimizerOptions) => optim.Optimizer;

const isOptimizer = (value: unknown): value is OptimizerKind => typeof value === "function" && value.prototype instanceof optim.Optimizer;

function* recordOptimizers(device: Device, parameters: number): Iterable<Recording> {
  const { device: watched, log, replay } = recorded(device);
  for (const [origin, Kind] of Object.entries(optim)) {
    if (!isOptimizer(Kind)) continue;
    const p = withDevice(watched, () => zeros([parameters], { requiresGrad: true }));
    const optimizer = new Kind([p], { clipNorm: 1, ...optimizerOptions[origin] });
    p.grad!.write(Float32Array.from({ length: parameters }, () => Math.random() - 0.5));
    optimizer.step();
    log.length = 0;
    optimizer.step();
    yield { origin, log: [...log], replay };
    optimizer.dispose();
    p.dispose();
  }
}

/** Kernels that no operation calls: the generators of random numbers. */
function recordRandom(device: Device): Recording {
  const { device: watched, log, replay } = recorded(device);
  withDevice(watched, () =>
    scope(() => {
      const shape = [64, 512];
      const x = rand(shape);
      randn(shape);
      const counter = { key0: 1, key1: 2, counter0: 0, counter1: 0, counter2: 0, counter3: 0 };
      x.backend.dispatch("philox", { y: internal(x).address, n: x.size, ...counter });
    }),
  );
  return { origin: "random numbers", log, replay };
}

async function* recordings({ device: create, sizes, parameters }: Sources): AsyncIterable<Recording> {
  for (const size of sizes) for (const cell of cells) yield recordStep(await create(), cell, size);
  const device = await create();
  for (const op of allOperations()) yield recordOperation(op, device);
  yield* recordOptimizers(device, parameters);
  yield recordRandom(device);
}

/** Measures every kernel of the contract, in its order; of calls too small to measure, the largest where there is no larger one. */
export async function measureCalls(
  sources: Sources,
  measure: (found: Found) => number | Promise<number>,
): Promise<{ measured: readonly Measured[]; note: string }> {
  const all: (Measured & { readonly family: string })[] = [];
  const keys = new Set<string>();
  for await (const { origin, log, replay } of recordings(sources)) {
    for (const [i, made] of log.entries()) {
      const { kernel, call } = made;
      const key = [kernel, ...kernels[kernel].dims.map((name) => call[name])].join(" ");
      if (keys.has(key)) continue;
      keys.add(key);
      const outputs = written(made);
      const source = log.slice(0, i).find((earlier) => written(earlier).some((address) => outputs.includes(address)));
      const seconds = await measure({ again: () => replay(made), prepare: source && (() => replay(source)) });
      all.push({ kernel, size: sizeText(made), of: origin, seconds, work: workOf(kernel, call), family: `${kernel} ${call.op}` });
    }
  }
  const largest = new Map<string, number>();
  for (const { family, work } of all) largest.set(family, Math.max(work.bytes, largest.get(family) ?? 0));
  const order = Object.keys(kernels);
  const missing = order.filter((name) => !all.some(({ kernel }) => kernel === name));
  return {
    measured: all
      .filter(({ family, work }) => work.bytes >= measurable || work.bytes === largest.get(family))
      .sort((a, b) => order.indexOf(a.kernel) - order.indexOf(b.kernel)),
    note: missing.length > 0 ? `Nothing here calls ${missing.join(", ")}.` : "Every kernel of the contract is there.",
  };
}

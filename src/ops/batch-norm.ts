import { noGrad } from "../autograd/tape.js";
import { checkTensor, type InternalTensor, internal } from "../tensor/internal.js";
import { willChange } from "../tensor/revocable.js";
import { copyWords } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInterval, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { rowsOf } from "../util/shape.js";
import { add, less, mul, sub } from "./binary.js";
import { addSamples, checkTensors, defineOp, type Handles, type Inputs, type Named, type Run } from "./define-op.js";
import { checkVectors, normalizationInputs, scaled } from "./normalization.js";
import { mean } from "./reduce.js";
import { abs, affine, reciprocal, sqrt, square } from "./unary.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

/** Statistics over many batches, `[C]` each; training changes them where they lie. */
export interface RunningStatistics {
  readonly mean: Tensor;
  readonly variance: Tensor;
  /** int32 of one element that counts the batches. */
  readonly batches?: Tensor | undefined;
}

export interface BatchNormOptions {
  /** True to normalize by the statistics of the batch, and to move the running ones; else by the running ones. Default true. */
  training?: boolean;
  running?: RunningStatistics | undefined;
  /** The part of the way that running statistics move toward the statistics of a batch. Default 0.1. */
  momentum?: number;
  /** Default 1e-5. */
  eps?: number;
}

const batchNormNames = namesOf<BatchNormOptions>({ training: 1, running: 1, momentum: 1, eps: 1 });

interface Attrs {
  readonly eps: number;
  readonly momentum: number;
  readonly running?: RunningStatistics | undefined;
}

const kernels = ["batchNormForward", "batchNormBackward"] as const;

function checkStatistics(x: Tensor, vectors: Named): void {
  checkVectors("batchNorm", x, vectors);
  for (const [name, p] of Object.entries(vectors)) {
    if (p && (p.backend !== x.backend || p.dtype !== "float32")) {
      throw new SeqgradError(
        "device",
        `batchNorm: ${name} is ${p.dtype} on ${p.backend.type}; expected float32 on the device of x: await model.to(device) moves it.`,
      );
    }
  }
}

const shapesOf = (x: Tensor) => {
  const { cols } = rowsOf(x.shape);
  return { y: x.shape, mean: [2, cols], rstd: [cols] };
};

/** Throws unless a batch can move the statistics where they lie. */
function checkWritable(running: RunningStatistics): void {
  for (const [name, statistic] of Object.entries(running)) {
    if (statistic && !statistic.isContiguous)
      throw new SeqgradError(
        "state",
        `batchNorm: running.${name} is a view with gaps, which training cannot change in place; give a copy.`,
      );
  }
}

/** (x - m) / sqrt(v + eps) gamma + beta. */
const normalized = (centered: Tensor, v: Tensor, vectors: Inputs<never, "gamma" | "beta">, eps: number): Tensor =>
  scaled(mul(centered, reciprocal(sqrt(affine(v, 1, eps)))), vectors);

/** The part of both contexts that the gradient reads. */
interface Context {
  readonly run: Run;
  readonly inputs: Handles<"x", "gamma">;
  readonly outputs: Handles<"mean" | "rstd">;
  readonly dOutputs: Handles<"y">;
  accumulator(name: "gamma" | "beta"): InternalTensor | undefined;
  gradientLike(name: "x"): InternalTensor | undefined;
}

function gradients({ run, inputs, outputs: { mean, rstd }, dOutputs, accumulator, gradientLike }: Context, training: number) {
  const { x, gamma } = inputs;
  const dx = gradientLike("x");
  const into = { dGamma: accumulator("gamma"), dBeta: accumulator("beta") };
  run("batchNormBackward", { x, gamma, mean, rstd, dy: dOutputs.y, dx, ...into, training, ...rowsOf(x.shape) });
  return { x: dx };
}

const trainingOp = defineOp({
  name: "batchNorm",
  inputs: ["x"],
  optional: ["gamma", "beta"],
  saves: ["mean", "rstd"],
  kernels,
  shape({ x, gamma, beta }, { running }: Attrs) {
    if (rowsOf(x.shape).rows < 2) {
      throw new SeqgradError("shape", `batchNorm: x ${formatShape(x.shape)} has one row per channel; training needs 2 or more.`);
    }
    if (running) checkWritable(running);
    checkStatistics(x, { gamma, beta, "running.mean": running?.mean, "running.variance": running?.variance });
    return shapesOf(x);
  },
  compose({ x, ...vectors }, { eps, momentum, running }) {
    const { rows, cols } = rowsOf(x.shape);
    const m = mean(reshape(x, [rows, cols]), { axis: 0 });
    const centered = sub(x, m);
    const v = mean(reshape(square(centered), [rows, cols]), { axis: 0 });
    if (running) {
      const replace = (old: Tensor, value: Tensor) => copyWords(old.backend, internal(value).address, internal(old).address, old.size);
      const move = (old: Tensor, value: Tensor) => {
        const finite = less(abs(value), Number.POSITIVE_INFINITY);
        replace(old, where(finite, add(affine(old, 1 - momentum), affine(value, momentum)), old));
      };
      noGrad(() => {
        move(running.mean, m);
        move(running.variance, affine(v, rows / (rows - 1)));
        if (running.batches) replace(running.batches, affine(running.batches, 1, 1));
      });
    }
    return { y: normalized(centered, v, vectors, eps) };
  },
  forward(run, { x, gamma, beta }, outputs, { eps, momentum, running }) {
    const held = (x: Tensor | undefined) => x && internal(x);
    const statistics = { runningMean: held(running?.mean), runningVar: held(running?.variance), batches: held(running?.batches) };
    const settings = { training: 1, eps, momentum, kept: 1 - momentum };
    run("batchNormForward", { x, gamma, beta, ...outputs, ...statistics, ...settings, ...rowsOf(x.shape) });
  },
  backward: (context) => gradients(context, 1),
});
addSamples(trainingOp, () => [
  { inputs: { x: [2, 5], gamma: [5], beta: [5] }, attrs: { eps: 1e-3, momentum: 0.1 } },
  { inputs: { x: [3, 11, 33], gamma: [33], beta: [33] }, attrs: { eps: 1e-5, momentum: 0.1 } },
  { inputs: { x: [64, 256] }, attrs: { eps: 1e-3, momentum: 0.1 } },
]);

const evaluationOp = defineOp({
  name: "batchNormEvaluation",
  inputs: ["x", "mean", "variance"],
  optional: ["gamma", "beta"],
  saves: ["mean", "rstd"],
  kernels,
  shape({ x, mean, variance, gamma, beta }) {
    checkStatistics(x, { gamma, beta, "running.mean": mean, "running.variance": variance });
    return shapesOf(x);
  },
  // The running statistics have no gradient.
  compose({ x, mean, variance, ...vectors }, { eps }: Pick<Attrs, "eps">) {
    return { y: normalized(sub(x, mean.detach()), variance.detach(), vectors, eps) };
  },
  forward(run, { x, gamma, beta, mean: runningMean, variance: runningVar }, outputs, { eps }) {
    const settings = { training: 0, eps, momentum: 0, kept: 1 };
    run("batchNormForward", { x, gamma, beta, runningMean, runningVar, ...outputs, ...settings, ...rowsOf(x.shape) });
  },
  backward: (context) => gradients(context, 0),
});
addSamples(evaluationOp, () => [
  { inputs: { x: [1, 5], mean: [5], variance: { shape: [5], from: 0.5, to: 2 }, gamma: [5], beta: [5] }, attrs: { eps: 1e-5 } },
  { inputs: { x: [3, 7, 18], mean: [18], variance: { shape: [18], from: 0.5, to: 2 } }, attrs: { eps: 1e-5 } },
]);

/**
 * Normalizes each channel over all other dimensions to mean 0 and variance 1, then scales and shifts it.
 *
 * y = (x - mean) / sqrt(variance + eps) * gamma + beta. In training mean and biased variance are the batch's, and `running` statistics, if
 * given, move toward its mean and unbiased variance: running = (1 - momentum) running + momentum batch. Batches that are not finite do not
 * update them, and they are restored if the optimizer rejects the step. In evaluation mean and variance are the running ones.
 *
 * @param x `[B, T, C]` or `[..., C]`, float32 or int32
 * @param gamma `[C]`; default ones
 * @param beta `[C]`, with a gamma only; default zeros
 * @param options see BatchNormOptions
 * @returns the shape of x, float32
 * @throws SeqgradError `shape`, in training also for a single row; `range` for a negative eps or a momentum outside [0, 1]; `value` for
 *   evaluation without running statistics
 * @see Ioffe and Szegedy 2015, "Batch Normalization"
 * @example
 * sg.batchNorm(sg.fromArray([[1, 5], [3, 9]]), undefined, undefined, { eps: 0 }); // = [[-1, -1], [1, 1]]
 */
export function batchNorm(x: Tensor, gamma?: Tensor, beta?: Tensor, options: BatchNormOptions = {}): Tensor {
  checkOptions("batchNorm", options, batchNormNames);
  const { training = true, running, momentum = 0.1, eps = 1e-5 } = options;
  checkBoolean("batchNorm", "training", training);
  const inputs = normalizationInputs("batchNorm", { x, gamma, beta }, eps);
  if (running !== undefined) {
    checkObject("batchNorm", "running", running, "{ mean, variance }, each a tensor");
    checkTensors("batchNorm", [x, running.mean, running.variance], ["x", "running.mean", "running.variance"]);
    if (running.batches !== undefined) checkTensor("batchNorm", running.batches, "running.batches");
  }
  checkInterval("batchNorm", "momentum", momentum, 0, 1);
  if (training) {
    for (const statistic of Object.values(running ?? {})) if (statistic) willChange(statistic);
    return trainingOp(inputs, { eps, momentum, running }).y;
  }
  if (!running) throw new SeqgradError("value", "batchNorm: evaluation needs running statistics; give running, or training: true.");
  return evaluationOp({ ...inputs, mean: running.mean, variance: running.variance }, { eps }).y;
}

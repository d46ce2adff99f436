import { noGrad } from "../autograd/tape.js";
import { willChange } from "../tensor/revocable.js";
import { copyWords } from "../tensor/storage.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInterval, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { sizeOf } from "../util/shape.js";
import { add, less, mul, sub } from "./binary.js";
import { type BackwardContext, checkTensors, defineOp } from "./define-op.js";
import { mean } from "./reduce.js";
import { abs, affine, reciprocal, sqrt, square, toFloat, toInt } from "./unary.js";
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
  /** The part of the way that running statistics move to those of a batch. Default 0.1. */
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
const sizesOf = (x: Tensor) => ({ rows: sizeOf(x.shape.slice(0, -1)), cols: x.shape.at(-1)! });

function checkVectors(
  x: Tensor,
  vectors: Readonly<Record<string, Tensor | undefined>>,
): readonly [Tensor["shape"], [number, number], [number]] {
  const cols = x.shape.at(-1)!;
  for (const [name, p] of Object.entries(vectors)) {
    if (p && (p.rank !== 1 || p.size !== cols)) {
      throw new SeqgradError(
        "shape",
        `batchNorm: ${name} has shape ${formatShape(p.shape)}; expected [${cols}], as x is ${formatShape(x.shape)}.`,
      );
    }
    if (p && (p.backend !== x.backend || p.dtype !== "float32")) {
      throw new SeqgradError(
        "device",
        `batchNorm: ${name} is ${p.dtype} on ${p.backend.type}; expected float32 on the device of x: await model.to(device) moves it.`,
      );
    }
  }
  return [x.shape, [2, cols], [cols]];
}

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
function normalized(centered: Tensor, v: Tensor, gamma: Tensor | undefined, beta: Tensor | undefined, eps: number): Tensor {
  const y = mul(centered, reciprocal(sqrt(affine(v, 1, eps))));
  return gamma ? (beta ? add(mul(y, gamma), beta) : mul(y, gamma)) : y;
}

/** `at`: which input gamma is. */
function backward(context: BackwardContext<unknown>, at: number, training: number): (Tensor | undefined)[] {
  const { run, inputs, outputs, dOutputs, needs, accumulator, gradientLike } = context;
  const [x, gamma] = [inputs[0]!, inputs[at]];
  const dx = gradientLike(0);
  run("batchNormBackward", {
    ...{ x, gamma, mean: outputs[1]!, rstd: outputs[2]!, dy: dOutputs[0]!, dx },
    dGamma: gamma && needs(at) ? accumulator(at) : undefined,
    dBeta: inputs[at + 1] && needs(at + 1) ? accumulator(at + 1) : undefined,
    ...{ training, ...sizesOf(x) },
  });
  return [dx];
}

const trainingOp = defineOp<Attrs>({
  name: "batchNorm",
  kernels,
  shape([x, gamma, beta], { running }) {
    const { rows } = sizesOf(x!);
    if (rows < 2) {
      throw new SeqgradError("shape", `batchNorm: x ${formatShape(x!.shape)} has one row per channel; training needs 2 or more.`);
    }
    if (running) checkWritable(running);
    return checkVectors(x!, { gamma, beta, "running.mean": running?.mean, "running.variance": running?.variance });
  },
  compose([x, gamma, beta], { eps, momentum, running }) {
    const { rows, cols } = sizesOf(x!);
    const m = mean(reshape(x!, [rows, cols]), { axis: 0 });
    const centered = sub(x!, m);
    const v = mean(reshape(square(centered), [rows, cols]), { axis: 0 });
    if (running) {
      const replace = (old: Tensor, value: Tensor) => copyWords(old.backend, value.address, old.address, old.size);
      const move = (old: Tensor, value: Tensor) => {
        const finite = less(abs(value), Number.POSITIVE_INFINITY);
        replace(old, where(finite, add(affine(old, 1 - momentum), affine(value, momentum)), old));
      };
      noGrad(() => {
        move(running.mean, m);
        move(running.variance, affine(v, rows / (rows - 1)));
        if (running.batches) replace(running.batches, toInt(affine(toFloat(running.batches), 1, 1)));
      });
    }
    return [normalized(centered, v, gamma, beta, eps)];
  },
  forward(run, [x, gamma, beta], [y, mean, rstd], { eps, momentum, running }) {
    const statistics = { runningMean: running?.mean, runningVar: running?.variance, batches: running?.batches };
    const outputs = { y: y!, mean: mean!, rstd: rstd!, ...statistics };
    run("batchNormForward", { x: x!, gamma, beta, ...outputs, training: 1, ...sizesOf(x!), eps, momentum, kept: 1 - momentum });
  },
  backward: (context) => backward(context, 1, 1),
  samples: [
    { inputs: [[2, 5], [5], [5]], attrs: { eps: 1e-3, momentum: 0.1 } },
    { inputs: [[3, 11, 33], [33], [33]], attrs: { eps: 1e-5, momentum: 0.1 } },
    { inputs: [[64, 256]], attrs: { eps: 1e-3, momentum: 0.1 } },
  ],
});

const evaluationOp = defineOp<{ readonly eps: number }>({
  name: "batchNormEvaluation",
  kernels,
  shape: ([x, mean, variance, gamma, beta]) => checkVectors(x!, { gamma, beta, "running.mean": mean, "running.variance": variance }),
  // The running statistics have no gradient.
  compose: ([x, mean, variance, gamma, beta], { eps }) => [normalized(sub(x!, mean!.detach()), variance!.detach(), gamma, beta, eps)],
  forward(run, [x, runningMean, runningVar, gamma, beta], [y, mean, rstd], { eps }) {
    const statistics = { mean: mean!, rstd: rstd!, runningMean, runningVar };
    run("batchNormForward", { x: x!, gamma, beta, y: y!, ...statistics, training: 0, ...sizesOf(x!), eps, momentum: 0, kept: 1 });
  },
  backward: (context) => backward(context, 3, 0),
  samples: [
    { inputs: [[1, 5], [5], { shape: [5], from: 0.5, to: 2 }, [5], [5]], attrs: { eps: 1e-5 } },
    { inputs: [[3, 7, 18], [18], { shape: [18], from: 0.5, to: 2 }], attrs: { eps: 1e-5 } },
  ],
});

/**
 * Batch normalization over all dimensions but the last (Ioffe and Szegedy 2015): (x - mean) / sqrt(variance + eps) * gamma + beta for
 * each channel. In training mean and biased variance are the batch's, and `running` statistics, if given, move toward its mean and
 * unbiased variance: running = (1 - momentum) running + momentum batch; what is not finite leaves them, and they go back when the optimizer refuses
 * the step in whose function this is called. In evaluation they are the running ones.
 *
 * @param x `[B, T, C]` or `[..., C]`
 * @param gamma `[C]`, or none
 * @param beta `[C]`, or none; needs gamma
 * @throws SeqgradError `shape`, in training also for a single row; `range`; `value` for evaluation without running statistics
 * @example
 * sg.batchNorm(sg.fromArray([[1, 5], [3, 9]]), undefined, undefined, { eps: 0 }); // = [[-1, -1], [1, 1]]
 */
export function batchNorm(x: Tensor, gamma?: Tensor, beta?: Tensor, options: BatchNormOptions = {}): Tensor {
  checkOptions("batchNorm", options, batchNormNames);
  const { training = true, running, momentum = 0.1, eps = 1e-5 } = options;
  const given = [x, gamma, beta].filter((t, i) => i === 0 || t !== undefined) as Tensor[];
  checkTensors("batchNorm", given, ["x", "gamma", "beta"]);
  checkBoolean("batchNorm", "training", training);
  if (running !== undefined) {
    checkObject("batchNorm", "running", running, "{ mean, variance }, each a tensor");
    checkTensors("batchNorm", [x, running.mean, running.variance], ["x", "running.mean", "running.variance"]);
    if (running.batches !== undefined) checkTensor("batchNorm", running.batches, "running.batches");
  }
  if (x.rank === 0) throw new SeqgradError("shape", "batchNorm: a scalar has no last dimension.");
  if (beta && !gamma) throw new SeqgradError("value", "batchNorm: beta needs gamma; give ones for it.");
  checkInterval("batchNorm", "eps", eps, 0);
  checkInterval("batchNorm", "momentum", momentum, 0, 1);
  const inputs = given.map((t) => toFloat(t));
  if (training) {
    for (const statistic of Object.values(running ?? {})) if (statistic) willChange(statistic);
    return trainingOp(inputs, { eps, momentum, running })[0]!;
  }
  if (!running) throw new SeqgradError("value", "batchNorm: evaluation needs running statistics; give running, or training: true.");
  return evaluationOp([inputs[0]!, running.mean, running.variance, ...inputs.slice(1)], { eps })[0]!;
}

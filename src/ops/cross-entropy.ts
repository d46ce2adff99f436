import { type Reduction, reductions } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sameShape } from "../util/shape.js";
import { add, div, notEqual } from "./binary.js";
import { defineOp } from "./define-op.js";
import { pick } from "./gather.js";
import { mean, sum } from "./reduce.js";
import { logSoftmax } from "./softmax.js";
import { affine, neg, toFloat, toInt } from "./unary.js";
import { where } from "./where.js";

export interface LossOptions {
  /** `mean` over the elements, `sum`, or `none`. Default `mean`. */
  reduction?: Reduction;
}

export interface CrossEntropyOptions extends LossOptions {
  /** Rows with this target count for nothing. Default -100. */
  ignoreIndex?: number;
  /** The share of the target's probability spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
}

interface Attrs {
  readonly reduction: Reduction;
  readonly ignoreIndex: number;
  readonly smoothing: number;
}

/** What every loss does last. */
export function reduceLoss(loss: Tensor, reduction: Reduction = "mean"): Tensor {
  if (!reductions.includes(reduction))
    throw new SeqgradError("value", `a loss got the reduction "${reduction}"; use ${reductions.join(", ")}.`);
  return reduction === "none" ? loss : reduction === "sum" ? sum(loss) : mean(loss);
}

/** The negative of the target's entry of each row, 0 where ignored; and 1 where not ignored. */
function picked(logProbabilities: Tensor, targets: Tensor, ignoreIndex: number): { loss: Tensor; valid: Tensor } {
  const valid = notEqual(targets, ignoreIndex);
  const index = toInt(where(valid, toFloat(targets), 0));
  return { loss: where(valid, neg(pick(logProbabilities, index)), 0), valid };
}

function reduceValid(loss: Tensor, valid: Tensor, reduction: Reduction): Tensor {
  return reduction === "mean" ? div(sum(loss), sum(valid)) : reduceLoss(loss, reduction);
}

const crossEntropyOp = defineOp<Attrs>({
  name: "crossEntropy",
  kernels: ["crossEntropyForward", "crossEntropyBackward"],
  shape([logits, targets], { reduction }) {
    checkTargets("crossEntropy", logits!, targets!);
    return [reduction === "none" ? targets!.shape : [], targets!.shape];
  },
  compose([logits, targets], { reduction, ignoreIndex, smoothing }) {
    const logP = logSoftmax(logits!);
    const { loss, valid } = picked(logP, targets!, ignoreIndex);
    const uniform = where(valid, neg(mean(logP, { axis: -1 })), 0);
    return [reduceValid(add(affine(loss, 1 - smoothing), affine(uniform, smoothing)), valid, reduction)];
  },
  forward(run, [logits, targets], [loss, logSumExp], { reduction, ignoreIndex, smoothing }) {
    const cols = logits!.shape.at(-1)!;
    const dims = { rows: targets!.size, cols, ignoreIndex, reduction: reductions.indexOf(reduction), smoothing };
    run("crossEntropyForward", { logits: logits!, targets: targets!, loss: loss!, logSumExp: logSumExp!, ...dims });
  },
  backward({ run, inputs: [logits, targets], outputs: [, logSumExp], dOutputs: [dLoss], attrs, gradientLike }) {
    const dLogits = gradientLike(0)!;
    const { ignoreIndex, smoothing } = attrs;
    const dims = {
      rows: targets!.size,
      cols: logits!.shape.at(-1)!,
      ignoreIndex,
      reduction: reductions.indexOf(attrs.reduction),
      smoothing,
    };
    run("crossEntropyBackward", { logits: logits!, targets: targets!, logSumExp: logSumExp!, dLoss: dLoss!, dLogits, ...dims });
    return [dLogits];
  },
  samples: [
    { inputs: [[4, 3], { shape: [4], below: 3 }], attrs: { reduction: "mean", ignoreIndex: -100, smoothing: 0 } },
    { inputs: [[2, 5, 9], { shape: [2, 5], below: 9 }], attrs: { reduction: "sum", ignoreIndex: 2, smoothing: 0.1 } },
    { inputs: [[33, 65], { shape: [33], below: 65 }], attrs: { reduction: "none", ignoreIndex: 0, smoothing: 0.3 } },
  ],
});

function checkTargets(op: string, scores: Tensor, targets: Tensor): void {
  if (scores.rank === 0 || !sameShape(scores.shape.slice(0, -1), targets.shape)) {
    throw new SeqgradError(
      "shape",
      `${op}: scores ${formatShape(scores.shape)} with targets ${formatShape(targets.shape)}: classes come last, and the targets' shape is the rest.`,
    );
  }
  if (targets.dtype !== "int32") throw new SeqgradError("dtype", `${op}: the targets are ${targets.dtype}; wants int32 class indices.`);
}

/**
 * The cross-entropy of softmax(logits) with the target classes, in nats: -log p(target), fused and stable.
 *
 * @param logits `[..., C]`
 * @param targets int32 `[...]`, values in 0..C-1 or `ignoreIndex`
 * @returns a scalar, or `[...]` with reduction `none`; the mean is over rows not ignored (NaN when there are none)
 * @throws SeqgradError `range` for a target outside the classes, `shape`, `dtype`
 * @example
 * const targets = sg.fromArray([[1, 0, -100]], { dtype: "int32" }); // the last step is padding
 * const loss = sg.crossEntropy(sg.randn([1, 3, 5]), targets, { labelSmoothing: 0.1 });
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const { reduction = "mean", ignoreIndex = -100, labelSmoothing = 0 } = options;
  checkInterval("crossEntropy", "labelSmoothing", labelSmoothing, 0, 1);
  if (!reductions.includes(reduction))
    throw new SeqgradError("value", `crossEntropy: there is no reduction "${reduction}"; use ${reductions.join(", ")}.`);
  return crossEntropyOp([toFloat(logits), targets], { reduction, ignoreIndex, smoothing: labelSmoothing })[0]!;
}

/**
 * The negative log-likelihood: -logProbabilities[target], with log-probabilities as logSoftmax gives them.
 *
 * @param logProbabilities `[..., C]`
 * @param targets int32 `[...]`
 * @throws SeqgradError as crossEntropy
 * @example
 * const loss = sg.nllLoss(sg.logSoftmax(sg.randn([2, 5])), sg.tensor(Int32Array.of(1, 4)));
 */
export function nllLoss(logProbabilities: Tensor, targets: Tensor, options: LossOptions & { ignoreIndex?: number } = {}): Tensor {
  checkTargets("nllLoss", logProbabilities, targets);
  const { loss, valid } = picked(logProbabilities, targets, options.ignoreIndex ?? -100);
  return reduceValid(loss, valid, options.reduction ?? "mean");
}

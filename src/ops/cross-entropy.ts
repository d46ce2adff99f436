import { type Reduction, reductions } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { rowsOf, type Shape, sameShape } from "../util/shape.js";
import { add, div, mul, notEqual } from "./binary.js";
import { addSamples, checkTensors, defineOp } from "./define-op.js";
import { indexSelect, pick } from "./gather.js";
import { mean, sum } from "./reduce.js";
import { logSoftmax } from "./softmax.js";
import { affine, neg, toFloat } from "./unary.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

export interface LossOptions {
  /** `mean` over the elements, `sum`, or `none`. Default `mean`. */
  reduction?: Reduction;
}

export interface NllLossOptions extends LossOptions {
  /** Rows with this target are left out. Default -100. */
  ignoreIndex?: number;
  /** `[C]`: the weight of a row of each class; the mean divides by the sum of the weights. Default 1 each. */
  weight?: Tensor | undefined;
}

export interface CrossEntropyOptions extends NllLossOptions {
  /** The share of the target's probability spread evenly over all classes (Szegedy et al. 2016). Default 0. */
  labelSmoothing?: number;
}

const crossEntropyNames = namesOf<CrossEntropyOptions>({ reduction: 1, ignoreIndex: 1, labelSmoothing: 1, weight: 1 });

interface Attrs {
  readonly reduction: Reduction;
  readonly ignoreIndex: number;
  readonly smoothing: number;
}

/** The reduction that options ask for; throws unless all of them are known. */
export function reductionOf(op: string, options: LossOptions, known: readonly string[] = lossNames): Reduction {
  checkOptions(op, options, known);
  return checkChoice(op, "reduction", options.reduction ?? "mean", reductions);
}

const lossNames = namesOf<LossOptions>({ reduction: 1 });

/** The last step of every loss. */
export function reduceLoss(loss: Tensor, reduction: Reduction): Tensor {
  if (reduction === "none") return loss;
  // A batch without a number has a loss of 0: the mean of nothing is NaN and would end a run.
  return reduction === "sum" || loss.size === 0 ? sum(loss) : mean(loss);
}

/** The negative of the target's entry of each row, and what it counts: 1, or its class's weight; both 0 where ignored. */
export function picked(logProbabilities: Tensor, targets: Tensor, ignoreIndex: number, weight?: Tensor): { loss: Tensor; counts: Tensor } {
  const valid = notEqual(targets, ignoreIndex);
  const index = where(valid, targets, 0);
  const loss = neg(pick(logProbabilities, index));
  if (!weight) return { loss: where(valid, loss, 0), counts: valid };
  const counts = where(valid, reshape(indexSelect(weight, reshape(index, [index.size])), index.shape), 0);
  return { loss: weighted(counts, loss), counts };
}

/** weight x, but 0 where the weight is 0, even where x is infinite. */
export const weighted = (weight: Tensor, x: Tensor): Tensor => where(weight, mul(weight, x), 0);

/** The sum over what the rows count, 0 where there is nothing to count; or what `reduction` says. */
export function reduceCounted(loss: Tensor, counts: Tensor, reduction: Reduction): Tensor {
  if (reduction !== "mean") return reduceLoss(loss, reduction);
  const total = sum(counts);
  return div(sum(loss), where(total, total, 1));
}

/** The cross-entropy in primitives, with weights of the classes, as PyTorch's. */
function composed(logits: Tensor, targets: Tensor, { reduction, ignoreIndex, smoothing }: Attrs, weight?: Tensor): Tensor {
  const logP = logSoftmax(logits);
  const { loss, counts } = picked(logP, targets, ignoreIndex, weight);
  // An infinite loss times 0 would be no number.
  if (smoothing === 0) return reduceCounted(loss, counts, reduction);
  const uniform = mean(weight ? weighted(weight, logP) : logP, { axis: -1 });
  const spread = affine(where(notEqual(targets, ignoreIndex), neg(uniform), 0), smoothing);
  return reduceCounted(smoothing === 1 ? spread : add(affine(loss, 1 - smoothing), spread), counts, reduction);
}

/** The cross-entropy with a distribution over the classes for each row, -sum w t log p; the mean is over the rows, as PyTorch's. */
function ofProbabilities(logits: Tensor, targets: Tensor, { reduction, smoothing }: Attrs, weight?: Tensor): Tensor {
  const { cols: classes } = rowsOf(logits.shape);
  const t = smoothing > 0 ? affine(targets, 1 - smoothing, smoothing / classes) : targets;
  const terms = weighted(t, neg(logSoftmax(logits)));
  const rows = sum(weight ? weighted(weight, terms) : terms, { axis: -1 });
  return reduction === "mean" ? affine(sum(rows), 1 / Math.max(1, rows.size)) : reduceLoss(rows, reduction);
}

/** The dims and scalars of the kernels. */
function settings(logits: Tensor, { reduction, ignoreIndex, smoothing }: Attrs) {
  const { rows, cols } = rowsOf(logits.shape);
  return { ignoreIndex, reduction: reductions.indexOf(reduction), smoothing, confidence: 1 - smoothing, rows, cols, begin: 0, end: rows };
}

const crossEntropyOp = defineOp({
  name: "crossEntropy",
  inputs: ["logits", "targets"],
  saves: ["largest", "total"],
  kernels: ["crossEntropyForward", "crossEntropyBackward"],
  shape({ logits, targets }, { reduction }: Attrs) {
    checkTargets("crossEntropy", logits, targets);
    return { loss: reduction === "none" ? targets.shape : [], largest: targets.shape, total: targets.shape };
  },
  compose: ({ logits, targets }, attrs) => ({ loss: composed(logits, targets, attrs) }),
  forward: (run, { logits, targets }, outputs, attrs) =>
    run("crossEntropyForward", { logits, targets, ...outputs, ...settings(logits, attrs) }),
  backward({ run, inputs: { logits, targets }, outputs: { largest, total }, dOutputs: { loss: dLoss }, attrs, gradientLike }) {
    const dLogits = gradientLike("logits");
    if (dLogits) run("crossEntropyBackward", { logits, targets, largest, total, dLoss, dLogits, ...settings(logits, attrs) });
    return { logits: dLogits };
  },
});
const sample = (logits: Shape, attrs: Attrs) => ({
  inputs: { logits, targets: { shape: logits.slice(0, -1), below: logits.at(-1) ?? 0 } },
  attrs,
});
addSamples(crossEntropyOp, () => [
  sample([4, 3], { reduction: "mean", ignoreIndex: -100, smoothing: 0 }),
  sample([2, 5, 9], { reduction: "sum", ignoreIndex: 2, smoothing: 0.1 }),
  sample([33, 65], { reduction: "none", ignoreIndex: 0, smoothing: 0.3 }),
]);

export function checkTargets(op: string, scores: Tensor, targets: Tensor): void {
  checkTensors(op, [scores, targets], ["the scores", "the targets"]);
  if (scores.rank === 0 || !sameShape(scores.shape.slice(0, -1), targets.shape)) {
    throw new SeqgradError(
      "shape",
      `${op}: scores ${formatShape(scores.shape)} with targets ${formatShape(targets.shape)}: classes come last, and the targets' shape is the rest.`,
    );
  }
  if (targets.dtype !== "int32") throw new SeqgradError("dtype", `${op}: the targets are ${targets.dtype}; expected int32 class indices.`);
}

/** The classes' weights as float32. @throws SeqgradError unless they are a tensor with a number for each class of the scores */
export function weightsOf(op: string, scores: Tensor, weight: Tensor): Tensor {
  checkTensors(op, [scores, weight], ["scores", "weight"]);
  const { cols: classes } = rowsOf(scores.shape);
  if (weight.rank !== 1 || weight.size !== classes)
    throw new SeqgradError(
      "shape",
      `${op}: weight has shape ${formatShape(weight.shape)}; expected [${classes}], a number for each class.`,
    );
  return toFloat(weight);
}

/**
 * Returns the cross-entropy of softmax(logits) with the target classes, fused and stable.
 *
 * loss = -ln p(target). With weights w of the classes it is -w[target] ln p(target), as PyTorch's; a smoothed part weighs every class by
 * its own weight. The mean is over the rows that are not ignored, or divides by the sum of w[target] over them. The mean over no row at all
 * is 0, and so are its gradients: an optimizer's step then changes parameters by momentum and weight decay alone.
 *
 * @param logits `[..., C]`, float32
 * @param targets int32 `[...]`, each in 0..C-1 or `ignoreIndex`; or float32 `[..., C]`, probabilities of the classes; the mean is then over
 *   all rows
 * @param options `reduction`, `ignoreIndex`, `weight` and `labelSmoothing`: see CrossEntropyOptions
 * @returns a scalar in nats, or `[...]` with reduction `none`
 * @throws SeqgradError `range` for a target outside the classes, `shape`, `dtype`, `value` for `ignoreIndex` with probabilities
 * @see PyTorch's cross_entropy; Szegedy et al. 2016 for label smoothing
 * @example
 * const targets = sg.fromArray([[1, 0, -100]], { dtype: "int32" }); // the last step is padding
 * const loss = sg.crossEntropy(sg.randn([1, 3, 5]), targets, { labelSmoothing: 0.1 });
 * const rare = sg.crossEntropy(sg.randn([4, 2]), sg.tensor(Int32Array.of(0, 0, 0, 1)), { weight: sg.tensor([1, 3]) });
 */
export function crossEntropy(logits: Tensor, targets: Tensor, options: CrossEntropyOptions = {}): Tensor {
  const reduction = reductionOf("crossEntropy", options, crossEntropyNames);
  const { ignoreIndex = -100, labelSmoothing = 0, weight } = options;
  checkInteger("crossEntropy", "ignoreIndex", ignoreIndex, -(2 ** 31), 2 ** 31 - 1);
  checkInterval("crossEntropy", "labelSmoothing", labelSmoothing, 0, 1);
  const attrs = { reduction, ignoreIndex, smoothing: labelSmoothing };
  checkTensors("crossEntropy", [logits, targets], ["logits", "targets"]);
  if (targets.dtype === "float32" && logits.rank > 0 && sameShape(logits.shape, targets.shape)) {
    if (options.ignoreIndex !== undefined)
      throw new SeqgradError("value", "crossEntropy: ignoreIndex is for class indices, not for probabilities; give rows of 0 no weight.");
    const weights = weight === undefined ? undefined : weightsOf("crossEntropy", logits, weight);
    return ofProbabilities(toFloat(logits), targets, attrs, weights);
  }
  if (weight === undefined) return crossEntropyOp({ logits: toFloat(logits), targets }, attrs).loss;
  checkTargets("crossEntropy", logits, targets);
  return composed(toFloat(logits), targets, attrs, weightsOf("crossEntropy", logits, weight));
}

/**
 * Returns the negative log-likelihood of the target classes.
 *
 * loss = -logProbabilities[target]
 *
 * @param logProbabilities `[..., C]`, float32, as logSoftmax() returns them
 * @param targets int32 `[...]`, each in 0..C-1 or `ignoreIndex`
 * @param options `reduction`, `ignoreIndex` and `weight`: see NllLossOptions
 * @returns a scalar in nats, or `[...]` with reduction `none`
 * @throws SeqgradError `range` for a target outside the classes, `shape`, `dtype`
 * @example
 * const loss = sg.nllLoss(sg.logSoftmax(sg.randn([2, 5])), sg.tensor(Int32Array.of(1, 4)));
 */
export function nllLoss(logProbabilities: Tensor, targets: Tensor, options: NllLossOptions = {}): Tensor {
  const reduction = reductionOf("nllLoss", options, ["reduction", "ignoreIndex", "weight"]);
  const ignoreIndex = checkInteger("nllLoss", "ignoreIndex", options.ignoreIndex ?? -100, -(2 ** 31), 2 ** 31 - 1);
  checkTargets("nllLoss", logProbabilities, targets);
  const { weight } = options;
  const weights = weight === undefined ? undefined : weightsOf("nllLoss", logProbabilities, weight);
  const { loss, counts } = picked(logProbabilities, targets, ignoreIndex, weights);
  return reduceCounted(loss, counts, reduction);
}

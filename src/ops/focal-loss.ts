import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, checkInterval } from "../util/check.js";
import { add, mul, pow } from "./binary.js";
import {
  checkTargets,
  type LossOptions,
  type NllLossOptions,
  picked,
  reduceCounted,
  reduceLoss,
  reductionOf,
  weightsOf,
} from "./cross-entropy.js";
import { binaryCrossEntropyWithLogits, checkPair } from "./losses.js";
import { logSoftmax } from "./softmax.js";
import { expm1 } from "./special.js";
import { affine, neg, sigmoid, toFloat } from "./unary.js";

export interface FocalLossOptions extends NllLossOptions {
  /** The exponent that lowers the weight of well predicted rows; 0 is the cross-entropy. Default 2. */
  gamma?: number;
}

/**
 * Returns the focal loss of softmax(logits), in which well predicted rows count little.
 *
 * loss = -(1 - p)^gamma ln p, with p the probability of the target class. `weight`, the paper's alpha, weighs the classes. The mean divides
 * by the sum of the weights of the rows that are not ignored, as in crossEntropy().
 *
 * @param logits `[..., C]`, float32
 * @param targets int32 `[...]`, values in 0..C-1 or `ignoreIndex`
 * @param options `gamma`, `reduction`, `ignoreIndex` and `weight`: see FocalLossOptions
 * @returns a scalar in nats, or `[...]` with reduction `none`
 * @throws SeqgradError `range` for a target outside the classes or a gamma below 0, `shape`, `dtype`
 * @see Lin, Goyal, Girshick, He and Dollár 2017, "Focal Loss for Dense Object Detection"
 * @example
 * sg.focalLoss(sg.fromArray([[0, 0]]), sg.tensor(Int32Array.of(1))); // = 0.25 * Math.LN2
 */
export function focalLoss(logits: Tensor, targets: Tensor, options: FocalLossOptions = {}): Tensor {
  const reduction = reductionOf("focalLoss", options, ["reduction", "ignoreIndex", "weight", "gamma"]);
  const gamma = checkInterval("focalLoss", "gamma", options.gamma ?? 2, 0, Number.MAX_VALUE);
  const ignoreIndex = checkInteger("focalLoss", "ignoreIndex", options.ignoreIndex ?? -100, -(2 ** 31), 2 ** 31 - 1);
  checkTargets("focalLoss", logits, targets);
  const weight = options.weight === undefined ? undefined : weightsOf("focalLoss", logits, options.weight);
  const logP = logSoftmax(logits);
  const { loss, counts } = picked(logP, targets, ignoreIndex, weight);
  const plain = weight ? picked(logP, targets, ignoreIndex).loss : loss;
  return reduceCounted(mul(loss, pow(neg(expm1(neg(plain))), gamma)), counts, reduction);
}

export interface BinaryFocalLossOptions extends LossOptions {
  /** The exponent that lowers the weight of well predicted elements. Default 2. */
  gamma?: number;
  /** The weight of the positive class, in [0, 1]; the negative one has the rest. Default: both have 1. */
  alpha?: number;
}

/**
 * Returns the focal loss of sigmoid(x), in which well predicted elements count little.
 *
 * loss = (1 - p)^gamma times the binary cross-entropy, p the probability of the target. With `alpha` 0.25 it is torchvision's
 * sigmoid_focal_loss.
 *
 * @param x of any shape, float32: the logits
 * @param target the shape of x, in [0, 1]
 * @param options `gamma`, `alpha` and `reduction`: see BinaryFocalLossOptions
 * @returns a scalar in nats, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same, `range` for a gamma below 0 or an alpha outside [0, 1]
 * @see Lin, Goyal, Girshick, He and Dollár 2017, "Focal Loss for Dense Object Detection"
 * @example
 * sg.binaryFocalLossWithLogits(sg.tensor([0, 0]), sg.tensor([1, 0])); // = 0.25 * Math.LN2
 */
export function binaryFocalLossWithLogits(x: Tensor, target: Tensor, options: BinaryFocalLossOptions = {}): Tensor {
  const op = "binaryFocalLossWithLogits";
  const reduction = reductionOf(op, options, ["reduction", "gamma", "alpha"]);
  const gamma = checkInterval(op, "gamma", options.gamma ?? 2, 0, Number.MAX_VALUE);
  if (options.alpha !== undefined) checkInterval(op, "alpha", options.alpha, 0, 1);
  checkPair(op, x, target);
  const t = toFloat(target);
  const logits = toFloat(x);
  /** t a + (1 - t) b. */
  const between = (a: Tensor | number, b: Tensor | number) => add(mul(t, a), mul(affine(t, -1, 1), b));
  const wrong = between(sigmoid(neg(logits)), sigmoid(logits));
  const loss = mul(binaryCrossEntropyWithLogits(logits, t, { reduction: "none" }), pow(wrong, gamma));
  return reduceLoss(options.alpha === undefined ? loss : mul(loss, between(options.alpha, 1 - options.alpha)), reduction);
}

import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sameShape } from "../util/shape.js";
import { add, mul, sub } from "./binary.js";
import { type LossOptions, reduceLoss, reductionOf, weighted } from "./cross-entropy.js";
import { checkTensors } from "./define-op.js";
import { refuseInt32 } from "./integer.js";
import { abs, affine, clamp, neg, softplus, square, toFloat } from "./unary.js";

/** Losses do not broadcast: a forgotten dimension there is a bug that no error would show. */
export function checkPair(op: string, x: Tensor, target: Tensor): void {
  checkTensors(op, [x, target], ["the prediction", "the target"]);
  if (!sameShape(x.shape, target.shape)) {
    throw new SeqgradError(
      "shape",
      `${op}: the prediction has shape ${formatShape(x.shape)}, the target ${formatShape(target.shape)}; they must be equal. Reshape one.`,
    );
  }
}

/**
 * Returns the squared error (x - target)^2.
 *
 * @param x of any shape, float32 or int32: the prediction
 * @param target the shape of x
 * @param options `reduction`: see LossOptions
 * @returns the mean, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same
 * @example
 * sg.mseLoss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 2.5
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = reductionOf("mseLoss", options);
  checkPair("mseLoss", x, target);
  return reduceLoss(square(sub(toFloat(x), target)), reduction);
}

/**
 * Returns the absolute error |x - target|.
 *
 * @param x of any shape, float32 or int32: the prediction
 * @param target the shape of x
 * @param options `reduction`: see LossOptions
 * @returns the mean, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same
 * @example
 * sg.l1Loss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 1.5
 */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  const reduction = reductionOf("l1Loss", options);
  checkPair("l1Loss", x, target);
  return reduceLoss(abs(sub(toFloat(x), target)), reduction);
}

/**
 * Returns Huber's loss, squared near 0 and linear beyond.
 *
 * loss = d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), with d = x - target
 *
 * @param x of any shape, float32 or int32: the prediction
 * @param target the shape of x
 * @param options `delta`: where the linear part begins, default 1. `reduction`: see LossOptions
 * @returns the mean, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same, `range` unless delta > 0
 * @see Huber 1964, "Robust Estimation of a Location Parameter"
 * @example
 * sg.huberLoss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 1
 */
export function huberLoss(x: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  const reduction = reductionOf("huberLoss", options, ["reduction", "delta"]);
  const { delta = 1 } = options;
  checkPair("huberLoss", x, target);
  checkInterval("huberLoss", "delta", delta, Number.MIN_VALUE);
  const distance = abs(sub(toFloat(x), target));
  // m (|d| - m / 2) is both branches: a square beyond delta would be infinite there, and its gradient no number.
  const m = clamp(distance, 0, delta);
  return reduceLoss(mul(m, sub(distance, affine(m, 0.5))), reduction);
}

/**
 * Returns Huber's loss divided by beta, squared near 0 and linear beyond.
 *
 * loss = d^2 / (2 beta) for |d| < beta, else |d| - beta / 2, with d = x - target; with beta 0 the absolute error
 *
 * @param x of any shape, float32 or int32: the prediction
 * @param target the shape of x
 * @param options `beta`: where the linear part begins, default 1. `reduction`: see LossOptions
 * @returns the mean, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same, `range` for a beta below 0
 * @see Girshick 2015, "Fast R-CNN"
 * @example
 * sg.smoothL1Loss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 1
 */
export function smoothL1Loss(x: Tensor, target: Tensor, options: LossOptions & { beta?: number } = {}): Tensor {
  const reduction = reductionOf("smoothL1Loss", options, ["reduction", "beta"]);
  const beta = checkInterval("smoothL1Loss", "beta", options.beta ?? 1, 0, Number.MAX_VALUE);
  checkPair("smoothL1Loss", x, target);
  if (beta === 0) return l1Loss(x, target, { reduction });
  return affine(huberLoss(x, target, { reduction, delta: beta }), 1 / beta);
}

/**
 * Returns the binary cross-entropy of sigmoid(x), computed without ever forming the sigmoid.
 *
 * loss = -(w t ln s(x) + (1 - t) ln(1 - s(x))). A target of 0 or 1 is right of infinite x too.
 *
 * @param x of any shape, float32: the logits
 * @param target t, the shape of x, in [0, 1]
 * @param options `posWeight`: w, the weight of the positive class, which broadcasts; default 1. `reduction`: see LossOptions
 * @returns the mean in nats, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same, `dtype` for int32 logits
 * @example
 * sg.binaryCrossEntropyWithLogits(sg.tensor([0, 2]), sg.tensor([1, 1])); // = 0.41
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: LossOptions & { posWeight?: Tensor } = {}): Tensor {
  const reduction = reductionOf("binaryCrossEntropyWithLogits", options, ["reduction", "posWeight"]);
  checkPair("binaryCrossEntropyWithLogits", x, target);
  refuseInt32("binaryCrossEntropyWithLogits", x);
  const { posWeight } = options;
  if (posWeight !== undefined) checkTensors("binaryCrossEntropyWithLogits", [x, posWeight], ["the prediction", "posWeight"]);
  // -log s(x) = softplus(-x) and -log(1 - s(x)) = softplus(x)
  const positive = weighted(posWeight ? mul(posWeight, target) : target, softplus(neg(x)));
  return reduceLoss(add(positive, weighted(affine(target, -1, 1), softplus(x))), reduction);
}

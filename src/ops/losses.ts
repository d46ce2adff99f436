import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sameShape } from "../util/shape.js";
import { add, lessEqual, mul, sub } from "./binary.js";
import { type LossOptions, reduceLoss } from "./cross-entropy.js";
import { abs, affine, neg, softplus, square } from "./unary.js";
import { where } from "./where.js";

/** Losses do not broadcast: a forgotten dimension there is a bug that no error would show. */
function checkPair(op: string, x: Tensor, target: Tensor): void {
  if (!sameShape(x.shape, target.shape)) {
    throw new SeqgradError(
      "shape",
      `${op}: the prediction has shape ${formatShape(x.shape)}, the target ${formatShape(target.shape)}; they must be equal. Reshape one.`,
    );
  }
}

/**
 * The squared error (x - target)^2, averaged unless `reduction` says otherwise.
 * @throws SeqgradError `shape` unless x and target have the same
 * @example
 * sg.mseLoss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 2.5
 */
export function mseLoss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkPair("mseLoss", x, target);
  return reduceLoss(square(sub(x, target)), options.reduction);
}

/**
 * The absolute error |x - target|, averaged unless `reduction` says otherwise.
 * @throws SeqgradError `shape` unless x and target have the same
 * @example
 * sg.l1Loss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 1.5
 */
export function l1Loss(x: Tensor, target: Tensor, options: LossOptions = {}): Tensor {
  checkPair("l1Loss", x, target);
  return reduceLoss(abs(sub(x, target)), options.reduction);
}

/**
 * Huber's loss (1964): d^2 / 2 for |d| <= delta, else delta (|d| - delta / 2), with d = x - target.
 * @throws SeqgradError `shape` unless x and target have the same, `range` unless delta > 0
 * @example
 * sg.huberLoss(sg.tensor([1, 2]), sg.tensor([2, 4])); // = 1
 */
export function huberLoss(x: Tensor, target: Tensor, options: LossOptions & { delta?: number } = {}): Tensor {
  const { delta = 1, reduction } = options;
  checkPair("huberLoss", x, target);
  checkInterval("huberLoss", "delta", delta, Number.MIN_VALUE);
  const difference = sub(x, target);
  const distance = abs(difference);
  const loss = where(lessEqual(distance, delta), affine(square(difference), 0.5), affine(distance, delta, -0.5 * delta * delta));
  return reduceLoss(loss, reduction);
}

/**
 * Binary cross-entropy of sigmoid(x) with targets in [0, 1]: -(w t log s(x) + (1 - t) log(1 - s(x))), computed without ever forming
 * the sigmoid.
 * `posWeight` w, broadcast, weighs the positive class.
 * @throws SeqgradError `shape` unless x and target have the same
 * @example
 * sg.binaryCrossEntropyWithLogits(sg.tensor([0, 2]), sg.tensor([1, 1])); // = 0.41
 */
export function binaryCrossEntropyWithLogits(x: Tensor, target: Tensor, options: LossOptions & { posWeight?: Tensor } = {}): Tensor {
  checkPair("binaryCrossEntropyWithLogits", x, target);
  const { posWeight, reduction } = options;
  // (1 - t) x + (1 + (w - 1) t) log(1 + e^-x), and log(1 + e^-x) = softplus(-x)
  const negative = posWeight ? mul(add(mul(affine(posWeight, 1, -1), target), 1), softplus(neg(x))) : softplus(neg(x));
  return reduceLoss(add(mul(affine(target, -1, 1), x), negative), reduction);
}

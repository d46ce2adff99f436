import { noGrad } from "../autograd/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFinite } from "../util/check.js";
import { equal, sub } from "./binary.js";
import { arrange, checkReduction, mean, type ReduceOptions, reduceNames, sum } from "./reduce.js";
import { affine, sqrt, square, toFloat } from "./unary.js";
import { where } from "./where.js";

export interface VarianceOptions extends ReduceOptions {
  /** Taken from the number of elements in the divisor. Default 1. */
  correction?: number;
}

const varianceNames = [...reduceNames, "correction"];

/**
 * The variance, sum (x - mean)^2 / (n - correction), over all elements or over `axis`; NaN of none. `correction` 1, the default, is
 * Bessel's.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.variance(sg.tensor([1, 2, 3, 4]), { correction: 0 }); // = 1.25
 */
export const variance = (x: Tensor, options: VarianceOptions = {}): Tensor => varianceOf("variance", x, options);

function varianceOf(op: string, x: Tensor, options: VarianceOptions): Tensor {
  checkReduction(op, x, options, varianceNames);
  const { correction = 1, ...reduce } = options;
  checkFinite(op, "correction", correction);
  const { span } = arrange(op, x, reduce);
  const centered = (y: Tensor) => sub(y, mean(y, { ...reduce, keepDims: true }));
  // A mean far from 0 is rounded by more than counts beside the deviations, which are nearly exact, and so is their own mean. No shift of x
  // changes the variance or its gradient.
  const shift = noGrad(() => mean(x, { ...reduce, keepDims: true }));
  return affine(sum(square(centered(sub(x, shift))), reduce), 1 / Math.max(0, span.n - correction));
}

/** sqrt(x), whose gradient at 0 is 0. */
function rootOf(x: Tensor): Tensor {
  const isZero = equal(x, 0);
  return where(isZero, 0, sqrt(where(isZero, 1, x)));
}

/**
 * The standard deviation, sqrt(sum (x - mean)^2 / (n - correction)), over all elements or over `axis`. `correction` 1, the default, is
 * Bessel's. The gradient where all elements are equal is 0.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.std(sg.tensor([1, 2, 3, 4]), { correction: 0 }); // = Math.sqrt(1.25)
 */
export const std = (x: Tensor, options: VarianceOptions = {}): Tensor => rootOf(varianceOf("std", x, options));

/**
 * The Euclidean norm, sqrt(sum x^2), over all elements or over `axis`; the gradient at 0 is 0.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.norm(sg.tensor([3, 4])); // = 5
 */
export function norm(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("norm", x, options, reduceNames, "this is the Euclidean norm; dimensions are written norm(…, { axis: 1 }).");
  arrange("norm", x, options);
  return rootOf(sum(square(toFloat(x)), options));
}

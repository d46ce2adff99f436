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
 * Returns the variance of all elements or along `axis`; NaN of none.
 *
 * y = sum (x - mean)^2 / (n - correction)
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions. `correction`: default 1 (Bessel's)
 * @returns the shape of x without the reduced dimensions, float32
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
  // A mean far from 0 is rounded by more than the deviations can bear; they are nearly exact, and so is their own mean. No shift of x
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
 * Returns the standard deviation of all elements or along `axis`; its gradient is 0 where all elements are equal.
 *
 * y = sqrt(sum (x - mean)^2 / (n - correction))
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions. `correction`: default 1 (Bessel's)
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.std(sg.tensor([1, 2, 3, 4]), { correction: 0 }); // = Math.sqrt(1.25)
 */
export const std = (x: Tensor, options: VarianceOptions = {}): Tensor => rootOf(varianceOf("std", x, options));

/**
 * Returns the Euclidean norm, sqrt(sum x^2), of all elements or along `axis`; the gradient at 0 is 0.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.norm(sg.tensor([3, 4])); // = 5
 */
export function norm(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("norm", x, options, reduceNames, "this is the Euclidean norm; dimensions are written norm(…, { axis: 1 }).");
  arrange("norm", x, options);
  return rootOf(sum(square(toFloat(x)), options));
}

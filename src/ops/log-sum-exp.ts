import { noGrad } from "../autograd/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, less, sub } from "./binary.js";
import { max } from "./extremum.js";
import { arrange, checkReduction, type ReduceOptions, sum } from "./reduce.js";
import { abs, affine, exp, log, toFloat } from "./unary.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

/**
 * Returns ln sum e^x, of all elements or along `axis`, without overflow.
 *
 * It is -Infinity of no element and of nothing but -Infinity, and Infinity where there is one.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @see PyTorch's logsumexp
 * @example
 * sg.logSumExp(sg.tensor([1000, 1000])); // = 1000 + Math.LN2
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("logSumExp", x, options);
  const numbers = toFloat(x);
  if (arrange("logSumExp", numbers, options).span.n === 0) return affine(sum(numbers, options), 1, Number.NEGATIVE_INFINITY);
  const largest = noGrad(() => {
    const m = max(numbers, { ...options, keepDims: true });
    return where(less(abs(m), Number.POSITIVE_INFINITY), m, 0);
  });
  const total = sum(exp(sub(numbers, largest)), options);
  // The logarithm of 0 has no gradient, nor has anything here then.
  return add(where(total, log(where(total, total, 1)), Number.NEGATIVE_INFINITY), reshape(largest, total.shape));
}

import { noGrad } from "../autograd/tape.js";
import type { Tensor } from "../tensor/tensor.js";
import { add, greater, sub } from "./binary.js";
import { max } from "./extremum.js";
import { type ReduceOptions, sum } from "./reduce.js";
import { exp, log } from "./unary.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

/**
 * ln sum e^x, of all elements or along `axis`, relative to the largest, so that nothing overflows; -Infinity of nothing but -Infinity.
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.logSumExp(sg.tensor([1000, 1000])); // = 1000 + Math.LN2
 */
export function logSumExp(x: Tensor, options: ReduceOptions = {}): Tensor {
  const largest = noGrad(() => {
    const m = max(x, { ...options, keepDims: true });
    return where(greater(m, Number.NEGATIVE_INFINITY), m, 0);
  });
  const total = log(sum(exp(sub(x, largest)), options));
  return add(total, reshape(largest, total.shape));
}

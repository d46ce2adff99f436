import { div, equal, mul } from "./binary.js";
import { type ReductionGradient, reduction, reductionOp, sum } from "./reduce.js";

/** The gradient of an extremum goes to where it stands, shared among equals. */
export const toExtremum: ReductionGradient = (x, y, dy) => {
  const mask = equal(x, y);
  return mul(dy, div(mask, sum(mask, { axis: 1, keepDims: true })));
};

/**
 * The largest element, of all or along `axis`; NaN wins; equal ones share the gradient; int32 stays int32.
 *
 * @param x the input, of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.max(sg.fromArray([[1, 5], [7, 3]]), { axis: 1 }); // = [5, 7]
 */
export const max = reduction("max", reductionOp("max", toExtremum), reductionOp("maxInt32"));
/**
 * The smallest element, of all or along `axis`; NaN wins; equal ones share the gradient; int32 stays int32.
 *
 * @param x the input, of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.min(sg.tensor([4, 2, 3])); // = 2
 */
export const min = reduction("min", reductionOp("min", toExtremum), reductionOp("minInt32"));

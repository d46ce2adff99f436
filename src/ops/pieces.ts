import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { nth } from "../util/nth.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { select, split } from "./views.js";

/**
 * Cuts a dimension into at most `count` pieces of one size, the last possibly smaller. Views.
 *
 * @param x of any shape and dtype
 * @param count the most pieces
 * @param options `axis`: the dimension; default 0
 * @returns the pieces, in order
 * @throws SeqgradError `range` for an axis that is not there or a count below 1
 * @example
 * sg.chunk(sg.arange(5), 2); // [0, 1, 2] and [3, 4]
 */
export function chunk(x: Tensor, count: number, options: AxisOptions = {}): Tensor[] {
  checkTensor("chunk", x, "x");
  checkInteger("chunk", "count", count, 1, 2 ** 24);
  const axis = axisOf("chunk", options, x.rank, 0);
  const n = nth(x.shape, axis);
  return split(x, n === 0 ? new Array<number>(count).fill(0) : Math.ceil(n / count), { axis });
}

/**
 * Returns the slices along a dimension, without it. Views.
 *
 * @param x of any shape and dtype
 * @param options `axis`: the dimension; default 0
 * @returns one tensor for each index of the dimension
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * const [first, second] = sg.unbind(sg.fromArray([[1, 2], [3, 4]]));
 * second; // = [3, 4]
 */
export function unbind(x: Tensor, options: AxisOptions = {}): Tensor[] {
  checkTensor("unbind", x, "x");
  const axis = axisOf("unbind", options, x.rank, 0);
  return Array.from({ length: nth(x.shape, axis) }, (_, i) => select(x, i, { axis }));
}

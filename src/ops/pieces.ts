import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { checkOptions } from "../util/options.js";
import { normalizeAxis } from "../util/shape.js";
import { select, split } from "./views.js";

/** The dimension that is cut. Default 0. */
export interface PieceOptions {
  axis?: number;
}

/**
 * Cuts a dimension into at most `count` pieces of one size, the last possibly smaller. Views.
 * @throws SeqgradError `range` for an axis that is not there or a count below 1
 * @example
 * sg.chunk(sg.arange(5), 2); // [0, 1, 2] and [3, 4]
 */
export function chunk(x: Tensor, count: number, options: PieceOptions = {}): Tensor[] {
  checkTensor("chunk", x, "x");
  checkInteger("chunk", "count", count, 1, 2 ** 24);
  checkOptions("chunk", options, ["axis"]);
  const axis = normalizeAxis("chunk", options.axis ?? 0, x.rank);
  const n = x.shape[axis]!;
  return split(x, n === 0 ? new Array<number>(count).fill(0) : Math.ceil(n / count), axis);
}

/**
 * The slices along a dimension, which vanishes. Views.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * const [first, second] = sg.unbind(sg.fromArray([[1, 2], [3, 4]]));
 * second; // = [3, 4]
 */
export function unbind(x: Tensor, options: PieceOptions = {}): Tensor[] {
  checkTensor("unbind", x, "x");
  checkOptions("unbind", options, ["axis"]);
  const axis = normalizeAxis("unbind", options.axis ?? 0, x.rank);
  return Array.from({ length: x.shape[axis]! }, (_, i) => select(x, axis, i));
}

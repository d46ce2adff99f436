import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { normalizeAxis } from "../util/shape.js";
import { firstLargestOf } from "./argmax.js";
import { equal } from "./binary.js";
import { constant } from "./define-op.js";
import { max, min } from "./extremum.js";
import { gather } from "./gather.js";
import { neg } from "./unary.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

export interface IndexOptions {
  /** The dimension to reduce; among all elements, in row-major order, when absent. */
  axis?: number;
  /** Keep the dimension, of size 1. */
  keepDims?: boolean;
}

/** The positions 0 .. n - 1 along `axis`, int32, of a shape that broadcasts with x. */
export function positionsAlong(x: Tensor, axis: number): Tensor {
  const n = nth(x.shape, axis);
  return constant(
    x,
    Int32Array.from({ length: n }, (_, i) => i),
    [n, ...new Array<number>(x.rank - 1 - axis).fill(1)],
  );
}

/** The dimension to search, undefined for all, and the result's shape. */
function searchOf(op: string, x: Tensor, options: IndexOptions) {
  checkTensor(op, x, "x");
  checkOptions(op, options, ["axis", "keepDims"]);
  const keepDims = checkBoolean(op, "keepDims", options.keepDims ?? false);
  const axis = options.axis === undefined ? undefined : normalizeAxis(op, options.axis, x.rank);
  if ((axis === undefined ? x.size : x.shape[axis]) === 0) {
    const empty = axis === undefined ? formatShape(x.shape) : `dimension ${axis} of ${formatShape(x.shape)}`;
    throw new SeqgradError("shape", `${op}: ${empty} is empty; expected at least one element.`);
  }
  const reduced = (ones: readonly number[]) => x.shape.flatMap((n, i) => (axis !== undefined && i !== axis ? [n] : ones));
  return { axis, shape: reduced(keepDims ? [1] : []) };
}

/** x along one axis, its elements in a row where the options name none, and the indices [..., 1, ...] of the first extremes there. */
function find(op: string, x: Tensor, options: IndexOptions, largest: boolean) {
  const { axis, shape } = searchOf(op, x, options);
  const along = axis === undefined ? reshape(x, [x.size]) : x;
  const at = axis ?? 0;
  return { along, at, shape, indices: largest ? firstLargest(along, at) : firstLeast(along, at) };
}

/** Of int32 exactly, by the first position of an element that equals the extreme. */
function firstEqual(x: Tensor, axis: number, extreme: Tensor): Tensor {
  return min(where(equal(x, extreme), positionsAlong(x, axis), nth(x.shape, axis)), { axis, keepDims: true });
}

export function firstLargest(x: Tensor, axis: number): Tensor {
  if (x.dtype === "int32") return firstEqual(x, axis, max(x, { axis, keepDims: true }));
  return firstLargestOf(x, x.shape.with(axis, 1), axis);
}

function firstLeast(x: Tensor, axis: number): Tensor {
  if (x.dtype === "int32") return firstEqual(x, axis, min(x, { axis, keepDims: true }));
  return firstLargestOf(neg(x.detach()), x.shape.with(axis, 1), axis);
}

/**
 * Finds the index of the largest element, along `axis` or among all in row-major order. The first of equals; NaN counts as largest.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see IndexOptions
 * @returns int32, the shape of x without the axis, or a scalar
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.argmax(sg.fromArray([[0.1, 0.9], [0.8, 0.2]]), { axis: -1 }); // = [1, 0]
 */
export function argmax(x: Tensor, options: IndexOptions = {}): Tensor {
  const { axis, shape } = searchOf("argmax", x, options);
  return x.dtype === "int32" ? reshape(find("argmax", x, options, true).indices, shape) : firstLargestOf(x, shape, axis);
}

/**
 * Finds the index of the smallest element, along `axis` or among all in row-major order. The first of equals; NaN counts as smallest.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see IndexOptions
 * @returns int32, the shape of x without the axis, or a scalar
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.argmin(sg.fromArray([[0.1, 0.9], [0.8, 0.2]]), { axis: -1 }); // = [0, 1]
 */
export function argmin(x: Tensor, options: IndexOptions = {}): Tensor {
  const { indices, shape } = find("argmin", x, options, false);
  return reshape(indices, shape);
}

/** Elements of a tensor, and where they stood, int32. */
export interface ValuesAndIndices {
  readonly values: Tensor;
  readonly indices: Tensor;
}

function withIndices(op: string, x: Tensor, options: IndexOptions, largest: boolean): ValuesAndIndices {
  const { along, at, indices, shape } = find(op, x, options, largest);
  return { values: reshape(gather(along, indices, { axis: at }), shape), indices: reshape(indices, shape) };
}

/**
 * Finds the largest element and its index, along `axis` or among all in row-major order. The first of equals; NaN counts as largest.
 *
 * The gradient goes to that element alone; max() shares it among equals. int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see IndexOptions
 * @returns values, and indices in int32, each of the shape of x without the axis
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @see PyTorch's max(x, dim)
 * @example
 * const { values, indices } = sg.maxWithIndices(sg.fromArray([[1, 5], [7, 3]]), { axis: 1 });
 * values; // = [5, 7]
 * indices; // = [1, 0]
 */
export const maxWithIndices = (x: Tensor, options: IndexOptions = {}): ValuesAndIndices => withIndices("maxWithIndices", x, options, true);

/**
 * Finds the smallest element and its index, along `axis` or among all in row-major order. The first of equals; NaN counts as smallest.
 *
 * The gradient goes to that element alone; min() shares it among equals. int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see IndexOptions
 * @returns values, and indices in int32, each of the shape of x without the axis
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @see PyTorch's min(x, dim)
 * @example
 * sg.minWithIndices(sg.tensor([4, 2, 3])).indices; // = 1
 */
export const minWithIndices = (x: Tensor, options: IndexOptions = {}): ValuesAndIndices => withIndices("minWithIndices", x, options, false);

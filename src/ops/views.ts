import { checkTensor } from "../tensor/internal.js";
import { viewStrides } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { namesOf } from "../util/options.js";
import { checkSizes, normalizeAxis, type Shape, sameShape, sizeOf } from "../util/shape.js";
import { type AxisOptions, axisOf, checkAxisOptions } from "./axis.js";
import { checkTensorList, concat, copyOf, padTo } from "./copy.js";
import { viewOp } from "./define-op.js";

/**
 * Gives the same elements, in row-major order, another shape. No copy is made if the strides allow it.
 *
 * @param x of any shape and dtype
 * @param to the new shape; one dimension may be -1 and is inferred
 * @returns the new shape
 * @throws SeqgradError `shape` if the number of elements differs
 * @example
 * sg.reshape(sg.zeros([4, 6]), [2, -1]).shape; // = [2, 12]
 */
export function reshape(x: Tensor, to: Shape, ...extra: never[]): Tensor {
  const handle = checkTensor("reshape", x, "x");
  checkSizes("reshape", to, extra);
  const shape = inferShape(x, to);
  if (sameShape(shape, x.shape)) return x;
  const strides = viewStrides(x.shape, handle.strides, shape);
  return strides ? viewOp("reshape", handle, shape, strides, (dy) => reshape(dy, x.shape)) : copyOf(x, shape);
}

function inferShape(x: Tensor, to: Shape): Shape {
  const holes = to.filter((n) => n === -1).length;
  const known = sizeOf(to.filter((n) => n !== -1));
  const shape = holes === 1 && known > 0 ? to.map((n) => (n === -1 ? x.size / known : n)) : to;
  if (holes > 1 || !shape.every((n) => Number.isInteger(n) && n >= 0) || sizeOf(shape) !== x.size) {
    throw new SeqgradError(
      "shape",
      `reshape: ${formatShape(x.shape)} holds ${x.size} elements, which ${formatShape(to)} does not; at most one dimension may be -1.`,
    );
  }
  return shape;
}

/**
 * Makes one dimension of all from `start` to `end`, inclusive.
 *
 * @param x of any shape and dtype
 * @param options `start` and `end`: the first and the last dimension; default 0 and -1
 * @returns the shape of x with their product instead of these dimensions
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.flatten(sg.zeros([2, 3, 4]), { start: 1 }).shape; // = [2, 12]
 */
export function flatten(x: Tensor, options: { start?: number; end?: number } = {}): Tensor {
  checkTensor("flatten", x, "x");
  checkAxisOptions("flatten", options, ["start", "end"], "flatten(x, { start: 1 })");
  const { start = 0, end = -1 } = options;
  if (x.rank === 0) return reshape(x, [1]);
  const from = normalizeAxis("flatten", start, x.rank);
  const to = normalizeAxis("flatten", end, x.rank);
  return reshape(x, [...x.shape.slice(0, from), sizeOf(x.shape.slice(from, to + 1)), ...x.shape.slice(to + 1)]);
}

/**
 * Puts dimensions into another order. A view.
 *
 * @param x of any shape and dtype
 * @param order the dimension of x for each dimension of the result
 * @returns the shape of x in that order
 * @throws SeqgradError `range` for a dimension that is not there, `value` unless `order` names each once
 * @example
 * sg.permute(sg.zeros([2, 3, 4]), [2, 0, 1]).shape; // = [4, 2, 3]
 */
export function permute(x: Tensor, order: readonly number[], ...extra: never[]): Tensor {
  const handle = checkTensor("permute", x, "x");
  checkSizes("permute", order, extra);
  const axes = order.map((axis) => normalizeAxis("permute", axis, x.rank));
  if (axes.length !== x.rank || new Set(axes).size !== x.rank) {
    throw new SeqgradError(
      "value",
      `permute: the order ${formatShape(order)} must name each of the ${x.rank} dimensions of ${formatShape(x.shape)} once.`,
    );
  }
  const inverse = axes.map((_, i) => axes.indexOf(i));
  const shape = axes.map((axis) => nth(x.shape, axis));
  const strides = axes.map((axis) => nth(handle.strides, axis));
  return viewOp("permute", handle, shape, strides, (dy) => permute(dy, inverse));
}

/**
 * Exchanges two dimensions, by default the last two. A view.
 *
 * @param x of any shape and dtype, with at least two dimensions
 * @param first default -2
 * @param second default -1
 * @returns the shape of x with the two sizes exchanged
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.transpose(sg.fromArray([[1, 2], [3, 4]])); // = [[1, 3], [2, 4]]
 */
export function transpose(x: Tensor, first = -2, second = -1): Tensor {
  checkTensor("transpose", x, "x");
  const a = normalizeAxis("transpose", first, x.rank);
  const b = normalizeAxis("transpose", second, x.rank);
  const order = x.shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return permute(x, order);
}

/** The dimension that the options must name. */
function givenAxis(op: string, options: Required<AxisOptions>, rank: number): number {
  checkAxisOptions(op, options ?? null, ["axis"], `${op}(x, { axis: 0 })`);
  return normalizeAxis(op, options.axis, rank);
}

/**
 * Inserts a dimension of size 1. A view.
 *
 * @param x of any shape and dtype
 * @param options `axis`: the place of the new dimension in the result
 * @returns the shape of x with a 1 at the axis
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.unsqueeze(sg.zeros([2, 3]), { axis: 1 }).shape; // = [2, 1, 3]
 */
export function unsqueeze(x: Tensor, options: Required<AxisOptions>): Tensor {
  const handle = checkTensor("unsqueeze", x, "x");
  const at = givenAxis("unsqueeze", options, x.rank + 1);
  const inserted = (sizes: readonly number[]) => sizes.toSpliced(at, 0, 1);
  return viewOp("unsqueeze", handle, inserted(x.shape), inserted(handle.strides), (dy) => squeeze(dy, { axis: at }));
}

/**
 * Removes a dimension of size 1, or all of them. A view.
 *
 * @param x of any shape and dtype
 * @param options `axis`: the dimension; default all of size 1
 * @returns the shape of x without them
 * @throws SeqgradError `range` for an axis that is not there, `shape` for one that is not of size 1
 * @example
 * sg.squeeze(sg.zeros([2, 1, 3]), { axis: 1 }).shape; // = [2, 3]
 */
export function squeeze(x: Tensor, options: AxisOptions = {}): Tensor {
  checkTensor("squeeze", x, "x");
  checkAxisOptions("squeeze", options, ["axis"]);
  if (options.axis === undefined)
    return reshape(
      x,
      x.shape.filter((n) => n !== 1),
    );
  const at = normalizeAxis("squeeze", options.axis, x.rank);
  if (x.shape[at] !== 1)
    throw new SeqgradError("shape", `squeeze: dimension ${at} of ${formatShape(x.shape)} has size ${x.shape[at]}, not 1.`);
  return reshape(x, x.shape.toSpliced(at, 1));
}

export interface SliceOptions extends AxisOptions {
  /** The first element; negative counts from the back. Default 0. */
  start?: number;
  /** The first element that is left out; negative counts from the back. Default: none is. */
  end?: number;
  /** The distance between elements. Default 1. */
  step?: number;
}

const sliceNames = namesOf<SliceOptions>({ axis: 1, start: 1, end: 1, step: 1 });

/**
 * Takes the elements from `start` to below `end` of one dimension, every `step`-th. A view.
 *
 * @param x of any shape and dtype
 * @param options `axis`, `start`, `end` and `step`: see SliceOptions
 * @returns the shape of x with the number of elements in the dimension
 * @throws SeqgradError `range` for an axis that is not there or a step below 1
 * @example
 * sg.slice(sg.tensor([1, 2, 3, 4]), { end: -1 }); // = [1, 2, 3]
 * sg.slice(sg.fromArray([[1, 2, 3], [4, 5, 6]]), { axis: 1, start: 1 }); // = [[2, 3], [5, 6]]
 */
export function slice(x: Tensor, options: SliceOptions): Tensor {
  const handle = checkTensor("slice", x, "x");
  checkAxisOptions("slice", options ?? null, sliceNames, "slice(x, { axis, start, end, step })");
  const { axis = 0, start = 0, end = Number.MAX_SAFE_INTEGER, step = 1 } = options;
  const at = normalizeAxis("slice", axis, x.rank);
  checkInteger("slice", "step", step, 1);
  const n = nth(x.shape, at);
  const bound = (i: number) => Math.min(Math.max(i < 0 ? i + n : i, 0), n);
  checkInteger("slice", "end", end, Number.MIN_SAFE_INTEGER);
  const from = bound(checkInteger("slice", "start", start, Number.MIN_SAFE_INTEGER));
  const length = Math.max(0, Math.ceil((bound(end) - from) / step));
  const shape = x.shape.with(at, length);
  const stride = nth(handle.strides, at);
  const skip = length > 0 ? from * stride : 0;
  return viewOp("slice", handle, shape, handle.strides.with(at, stride * step), (dy) => padTo(dy, x.shape, at, from, step), skip);
}

/**
 * Takes one index of a dimension. A view.
 *
 * @param x of any shape and dtype
 * @param index the index; negative counts from the end
 * @param options `axis`: the dimension; default 0
 * @returns the shape of x without the dimension
 * @throws SeqgradError `range` for an axis or index that is not there
 * @example
 * sg.select(sg.fromArray([[1, 2], [3, 4]]), -1); // = [3, 4]
 */
export function select(x: Tensor, index: number, options: AxisOptions = {}): Tensor {
  checkTensor("select", x, "x");
  const at = axisOf("select", options, x.rank, 0, "select(x, index, { axis })");
  const n = nth(x.shape, at);
  checkInteger("select", "index", index, -n, n - 1);
  const from = index < 0 ? index + n : index;
  return squeeze(slice(x, { axis: at, start: from, end: from + 1 }), { axis: at });
}

/**
 * Cuts a dimension into pieces, of the given sizes or of one size, the last possibly smaller. Views.
 *
 * @param x of any shape and dtype
 * @param sizes one size, or a list that adds up to the dimension
 * @param options `axis`: the dimension; default 0
 * @returns the pieces, in order
 * @throws SeqgradError `range` for an axis that is not there, `shape` for sizes that do not add up
 * @example
 * const [i, f, g, o] = sg.split(sg.zeros([8, 256]), 64, { axis: 1 }); // each [8, 64]
 */
export function split<const S extends readonly number[]>(x: Tensor, sizes: S, options?: AxisOptions): { -readonly [K in keyof S]: Tensor };
export function split(x: Tensor, sizes: number | readonly number[], options?: AxisOptions): Tensor[];
export function split(x: Tensor, sizes: number | readonly number[], options: AxisOptions = {}): Tensor[] {
  checkTensor("split", x, "x");
  const at = axisOf("split", options, x.rank, 0);
  const n = nth(x.shape, at);
  const lengths =
    typeof sizes === "number"
      ? evenPieces(n, checkInteger("split", "size", sizes, 1))
      : checkArray("split", "sizes", sizes, "one size, or an array of the size of each piece");
  for (const length of lengths) checkInteger("split", "a size", length);
  if (lengths.reduce((a, b) => a + b, 0) !== n) {
    throw new SeqgradError("shape", `split: sizes ${formatShape(lengths)} do not add up to dimension ${at} of ${formatShape(x.shape)}.`);
  }
  let end = 0;
  return lengths.map((length) => {
    end += length;
    return slice(x, { axis: at, start: end - length, end });
  });
}

const evenPieces = (n: number, size: number) => Array.from({ length: Math.ceil(n / size) }, (_, i) => Math.min(size, n - i * size));

/**
 * Turns around the order of the elements along `axis`. A view.
 *
 * @param x of any shape and dtype
 * @param options `axis`: the dimension or dimensions
 * @returns the shape of x
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.flip(sg.tensor([1, 2, 3]), { axis: 0 }); // = [3, 2, 1]
 */
export function flip(x: Tensor, options: { axis: number | readonly number[] }): Tensor {
  const handle = checkTensor("flip", x, "x");
  checkAxisOptions("flip", options ?? null, ["axis"], "flip(x, { axis: 0 }), or flip(x, { axis: [0, 1] })");
  const axes = [...new Set([options.axis].flat().map((a) => normalizeAxis("flip", a, x.rank)))];
  const strides = handle.strides.map((s, i) => (axes.includes(i) ? -s : s));
  const skip = axes.reduce((sum, i) => sum + Math.max(0, nth(x.shape, i) - 1) * nth(handle.strides, i), 0);
  return viewOp("flip", handle, x.shape, strides, (dy) => flip(dy, { axis: axes }), skip);
}

/**
 * Puts tensors of one shape side by side along a new dimension.
 *
 * @param tensors of one shape and dtype, at least one
 * @param options `axis`: the place of the new dimension in the result; default 0
 * @returns the shape of a tensor with their number at the axis
 * @throws SeqgradError `shape` or `dtype` if they differ, `range` for an axis that is not there, `value` for no tensor
 * @example
 * sg.stack([sg.tensor([1, 2]), sg.tensor([3, 4])]); // = [[1, 2], [3, 4]]
 */
export function stack(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
  const first = checkTensorList("stack", tensors);
  const axis = axisOf("stack", options, first.rank + 1, 0);
  const odd = tensors.findIndex((x) => !sameShape(x.shape, first.shape));
  if (odd >= 0) {
    throw new SeqgradError(
      "shape",
      `stack: tensor ${odd} has shape ${formatShape(nth(tensors, odd).shape)}, tensor 0 ${formatShape(first.shape)}; they must be equal.`,
    );
  }
  return concat(
    tensors.map((x) => unsqueeze(x, { axis })),
    { axis },
  );
}

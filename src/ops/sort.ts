import { noGrad } from "../autograd/tape.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { normalizeAxis, rowsOf } from "../util/shape.js";
import { equal, greater } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import type { ValuesAndIndices } from "./extreme-index.js";
import { toExtremum } from "./extremum.js";
import { gather } from "./gather.js";
import { checkReduction, sum } from "./reduce.js";
import { toInt } from "./to-int.js";
import { reshape, slice, transpose } from "./views.js";
import { where } from "./where.js";

const argsortOp = defineOp({
  name: "argsort",
  inputs: ["x"],
  kernels: ["argsort"],
  shape: ({ x }) => ({ index: x.shape }),
  dtypes: () => ({ index: "int32" }),
  forward(run, { x }, { index }, { descending }: { readonly descending: boolean }) {
    const { rows, cols: n } = rowsOf(x.shape);
    if (x.size > 0) run("argsort", { x, index, rows, n, integer: Number(x.dtype === "int32"), descending: Number(descending) });
  },
});
addSamples(argsortOp, () => [
  { inputs: { x: [1, 1] }, attrs: { descending: false } },
  { inputs: { x: [3, 17] }, attrs: { descending: false } },
  { inputs: { x: [2, 2, 64] }, attrs: { descending: true } },
  { inputs: { x: { shape: [3, 33], below: 9, least: -9 } }, attrs: { descending: true } },
]);

export interface SortOptions {
  /** The dimension that is sorted. Default the last. */
  axis?: number;
  /** From large to small. Default false. */
  descending?: boolean;
}

/** Positions along an axis that order the elements there. */
function orderOf(x: Tensor, axis: number, descending: boolean): Tensor {
  const swap = (y: Tensor) => (axis === x.rank - 1 ? y : transpose(y, axis, -1));
  return swap(argsortOp({ x: swap(x.detach()) }, { descending }).index);
}

function checkSort(op: string, x: Tensor, { axis = -1, descending = false }: SortOptions) {
  checkBoolean(op, "descending", descending);
  return { axis: normalizeAxis(op, axis, x.rank), descending };
}

/**
 * Returns the positions by which the elements along `axis` are in order. Equal elements keep their order, and NaN counts as largest.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension, default the last. `descending`: default false
 * @returns the shape of x, int32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.argsort(sg.tensor([3, 1, 2])); // = [1, 2, 0]
 */
export function argsort(x: Tensor, options: SortOptions = {}): Tensor {
  checkTensor("argsort", x, "x");
  checkOptions("argsort", options, ["axis", "descending"]);
  const { axis, descending } = checkSort("argsort", x, options);
  return orderOf(x, axis, descending);
}

/**
 * Sorts the elements along `axis`. Equal elements keep their order, and NaN counts as largest. int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension, default the last. `descending`: default false
 * @returns values, and the positions from which they came in int32, each of the shape of x
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * const { values, indices } = sg.sort(sg.tensor([3, 1, 2]), { descending: true });
 * values; // = [3, 2, 1]
 * indices; // = [0, 2, 1]
 */
export function sort(x: Tensor, options: SortOptions = {}): ValuesAndIndices {
  checkTensor("sort", x, "x");
  checkOptions("sort", options, ["axis", "descending"]);
  const { axis, descending } = checkSort("sort", x, options);
  const indices = orderOf(x, axis, descending);
  return { values: gather(x, indices, { axis }), indices };
}

export interface TopKOptions {
  /** The dimension to search. Default the last. */
  axis?: number;
  /** The largest elements, or with false the smallest. Default true. */
  largest?: boolean;
}

/**
 * Finds the k largest elements along `axis`, the largest first; with `largest` false the k smallest, the smallest first.
 *
 * Of equal elements the first come first; NaN counts as largest. int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param k the number of elements, from 0 to the size of the dimension
 * @param options `axis` and `largest`: see TopKOptions
 * @returns values, and their positions in int32, each of the shape of x with k in the dimension
 * @throws SeqgradError `range` for an axis that is not there or a k beyond its size
 * @example
 * const { values, indices } = sg.topk(sg.tensor([0.1, 0.7, 0.2]), 2);
 * values; // = [0.7, 0.2]
 * indices; // = [1, 2]
 */
export function topk(x: Tensor, k: number, options: TopKOptions = {}): ValuesAndIndices {
  checkTensor("topk", x, "x");
  checkOptions("topk", options, ["axis", "largest"]);
  const largest = checkBoolean("topk", "largest", options.largest ?? true);
  const axis = normalizeAxis("topk", options.axis ?? -1, x.rank);
  checkInteger("topk", "k", k, 0, nth(x.shape, axis));
  const indices = slice(orderOf(x, axis, largest), { axis, end: k });
  return { values: gather(x, indices, { axis }), indices };
}

/** The element of a vector at an index; equal elements share the gradient. */
const shareOp = defineOp({
  name: "median",
  inputs: ["x", "index"],
  shape: () => ({ y: [] }),
  dtypes: ({ x }) => ({ y: x.dtype }),
  forward: (run, { x, index }, { y }) => run("gather", { x, index, y, outer: 1, n: x.size, inner: 1, m: 1 }),
  backward({ inputs: { x }, outputs: { y }, dOutputs: { y: dy } }) {
    const row = (t: Tensor) => reshape(t, [1, t.size, 1]);
    return { x: reshape(toExtremum(row(x), row(y), row(dy)), x.shape) };
  },
});
addSamples(shareOp, () => [{ inputs: { x: [9], index: { shape: [1], below: 9 } } }]);

export interface MedianOptions {
  /** The dimension to reduce; all when absent. */
  axis?: number;
  /** Keep the dimension, of size 1. */
  keepDims?: boolean;
}

/**
 * Returns the median of all elements or along `axis`, of two in the middle the lower one; NaN if there is one. int32 stays int32.
 *
 * The gradient along an axis goes to the first element that has the value; of all elements equal ones share it, as in PyTorch.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see MedianOptions
 * @returns the shape of x without the axis, or a scalar
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.median(sg.tensor([5, 1, 4, 2])); // = 2
 */
export function median(x: Tensor, options: MedianOptions = {}): Tensor {
  checkReduction("median", x, options);
  const isAll = options.axis === undefined;
  const numbers = isAll ? reshape(x, [x.size]) : x;
  const axis = normalizeAxis("median", options.axis ?? 0, numbers.rank);
  const n = nth(numbers.shape, axis);
  if (n === 0)
    throw new SeqgradError("shape", `median: dimension ${axis} of ${formatShape(numbers.shape)} is empty; expected at least one element.`);
  const index = noGrad(() => {
    const order = orderOf(numbers, axis, false);
    // NaN comes last: where there is one, the first of them is the answer.
    const count = sum(equal(numbers, numbers), { axis, keepDims: true });
    const middle = (n - 1) >> 1;
    return gather(order, toInt(where(greater(n, count), count, middle)), { axis });
  });
  const y = isAll ? shareOp({ x: numbers, index }).y : gather(numbers, index, { axis });
  const kept = isAll ? x.shape.map(() => 1) : numbers.shape.with(axis, 1);
  return reshape(y, options.keepDims ? kept : isAll ? [] : numbers.shape.toSpliced(axis, 1));
}

import { checkTensor } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { dimsOf, rowsOf, type Shape, sizeOf } from "../util/shape.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { addSamples, checkTensors, defineOp, type Inputs, type Sample } from "./define-op.js";

/** x read as [outer, n, inner]. */
export interface Span {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
}

/** x by dimension `axis`. */
export const spanOf = (x: Tensor, axis: number): Span => ({
  outer: sizeOf(x.shape.slice(0, axis)),
  n: nth(x.shape, axis),
  inner: sizeOf(x.shape.slice(axis + 1)),
});

function checkIndex(op: string, index: Tensor): void {
  checkTensor(op, index, "the index");
  if (index.dtype !== "int32")
    throw new SeqgradError(
      "dtype",
      `${op}: the index is ${index.dtype}; expected int32. Make it with tensor(data, shape, { dtype: "int32" }), or cast with toInt().`,
    );
}

interface RowAttrs extends Span {
  /** Rows that get no gradient. */
  readonly skip: number;
  readonly shape: Shape;
}

/** y[o, j, :] = x[o, index[j], :], under the name of the operation that users call. */
const rows = /* @__NO_SIDE_EFFECTS__ */ (name: string, samples: readonly Sample<Inputs<"x" | "index">, RowAttrs>[]) => {
  const call = defineOp({
    name,
    inputs: ["x", "index"],
    shape({ index }, { shape }: RowAttrs) {
      checkIndex(name, index);
      return { y: shape };
    },
    dtypes: ({ x }) => ({ y: x.dtype }),
    forward: (run, { x, index }, { y }, { outer, n, inner }) => run("gatherRows", { x, index, y, outer, n, inner, m: index.size }),
    backward({ run, inputs: { index }, dOutputs: { y: dy }, attrs: { outer, n, inner, skip }, accumulator }) {
      const dx = accumulator("x");
      if (dx) run("scatterAddRows", { dy, index, dx, outer, n, inner, m: index.size, skip });
      return {};
    },
  });
  addSamples(call, () => samples);
  return call;
};

const embeddingOp = rows("embedding", [
  { inputs: { x: [5, 3], index: { shape: [7], below: 5 } }, attrs: { outer: 1, n: 5, inner: 3, skip: -1, shape: [7, 3] } },
  { inputs: { x: [65, 64], index: { shape: [32, 64], below: 65 } }, attrs: { outer: 1, n: 65, inner: 64, skip: -1, shape: [32, 64, 64] } },
]);

const selectOp = rows("indexSelect", [
  { inputs: { x: [2, 9, 8], index: { shape: [4], below: 9 } }, attrs: { outer: 2, n: 9, inner: 8, skip: -1, shape: [2, 4, 8] } },
  { inputs: { x: [7, 3], index: { shape: [5], below: 3 } }, attrs: { outer: 7, n: 3, inner: 1, skip: -1, shape: [7, 5] } },
  {
    inputs: { x: { shape: [4, 3], below: 9 }, index: { shape: [5], below: 4 } },
    attrs: { outer: 1, n: 4, inner: 3, skip: -1, shape: [5, 3] },
  },
]);

/**
 * Looks up rows of a table by their indices.
 *
 * y[..., :] = weight[index[..., ], :]
 *
 * @param index `[...]`, int32, each in 0..V-1
 * @param weight `[V, D]`, float32
 * @param options `paddingIndex`: a row that gets no gradient; default none
 * @returns `[..., D]`
 * @throws SeqgradError `range` for an index outside the table, `dtype` for one that is not int32, `shape`
 * @example
 * sg.embedding(sg.tensor(Int32Array.of(2, 0)), sg.fromArray([[1, 1], [2, 2], [3, 3]])); // = [[3, 3], [1, 1]]
 */
export function embedding(index: Tensor, weight: Tensor, options: { paddingIndex?: number } = {}): Tensor {
  checkIndex("embedding", index);
  checkTensor("embedding", weight, "the weight");
  checkOptions("embedding", options, ["paddingIndex"]);
  if (weight.rank !== 2) throw new SeqgradError("shape", `embedding: the weight has shape ${formatShape(weight.shape)}; expected [V, D].`);
  const [n, inner] = dimsOf(weight.shape, 2);
  const { paddingIndex } = options;
  const skip = paddingIndex === undefined ? -1 : checkInteger("embedding", "paddingIndex", paddingIndex, 0, n - 1);
  return embeddingOp({ x: weight, index }, { outer: 1, n, inner, skip, shape: [...index.shape, inner] }).y;
}

/**
 * Takes slices of x along `axis` by their positions.
 *
 * @param x of any shape and dtype
 * @param index `[M]`, int32: the positions, each taken once, often or never
 * @param options `axis`: the dimension; default 0
 * @returns the shape of x with M in the dimension
 * @throws SeqgradError `range` for an axis or position that is not there, `dtype` for an index that is not int32, `shape` for an index of
 *   several dimensions
 * @example
 * sg.indexSelect(sg.tensor([5, 6, 7]), sg.tensor(Int32Array.of(2, 2))); // = [7, 7]
 */
export function indexSelect(x: Tensor, index: Tensor, options: AxisOptions = {}): Tensor {
  checkTensors("indexSelect", [x, index], ["x", "the index"]);
  const at = axisOf("indexSelect", options, x.rank, 0);
  if (index.rank !== 1)
    throw new SeqgradError(
      "shape",
      `indexSelect: the index has shape ${formatShape(index.shape)}; expected one dimension. For elements use gather().`,
    );
  return selectOp({ x, index }, { skip: -1, shape: x.shape.with(at, index.size), ...spanOf(x, at) }).y;
}

/** The dims of the kernels: m positions in each row of the gathered dimension. */
const gathered = (index: Tensor, { outer, n, inner }: Span) => ({ outer, n, inner, m: index.size / (outer * inner || 1) });

const elements = /* @__NO_SIDE_EFFECTS__ */ (name: string, samples: readonly Sample<Inputs<"x" | "index">, Span>[]) => {
  const call = defineOp({
    name,
    inputs: ["x", "index"],
    shape({ index }) {
      checkIndex(name, index);
      return { y: index.shape };
    },
    dtypes: ({ x }) => ({ y: x.dtype }),
    forward: (run, { x, index }, { y }, span: Span) => run("gather", { x, index, y, ...gathered(index, span) }),
    backward({ run, inputs: { index }, dOutputs: { y: dy }, attrs, accumulator }) {
      const dx = accumulator("x");
      if (dx) run("scatterAdd", { dy, index, dx, ...gathered(index, attrs) });
      return {};
    },
  });
  addSamples(call, () => samples);
  return call;
};

const gatherOp = elements("gather", [
  { inputs: { x: [4, 5], index: { shape: [4, 2], below: 5 } }, attrs: { outer: 4, n: 5, inner: 1 } },
  { inputs: { x: [2, 9, 3], index: { shape: [2, 4, 3], below: 9 } }, attrs: { outer: 2, n: 9, inner: 3 } },
]);

const pickOp = elements("nllLoss", [{ inputs: { x: [33, 65], index: { shape: [33], below: 65 } }, attrs: { outer: 33, n: 65, inner: 1 } }]);

/** The element of each row of x [..., C] that `index` [...] names: what a loss does with its targets. */
export const pick = (x: Tensor, index: Tensor): Tensor => pickOp({ x, index }, { outer: index.size, n: rowsOf(x.shape).cols, inner: 1 }).y;

/**
 * Takes elements along `axis` by their positions.
 *
 * y[i, j, k] = x[i, index[i, j, k], k] for axis 1
 *
 * @param x of any shape and dtype
 * @param index int32, the shape of x except in `axis`
 * @param options `axis`: the dimension; default 0
 * @returns the shape of the index, the dtype of x
 * @throws SeqgradError `shape`, `dtype`, or `range` for a position outside x
 * @example
 * sg.gather(sg.fromArray([[1, 2], [3, 4]]), sg.fromArray([[1], [0]], { dtype: "int32" }), { axis: 1 }); // = [[2], [3]]
 */
export function gather(x: Tensor, index: Tensor, options: AxisOptions = {}): Tensor {
  checkTensors("gather", [x, index], ["x", "the index"]);
  const at = axisOf("gather", options, x.rank, 0);
  if (index.rank !== x.rank || !x.shape.every((n, i) => i === at || n === index.shape[i])) {
    throw new SeqgradError(
      "shape",
      `gather: the index has shape ${formatShape(index.shape)}, x ${formatShape(x.shape)}; they may differ in dimension ${at} alone.`,
    );
  }
  return gatherOp({ x, index }, spanOf(x, at)).y;
}

const oneHotOp = defineOp({
  name: "oneHot",
  inputs: ["index"],
  shape({ index }, { classes }: { readonly classes: number }) {
    checkIndex("oneHot", index);
    return { y: [...index.shape, classes] };
  },
  forward(run, { index }, { y }, { classes }) {
    const ones = fill(empty(index.backend, index.shape), 1);
    run("scatterAdd", { dy: ones, index, dx: fill(y, 0), outer: index.size, n: classes, inner: 1, m: 1 });
  },
});
addSamples(oneHotOp, () => [[6], [3, 5]].map((shape) => ({ inputs: { index: { shape, below: 4 } }, attrs: { classes: 4 } })));

/**
 * Writes 1 at each index and 0 elsewhere.
 *
 * @param index `[...]`, int32, each in 0..classes-1
 * @param classes C, the number of classes
 * @returns `[..., C]`, float32
 * @throws SeqgradError `range` for an index outside 0..classes-1, `dtype` for one that is not int32
 * @example
 * sg.oneHot(sg.tensor(Int32Array.of(2, 0)), 3); // = [[0, 0, 1], [1, 0, 0]]
 */
export function oneHot(index: Tensor, classes: number): Tensor {
  return oneHotOp({ index }, { classes: checkInteger("oneHot", "classes", classes, 1) }).y;
}

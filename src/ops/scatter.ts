import { noGrad } from "../autograd/tape.js";
import { copyStrided } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import { checkedNumber } from "../tensor/numbers.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { type Shape, sameShape } from "../util/shape.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { notEqual } from "./binary.js";
import { concat } from "./copy.js";
import { addSamples, checkTensors, defineOp } from "./define-op.js";
import { expand } from "./expand.js";
import { gather, spanOf } from "./gather.js";
import { argsort } from "./sort.js";
import { toInt } from "./to-int.js";
import { affine, toFloat } from "./unary.js";
import { slice } from "./views.js";
import { where } from "./where.js";

interface Span {
  readonly axis: number;
}

/** y = x, and y[.., index[j], ..] += source[.., j, ..]: whole slices, or with an index of the source's shape single elements. */
/* @__NO_SIDE_EFFECTS__ */
function adding(name: "indexAdd" | "scatterAdd" | "scatter") {
  const bySlices = name === "indexAdd";
  const indexShape = (shape: Shape, axis: number) => (bySlices ? [nth(shape, axis)] : shape);
  const sample = (x: Shape, source: Shape, axis: number) => ({
    inputs: { x, index: { shape: indexShape(source, axis), below: nth(x, axis) }, source },
    attrs: { axis },
  });
  const call = defineOp({
    name,
    inputs: ["x", "index", "source"],
    shape: ({ x }) => ({ y: x.shape }),
    forward(run, { x, index, source }, { y }, { axis }: Span) {
      copyStrided(x, y.address, y.strides);
      const call = { dy: source, index, dx: y, m: nth(source.shape, axis), ...spanOf(x, axis) };
      if (source.size === 0) return;
      if (bySlices) run("scatterAddRows", { skip: -1, ...call });
      else run("scatterAdd", call);
    },
    backward({ run, inputs: { index, source }, dOutputs: { y: dy }, attrs: { axis }, gradientLike }) {
      const dSource = gradientLike("source");
      const call = { x: dy, index, m: nth(source.shape, axis), ...spanOf(dy, axis) };
      if (dSource && dSource.size > 0) run(bySlices ? "gatherRows" : "gather", { y: dSource, ...call });
      return { x: dy, source: dSource };
    },
  });
  addSamples(call, () => [sample([5, 3], [7, 3], 0), sample([2, 9, 4], [2, 5, 4], 1)]);
  return call;
}
const indexAddOp = adding("indexAdd");
const scatterAddOp = adding("scatterAdd");
/** The operation by which scatter() finds its last writers; errors name scatter(). */
const placeOp = adding("scatter");

/** x, index and source on one device, the index int32, the source of x's shape but along the axis; returns the axis. */
function checkScatter(op: string, x: Tensor, index: Tensor, source: Tensor, options: AxisOptions, bySlices = false): number {
  checkTensors(op, [x, index, source], ["x", "the index", "the source"]);
  const axis = axisOf(op, options, x.rank, 0);
  if (index.dtype !== "int32") throw new SeqgradError("dtype", `${op}: the index is ${index.dtype}; expected int32. Cast it with toInt().`);
  if (source.rank !== x.rank || !x.shape.every((n, i) => i === axis || n === source.shape[i]))
    throw new SeqgradError(
      "shape",
      `${op}: the source has shape ${formatShape(source.shape)}, x ${formatShape(x.shape)}; they may differ in dimension ${axis} alone.`,
    );
  const expected = bySlices ? [nth(source.shape, axis)] : source.shape;
  if (!sameShape(index.shape, expected))
    throw new SeqgradError("shape", `${op}: the index has shape ${formatShape(index.shape)}; expected ${formatShape(expected)}.`);
  return axis;
}

function checkFloats(op: string, x: Tensor, source: Tensor): void {
  if (x.dtype !== "float32" || source.dtype !== "float32")
    throw new SeqgradError("dtype", `${op}: x is ${x.dtype} and the source ${source.dtype}; expected float32. Cast them with toFloat().`);
}

/**
 * Returns x with slices added to it along `axis`, at their positions, which may repeat.
 *
 * @param x of any shape, float32
 * @param index `[M]`, int32: the position of each slice
 * @param source the shape of x with M in the dimension, float32
 * @param options `axis`: the dimension; default 0
 * @returns the shape of x
 * @throws SeqgradError `range` for a position that is not there, `shape`, `dtype` unless x and source are float32
 * @example
 * sg.indexAdd(sg.zeros([3]), sg.tensor(Int32Array.of(2, 0, 2)), sg.tensor([1, 2, 3])); // = [2, 0, 4]
 */
export function indexAdd(x: Tensor, index: Tensor, source: Tensor, options: AxisOptions = {}): Tensor {
  const axis = checkScatter("indexAdd", x, index, source, options, true);
  checkFloats("indexAdd", x, source);
  return indexAddOp({ x, index, source }, { axis }).y;
}

/**
 * Returns x with elements added to it, at their positions along `axis`, which may repeat.
 *
 * y[index[i, j], j] += source[i, j] for axis 0
 *
 * @param x of any shape, float32
 * @param index int32, the shape of the source
 * @param source the shape of x except in `axis`, float32
 * @param options `axis`: the dimension; default 0
 * @returns the shape of x
 * @throws SeqgradError `range` for a position that is not there, `shape`, `dtype` unless x and source are float32
 * @example
 * sg.scatterAdd(sg.zeros([3]), sg.tensor(Int32Array.of(2, 0, 2)), sg.tensor([1, 2, 3])); // = [2, 0, 4]
 */
export function scatterAdd(x: Tensor, index: Tensor, source: Tensor, options: AxisOptions = {}): Tensor {
  const axis = checkScatter("scatterAdd", x, index, source, options);
  checkFloats("scatterAdd", x, source);
  return scatterAddOp({ x, index, source }, { axis }).y;
}

/**
 * Returns x with elements written to it, at their positions along `axis`.
 *
 * y[index[i, j], j] = source[i, j] for axis 0. Where positions repeat, the last element stays, and it alone gets a gradient. int32 stays
 * int32.
 *
 * @param x of any shape, float32 or int32
 * @param index int32, the shape of x except in `axis`
 * @param source the shape of the index, or a number
 * @param options `axis`: the dimension; default 0
 * @returns the shape and dtype of x
 * @throws SeqgradError `range` for a position that is not there, `shape`, `dtype` for a source of another type than x
 * @example
 * sg.scatter(sg.zeros([3]), sg.tensor(Int32Array.of(2, 0)), sg.tensor([5, 6])); // = [6, 0, 5]
 */
export function scatter(x: Tensor, index: Tensor, source: Tensor | number, options: AxisOptions = {}): Tensor {
  checkTensors("scatter", [x, index], ["x", "the index"]);
  const from = typeof source === "number" ? filled(x, index, source) : source;
  const axis = checkScatter("scatter", x, index, from, options);
  if (from.dtype !== x.dtype)
    throw new SeqgradError("dtype", `scatter: the source is ${from.dtype}, x ${x.dtype}; cast one with toFloat or toInt.`);
  const m = nth(index.shape, axis);
  if (x.size === 0 || m === 0) return x;
  const winner = noGrad(() => lastWriters(x, index, axis));
  // 0 where nothing is written, else the place in the source plus 1.
  const written = gather(from, toInt(where(winner, affine(winner, 1, -1), 0)), { axis });
  return where(winner, written, x);
}

function filled(x: Tensor, index: Tensor, value: number): Tensor {
  const number = checkedNumber("scatter", value, x.dtype);
  return expand(fill(empty(x.backend, [], x.dtype), number), index.shape);
}

/** For each element of x, 1 plus the place along `axis` of the last index that names it, 0 where none does, float32. */
function lastWriters(x: Tensor, index: Tensor, axis: number): Tensor {
  const m = nth(index.shape, axis);
  // Sorted, equal positions lie together, and the last of them is the last that was given.
  const order = argsort(index, { axis });
  const sorted = gather(index, order, { axis });
  const differ = notEqual(slice(sorted, { axis, end: m - 1 }), slice(sorted, { axis, start: 1 }));
  const end = fill(empty(x.backend, index.shape.with(axis, 1)), 1);
  const isLast = concat([differ, end], { axis });
  const place = where(isLast, affine(toFloat(order), 1, 1), 0);
  return placeOp({ x: fill(empty(x.backend, x.shape), 0), index: sorted, source: place }, { axis }).y;
}

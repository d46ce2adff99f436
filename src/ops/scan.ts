import { type BinaryOp, binaryOps } from "../backend/kernels.js";
import { checkTensor, copyStrided } from "../tensor/internal.js";
import { binaryCall, inRow, ROW } from "../tensor/layout.js";
import { empty, fill } from "../tensor/memory.js";
import { copyWords } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { nth } from "../util/nth.js";
import { sizeOf } from "../util/shape.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { mul } from "./binary.js";
import { concat } from "./copy.js";
import { addSamples, defineOp, type Inputs } from "./define-op.js";
import { arrange, checkReduction, type ReduceOptions, reducedShape } from "./reduce.js";
import { flip, permute, reshape, slice } from "./views.js";

/** The distances at which a scan of n elements combines what it has: 1, 2, 4 and so on. */
function distances(n: number): number[] {
  const list: number[] = [];
  for (let distance = 1; distance < n; distance *= 2) list.push(distance);
  return list;
}

/** Sums along dimension 0, by adding at doubling distances (Hillis and Steele 1986): errors grow with the logarithm of the length. */
const cumsumOp: (inputs: Inputs<"x">) => Inputs<"y"> = defineOp({
  name: "cumsum",
  inputs: ["x"],
  shape: ({ x }) => ({ y: x.shape }),
  dtypes: ({ x }) => ({ y: x.dtype }),
  forward(run, { x }, { y }) {
    const { backend, size, shape, dtype } = x;
    const n = shape[0] ?? 1;
    const steps = size > 0 ? distances(n) : [];
    const op = binaryOps.indexOf((dtype === "int32" ? "addInt32" : "add") satisfies BinaryOp);
    if (steps.length === 0) copyStrided(x, y.address, y.strides);
    const other = steps.length > 1 ? empty(backend, shape, dtype) : y;
    let from = x;
    for (const [k, distance] of steps.entries()) {
      const to = (steps.length - k) % 2 === 1 ? y : other;
      const first = distance * (size / n);
      copyWords(backend, from.address, to.address, first);
      const sums = { a: from.address + first * 4, b: from.address, y: to.address + first * 4 };
      run("binary", binaryCall(op, sums, inRow(size - first), ROW, ROW));
      from = to;
    }
    if (other !== y) other.dispose();
  },
  backward: ({ dOutputs: { y: dy } }) => ({ x: flip(cumsumOp({ x: flip(dy, { axis: 0 }) }).y, { axis: 0 }) }),
});
addSamples(cumsumOp, () => [
  { inputs: { x: [1] } },
  { inputs: { x: [7, 3] } },
  { inputs: { x: [65, 2, 2] } },
  { inputs: { x: { shape: [9, 2], below: 2 ** 31, least: -(2 ** 31) } } },
]);

/**
 * Sums so far: element i along `axis` is the sum of elements 0 to i. int32 stays int32 and wraps around.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension; default the last
 * @returns the shape and dtype of x
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.cumsum(sg.tensor([1, 2, 3])); // = [1, 3, 6]
 */
export function cumsum(x: Tensor, options: AxisOptions = {}): Tensor {
  const at = axisOf("cumsum", options, checkTensor("cumsum", x, "x").rank, -1);
  const order = [at, ...Array.from(x.shape.keys()).filter((i) => i !== at)];
  const inverse = order.map((_, i) => order.indexOf(i));
  return permute(cumsumOp({ x: permute(x, order) }).y, inverse);
}

/**
 * Products so far: element i along `axis` is the product of elements 0 to i. int32 stays int32 and wraps around.
 *
 * The gradient is exact where elements are 0 too.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension; default the last
 * @returns the shape and dtype of x
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.cumprod(sg.tensor([1, 2, 3])); // = [1, 2, 6]
 */
export function cumprod(x: Tensor, options: AxisOptions = {}): Tensor {
  const at = axisOf("cumprod", options, checkTensor("cumprod", x, "x").rank, -1);
  const n = nth(x.shape, at);
  return distances(n).reduce(
    (y, d) =>
      concat([slice(y, { axis: at, end: d }), mul(slice(y, { axis: at, start: d }), slice(y, { axis: at, end: n - d }))], { axis: at }),
    x,
  );
}

/**
 * Multiplies all elements, or the elements along `axis`; 1 of no elements. int32 stays int32 and wraps around.
 *
 * The gradient is exact where elements are 0 too.
 *
 * @param x of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.prod(sg.fromArray([[1, 2], [3, 4]]), { axis: 1 }); // = [2, 12]
 */
export function prod(x: Tensor, options: ReduceOptions = {}): Tensor {
  checkReduction("prod", x, options);
  const { axes } = arrange("prod", x, options);
  const shape = reducedShape(x.shape, axes, options.keepDims);
  const kept = Array.from(x.shape.keys()).filter((i) => !axes.includes(i));
  let n = sizeOf(axes.map((i) => nth(x.shape, i)));
  if (n === 0) return fill(empty(x.backend, shape, x.dtype), 1);
  let y = reshape(permute(x, [...axes, ...kept]), [n, sizeOf(shape)]);
  while (n > 1) {
    const half = n >> 1;
    const pairs = mul(slice(y, { end: half }), slice(y, { start: half, end: 2 * half }));
    y = n % 2 === 0 ? pairs : concat([pairs, slice(y, { start: n - 1 })]);
    n = half + (n % 2);
  }
  return reshape(y, shape);
}

import { checkTensor, copyStrided, internal } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkShape, type Shape, sizeOf, stridesOf } from "../util/shape.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { addSamples, checkTensors, defineOp } from "./define-op.js";

const copy = defineOp({
  name: "copy",
  inputs: ["x"],
  strided: true,
  shape({ x }, { shape }: { readonly shape: Shape }) {
    if (sizeOf(shape) !== x.size)
      throw new SeqgradError("shape", `copyOf: ${formatShape(x.shape)} holds ${x.size} elements, ${formatShape(shape)} does not.`);
    return { y: shape };
  },
  dtypes: ({ x }) => ({ y: x.dtype }),
  forward: (_run, { x }, { y }) => copyStrided(x, y.address, stridesOf(x.shape)),
  backward: ({ inputs: { x }, dOutputs: { y: dy } }) => ({ x: dy.view(x.shape, stridesOf(x.shape), dy.offset) }),
});
addSamples(copy, () => [
  { inputs: { x: [3, 17] }, attrs: { shape: [17, 3] } },
  { inputs: { x: { shape: [3, 17], below: 9 } }, attrs: { shape: [51] } },
]);

/**
 * Makes a contiguous copy, by default of the same shape.
 *
 * @param x of any shape and dtype
 * @param shape another shape with as many elements; default the shape of x
 * @returns the copy, with memory of its own
 * @throws SeqgradError `shape` for another number of elements
 * @example
 * const free = sg.copyOf(sg.flip(sg.tensor([1, 2, 3]), { axis: 0 })); // memory of its own
 */
export function copyOf(x: Tensor, shape?: Shape): Tensor {
  const to = checkTensor("copyOf", x, "x") && (shape ?? x.shape);
  checkShape("copyOf", to);
  return copy({ x }, { shape: to }).y;
}

/** Zeros of `shape` in which x stands along `axis` from `start`, `step` apart: the gradient of a slice. */
export function padTo(x: Tensor, shape: Shape, axis: number, start: number, step: number): Tensor {
  const y = fill(empty(x.backend, shape), 0);
  const strides = stridesOf(shape);
  copyStrided(internal(x), y.address + start * nth(strides, axis) * 4, strides.with(axis, nth(strides, axis) * step));
  return y;
}

/** Returns the first of the tensors; throws unless they are an array of at least one tensor. */
export function checkTensorList(op: string, tensors: readonly Tensor[]): Tensor {
  if (!Array.isArray(tensors))
    throw new SeqgradError("value", `${op}: the tensors are ${shown(tensors)}; give them in one array, as in ${op}([a, b]).`);
  checkTensors(op, Array.from(tensors));
  if (tensors.length === 0) throw new SeqgradError("value", `${op}: there is no tensor; give at least one.`);
  return nth(tensors, 0);
}

interface Along {
  readonly axis: number;
}

const concatOp = defineOp<string, { y: Shape }, Along>({
  name: "concat",
  strided: true,
  shape(inputs, { axis }) {
    const tensors = Object.values(inputs);
    const total = tensors.reduce((n, x) => n + nth(x.shape, axis), 0);
    return { y: nth(tensors, 0).shape.with(axis, total) };
  },
  dtypes: (inputs) => ({ y: nth(Object.values(inputs), 0).dtype }),
  forward(_run, inputs, { y }, { axis }) {
    let start = 0;
    for (const x of Object.values(inputs)) {
      copyStrided(internal(x), y.address + start * nth(y.strides, axis) * 4, y.strides);
      start += nth(x.shape, axis);
    }
  },
  backward({ inputs, dOutputs: { y: dy }, attrs: { axis } }) {
    let offset = dy.offset;
    const gradients = Object.entries(inputs).map(([name, x]) => {
      const dx = dy.view(x.shape, dy.strides, offset);
      offset += nth(x.shape, axis) * nth(dy.strides, axis);
      return [name, dx] as const;
    });
    return Object.fromEntries(gradients);
  },
});
addSamples(concatOp, () => [
  { inputs: { a: [2, 3], b: [2, 5] }, attrs: { axis: 1 } },
  { inputs: { a: [2, 3, 4], b: [1, 3, 4], c: [5, 3, 4] }, attrs: { axis: 0 } },
  { inputs: { a: { shape: [2, 3], below: 9 }, b: { shape: [2, 5], below: 9 } }, attrs: { axis: 1 } },
]);

/**
 * Joins tensors one after another along `axis`.
 *
 * @param tensors of one dtype and of one shape except in `axis`, at least one
 * @param options `axis`: the dimension to join; default 0
 * @returns the shape of the tensors, with the sum of their sizes along the axis
 * @throws SeqgradError `shape` or `dtype` if they differ, `range` for an axis that is not there, `value` for no tensor
 * @see PyTorch's cat
 * @example
 * sg.concat([sg.tensor([1, 2]), sg.tensor([3])]); // = [1, 2, 3]
 */
export function concat(tensors: readonly Tensor[], options: AxisOptions = {}): Tensor {
  const first = checkTensorList("concat", tensors);
  const at = axisOf("concat", options, first.rank, 0);
  for (const [i, x] of tensors.entries()) {
    if (x.rank !== first.rank || !x.shape.every((n, d) => d === at || n === first.shape[d])) {
      throw new SeqgradError(
        "shape",
        `concat: tensor ${i} has shape ${formatShape(x.shape)}, tensor 0 ${formatShape(first.shape)}; they may differ in dimension ${at} alone.`,
      );
    }
    if (x.dtype !== first.dtype)
      throw new SeqgradError("dtype", `concat: tensor ${i} is ${x.dtype}, tensor 0 ${first.dtype}; cast one with toFloat or toInt.`);
  }
  return concatOp(Object.fromEntries(tensors.entries()), { axis: at }).y;
}

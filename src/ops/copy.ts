import { copyStrided, empty, fill, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { normalizeAxis, type Shape, stridesOf } from "../util/shape.js";
import { defineOp } from "./define-op.js";

const copy = defineOp<null>({
  name: "copy",
  strided: true,
  shape: ([x]) => [x!.shape],
  forward: (_run, [x], [y]) => copyStrided(x!, y!.address, y!.strides),
  backward: ({ dOutputs: [dy] }) => [dy],
  samples: [{ inputs: [[3, 17]], attrs: null }],
});

const copyInt = defineOp<null>({
  name: "copyInt",
  strided: true,
  shape: ([x]) => [x!.shape],
  dtypes: ["int32"],
  forward: (_run, [x], [y]) => copyStrided(x!, y!.address, y!.strides),
  samples: [{ inputs: [{ shape: [3, 17], below: 9 }], attrs: null }],
});

/** A contiguous copy. */
export const copyOf = (x: Tensor): Tensor => (x.dtype === "int32" ? copyInt : copy)([x], null)[0]!;

/** Zeros of `shape` in which x stands along `axis` from `start`, `step` apart: the gradient of a slice. */
export function padTo(x: Tensor, shape: Shape, axis: number, start: number, step: number): Tensor {
  const y = fill(empty(x.backend, shape), 0);
  const strides = stridesOf(shape);
  copyStrided(x, y.address + start * strides[axis]! * 4, strides.with(axis, strides[axis]! * step));
  return y;
}

interface Along {
  readonly axis: number;
}

const concatShape = (inputs: readonly Tensor[], { axis }: Along) => {
  const total = inputs.reduce((n, x) => n + x.shape[axis]!, 0);
  return [inputs[0]!.shape.with(axis, total)];
};

function concatForward(inputs: readonly Tensor[], y: Tensor, axis: number): void {
  let start = 0;
  for (const x of inputs) {
    copyStrided(x, y.address + start * y.strides[axis]! * 4, y.strides);
    start += x.shape[axis]!;
  }
}

const concatOp = defineOp<Along>({
  name: "concat",
  strided: true,
  shape: concatShape,
  forward: (_run, inputs, [y], { axis }) => concatForward(inputs, y!, axis),
  backward({ inputs, dOutputs: [dy], attrs: { axis } }) {
    let start = 0;
    return inputs.map((x) => {
      const offset = start * dy!.strides[axis]!;
      start += x.shape[axis]!;
      return dy!.view(x.shape, dy!.strides, dy!.offset + offset);
    });
  },
  samples: [
    {
      inputs: [
        [2, 3],
        [2, 5],
      ],
      attrs: { axis: 1 },
    },
    {
      inputs: [
        [2, 3, 4],
        [1, 3, 4],
        [5, 3, 4],
      ],
      attrs: { axis: 0 },
    },
  ],
});

const concatInt = defineOp<Along>({
  name: "concatInt",
  strided: true,
  shape: concatShape,
  dtypes: ["int32"],
  forward: (_run, inputs, [y], { axis }) => concatForward(inputs, y!, axis),
  samples: [
    {
      inputs: [
        { shape: [2, 3], below: 9 },
        { shape: [2, 5], below: 9 },
      ],
      attrs: { axis: 1 },
    },
  ],
});

/**
 * Tensors one after another along `axis`; the other dimensions must agree.
 *
 * @throws SeqgradError `shape` or `dtype` when they do not.
 */
export function concat(tensors: readonly Tensor[], axis = 0): Tensor {
  const first = tensors[0];
  if (!first) throw new SeqgradError("value", "concat: there is nothing to concatenate; give at least one tensor.");
  const at = normalizeAxis("concat", axis, first.rank);
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
  return (first.dtype === "int32" ? concatInt : concatOp)(tensors, { axis: at })[0]!;
}

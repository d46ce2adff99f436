import type { Tensor } from "../tensor/tensor.js";
import { broadcastShapes } from "../util/shape.js";
import { div, mul } from "./binary.js";
import { checkTensors, defineOp } from "./define-op.js";
import { expand } from "./expand.js";
import { floor, neg, operands } from "./unary.js";

const divisors = { shape: [3, 7], from: 0.4, to: 1.9 };

const remainderOp = defineOp<null>({
  name: "remainder",
  kernels: ["remainder"],
  shape: ([a]) => [a!.shape],
  dtypes: ([a]) => [a!.dtype],
  forward: (run, [a, b], [y]) => run("remainder", { a: a!, b: b!, y: y!, integer: Number(a!.dtype === "int32"), n: y!.size }),
  backward: ({ inputs: [a, b], dOutputs: [dy], needs }) => [dy, needs(1) ? neg(mul(dy!, floor(div(a!, b!)))) : undefined],
  samples: [
    {
      inputs: [
        { shape: [3, 7], from: -5, to: 5, constant: true },
        { ...divisors, constant: true },
      ],
      attrs: null,
    },
    {
      inputs: [
        { shape: [5], below: 30, least: -30 },
        { shape: [5], below: 9, least: 1 },
      ],
      attrs: null,
    },
  ],
});

/**
 * The rest of a / b with the sign of b, a - b floor(a / b), elementwise, with broadcasting; either may be a number. int32 beside int32 or a
 * whole number stays int32, in which a number modulo 0 is 0; in float32 it is NaN.
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.remainder(sg.tensor([-1, 5, 7.5]), 3); // = [2, 2, 1.5]
 */
export function remainder(a: Tensor | number, b: Tensor | number): Tensor {
  const [x, y] = operands(a, b);
  checkTensors("remainder", [x, y]);
  const shape = broadcastShapes("remainder", x.shape, y.shape);
  return remainderOp([expand(x, shape), expand(y, shape)], null)[0]!;
}

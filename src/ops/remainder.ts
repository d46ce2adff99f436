import type { Tensor } from "../tensor/tensor.js";
import { broadcastShapes } from "../util/shape.js";
import { div, mul } from "./binary.js";
import { addSamples, checkTensors, defineOp } from "./define-op.js";
import { expand } from "./expand.js";
import { floor, neg, operands } from "./unary.js";

const divisors = { shape: [3, 7], from: 0.4, to: 1.9 };

const remainderOp = defineOp({
  name: "remainder",
  inputs: ["a", "b"],
  kernels: ["remainder"],
  shape: ({ a }) => ({ y: a.shape }),
  dtypes: ({ a }) => ({ y: a.dtype }),
  forward: (run, { a, b }, { y }) => run("remainder", { a, b, y, integer: Number(a.dtype === "int32"), n: y.size }),
  backward: ({ inputs: { a, b }, dOutputs: { y: dy }, needs }) => ({
    a: dy,
    b: needs("b") ? neg(mul(dy, floor(div(a, b)))) : undefined,
  }),
});
addSamples(remainderOp, () => [
  { inputs: { a: { shape: [3, 7], from: -5, to: 5, constant: true }, b: { ...divisors, constant: true } } },
  { inputs: { a: { shape: [5], below: 30, least: -30 }, b: { shape: [5], below: 9, least: 1 } } },
]);

/**
 * The rest of a / b with the sign of b, a - b floor(a / b), elementwise, with broadcasting. int32 and int32, or int32 and a whole number,
 * stay int32, in which a number modulo 0 is 0; in float32 it is NaN.
 *
 * @param a a tensor or a number
 * @param b a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.remainder(sg.tensor([-1, 5, 7.5]), 3); // = [2, 2, 1.5]
 */
export function remainder(a: Tensor | number, b: Tensor | number): Tensor {
  const [x, y] = operands(a, b);
  checkTensors("remainder", [x, y], ["a", "b"]);
  const shape = broadcastShapes("remainder", x.shape, y.shape);
  return remainderOp({ a: expand(x, shape), b: expand(y, shape) }).y;
}

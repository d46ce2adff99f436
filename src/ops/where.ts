import { checkTensor } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastShapes } from "../util/shape.js";
import { addSamples, defineOp } from "./define-op.js";
import { Elementwise } from "./elementwise.js";
import { sumTo } from "./reduce.js";
import { operand, operands, toFloat } from "./unary.js";

const whereOp = defineOp({
  name: "where",
  inputs: ["condition", "a", "b"],
  strided: true,
  shape: ({ condition, a, b }) => ({ y: broadcastShapes("where", condition.shape, broadcastShapes("where", a.shape, b.shape)) }),
  dtypes: ({ a }) => ({ y: a.dtype }),
  forward: (run, { condition, a, b }, { y }) => void new Elementwise(run, [condition, a, b], y).where(condition, a, b, y),
  backward({ run, inputs: { condition, a, b }, outputs: { y }, dOutputs: { y: dy }, needs }) {
    const zero = fill(empty(y.backend, []), 0);
    const on = new Elementwise(run, [condition, zero], y);
    return {
      a: needs("a") ? sumTo(on.where(condition, dy, zero), a.shape) : undefined,
      b: needs("b") ? sumTo(on.where(condition, zero, dy), b.shape) : undefined,
    };
  },
});
addSamples(whereOp, () => [
  { inputs: { condition: { shape: [5], below: 2 }, a: [5], b: [5] } },
  { inputs: { condition: { shape: [4, 1], below: 2 }, a: [4, 9], b: [1] } },
]);

/**
 * a where the condition is not 0, else b, elementwise, with broadcasting. int32 and int32, or int32 and a whole number, stay int32.
 *
 * @param condition of any shape, float32 or int32
 * @param a a tensor or a number
 * @param b a tensor or a number
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.where(sg.tensor([1, 0]), sg.tensor([5, 6]), -1); // = [5, -1]
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkTensor("where", condition, "the condition");
  const isNumbers = typeof a === "number" && typeof b === "number";
  const [x, y] = isNumbers ? [operand(a, condition), operand(b, condition)] : operands(a, b);
  return whereOp({ condition: toFloat(condition), a: x, b: y }).y;
}

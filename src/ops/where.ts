import { checkTensor, empty, fill, type Tensor } from "../tensor/tensor.js";
import { broadcastShapes } from "../util/shape.js";
import { defineOp } from "./define-op.js";
import { Elementwise } from "./elementwise.js";
import { sumTo } from "./reduce.js";
import { operand, operands, toFloat } from "./unary.js";

const whereOp = defineOp<null>({
  name: "where",
  strided: true,
  dtypes: ([, a]) => [a!.dtype],
  shape: ([condition, a, b]) => [broadcastShapes("where", condition!.shape, broadcastShapes("where", a!.shape, b!.shape))],
  forward: (run, inputs, [y]) => void new Elementwise(run, inputs, y!).where(inputs[0]!, inputs[1]!, inputs[2]!, y),
  backward({ run, inputs: [condition, a, b], outputs: [y], dOutputs: [dy], needs }) {
    const zero = fill(empty(y!.backend, []), 0);
    const on = new Elementwise(run, [condition!, zero], y!);
    return [
      undefined,
      needs(1) ? sumTo(on.where(condition!, dy!, zero), a!.shape) : undefined,
      needs(2) ? sumTo(on.where(condition!, zero, dy!), b!.shape) : undefined,
    ];
  },
  samples: [
    { inputs: [{ shape: [5], below: 2 }, [5], [5]], attrs: null },
    { inputs: [{ shape: [4, 1], below: 2 }, [4, 9], [1]], attrs: null },
  ],
});

/**
 * a where the condition is not 0, else b, elementwise, with broadcasting; a and b may be numbers. int32 beside int32
 * or a whole number stays int32.
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.where(sg.tensor([1, 0]), sg.tensor([5, 6]), -1); // = [5, -1]
 */
export function where(condition: Tensor, a: Tensor | number, b: Tensor | number): Tensor {
  checkTensor("where", condition, "the condition");
  const isNumbers = typeof a === "number" && typeof b === "number";
  const choices = isNumbers ? [operand(a, condition), operand(b, condition)] : operands(a, b);
  return whereOp([toFloat(condition), ...choices], null)[0]!;
}

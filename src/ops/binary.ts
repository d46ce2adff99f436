import type { DType } from "../backend/backend.js";
import { type BinaryOp, binaryOps } from "../backend/kernels.js";
import { type InternalTensor, internal } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { refuseExtra } from "../util/options.js";
import { broadcastShapes, type Shape } from "../util/shape.js";
import { addSamples, type BackwardContext, defineOp, type Run } from "./define-op.js";
import { Elementwise } from "./elementwise.js";
import { sumTo } from "./reduce.js";
import { affine, areWhole, log, neg, operand, operands, powScalar } from "./unary.js";

/** The values that gradients are computed from; y = f(a, b). */
interface Terms {
  readonly run: Run;
  readonly dy: InternalTensor;
  readonly a: InternalTensor;
  readonly b: InternalTensor;
  readonly y: InternalTensor;
  readonly needs: (name: "a" | "b") => boolean;
}

/** dLoss/da and dLoss/db, before the sums that undo broadcasting. */
type Gradient = (terms: Terms) => { readonly a: Tensor | undefined; readonly b: Tensor | undefined };

const positive = (shape: readonly number[]) => ({ shape, from: 0.3, to: 3 });
const samples = () =>
  (
    [
      [[1], [1]],
      [
        [3, 5],
        [3, 5],
      ],
      [
        [4, 1, 7],
        [2, 1],
      ],
      [[33, 17], [17]],
      [[], [9]],
      [
        [2, 3, 1, 2, 3, 2],
        [3, 5, 1, 3, 1],
      ],
    ] as const
  ).map(([a, b]) => ({ inputs: { a: positive(a), b: positive(b) } }));

/** The form for int32 operands, if there is one: it has no gradient, and comparisons give float32, as of float32. */
/* @__NO_SIDE_EFFECTS__ */
function integerForm(name: BinaryOp, dtype: DType) {
  const exact = binaryOps.find((op) => op === `${name}Int32`);
  if (!exact) return undefined;
  const integers = (shape: readonly number[], end: number) => ({ shape, below: end, least: -end });
  const call = defineOp({
    name: exact,
    inputs: ["a", "b"],
    strided: true,
    shape: ({ a, b }) => ({ y: broadcastShapes(name, a.shape, b.shape) }),
    dtypes: () => ({ y: dtype }),
    forward: (run, { a, b }, { y }) => void new Elementwise(run, [a, b], y).binary(exact, a, b, y),
  });
  addSamples(call, () => [
    { inputs: { a: integers([3, 5], 3), b: integers([5], 3) } },
    { inputs: { a: integers([4, 1, 7], 2 ** 31), b: integers([2, 1], 2 ** 31) } },
  ]);
  return call;
}

/** One operation of the binary family, with broadcasting. */
/* @__NO_SIDE_EFFECTS__ */
function binary(name: BinaryOp, gradient?: Gradient) {
  const run = defineOp({
    name,
    inputs: ["a", "b"],
    strided: true,
    shape: ({ a, b }) => ({ y: broadcastShapes(name, a.shape, b.shape) }),
    forward: (run, { a, b }, { y }) => void new Elementwise(run, [a, b], y).binary(name, a, b, y),
    ...(gradient && {
      backward(context: BackwardContext<"a" | "b", never, { y: Shape }, never, unknown>) {
        const { run, inputs, outputs, dOutputs, needs } = context;
        const { a, b } = inputs;
        const { a: da, b: db } = gradient({ run, dy: dOutputs.y, a, b, y: outputs.y, needs });
        return { a: needs("a") && da ? sumTo(da, a.shape) : undefined, b: needs("b") && db ? sumTo(db, b.shape) : undefined };
      },
    }),
  });
  addSamples(run, samples);
  const exact = integerForm(name, gradient ? "int32" : "float32");
  return (first: Tensor | number, second: Tensor | number, ...extra: never[]): Tensor => {
    refuseExtra(name, extra);
    const [a, b] = exact ? operands(first, second) : [operand(first, second), operand(second, first)];
    return (exact && a?.dtype === "int32" ? exact : run)({ a, b }).y;
  };
}

/** To the operand that wins the comparison, half to each on a tie. */
const byWin =
  /* @__NO_SIDE_EFFECTS__ */
    (wins: "greater" | "less"): Gradient =>
    ({ run, dy, a, b, y, needs }) => {
      const on = new Elementwise(run, [a, b], y);
      const share = on.binary(wins, a, b);
      on.binary("add", share, on.binary(`${wins}Equal`, a, b), share);
      const da = internal(affine(on.binary("mul", share, dy, share), 0.5));
      return { a: da, b: needs("b") ? on.binary("sub", dy, da) : undefined };
    };

/**
 * a + b, elementwise, with broadcasting. int32 and int32, or int32 and a whole number, stay int32, which wraps around beyond 2^31 - 1 as in
 * PyTorch; int32 and float32 become float32.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.add(sg.fromArray([[1], [2]]), sg.tensor([10, 20])); // = [[11, 21], [12, 22]]
 */
export const add = binary("add", ({ dy }) => ({ a: dy, b: dy }));
/**
 * a - b, elementwise, with broadcasting. int32 and int32, or int32 and a whole number, stay int32, which wraps around.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const sub = binary("sub", ({ dy, needs }) => ({ a: dy, b: needs("b") ? neg(dy) : undefined }));
/**
 * a b, elementwise, with broadcasting. int32 and int32, or int32 and a whole number, stay int32, which wraps around.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const mul = binary("mul", ({ run, dy, a, b, y, needs }) => {
  const on = new Elementwise(run, [a, b], y);
  return { a: needs("a") ? on.binary("mul", dy, b) : undefined, b: needs("b") ? on.binary("mul", dy, a) : undefined };
});
/**
 * a / b, elementwise, with broadcasting.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const div = binary("div", ({ run, dy, a, b, y, needs }) => {
  const on = new Elementwise(run, [a, b], y);
  const da = on.binary("div", dy, b);
  return { a: da, b: needs("b") ? neg(on.binary("mul", da, y)) : undefined };
});
const general = binary("pow", ({ run, dy, a, b, y, needs }) => {
  const one = fill(empty(y.backend, []), 1);
  const on = new Elementwise(run, [a, b, one], y);
  const times = (x: InternalTensor, factor: InternalTensor) => on.binary("mul", x, factor, x);
  /** dy b a^(b - 1); 0 where b is. */
  const toBase = () => {
    const less = on.binary("sub", b, one);
    return times(times(on.where(b, on.binary("pow", a, less, less), one), b), dy);
  };
  /** dy y log a; 0 where y is. */
  const toExponent = () => times(times(internal(log(on.where(y, a, one))), y), dy);
  return { a: needs("a") ? toBase() : undefined, b: needs("b") ? toExponent() : undefined };
});
/**
 * a^b, elementwise, with broadcasting. int32 with a whole number b of at least 0 stays int32.
 *
 * @param a a tensor or a number
 * @param b a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast, `dtype` for exponents in an int32 tensor of an int32 or whole base, `range` for
 *   a whole number b below 0 of int32
 * @example
 * sg.pow(sg.tensor([2, 3]), 3); // = [8, 27]
 */
export function pow(a: Tensor | number, b: Tensor | number): Tensor {
  if (typeof b === "number" && typeof a !== "number") return powScalar(a, b);
  if (areWhole(a, b))
    throw new SeqgradError("dtype", "pow: both are whole numbers, and the exponents are a tensor; take toFloat() of one.");
  return general(a, b);
}
/**
 * The larger of a and b, elementwise, with broadcasting. NaN wins; the gradient of a tie is shared; int32 and int32, or int32 and a whole
 * number, stay int32.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.maximum(sg.tensor([1, 5]), 3); // = [3, 5]
 */
export const maximum = binary("maximum", byWin("greater"));
/**
 * The smaller of a and b, elementwise, with broadcasting. NaN wins; the gradient of a tie is shared; int32 and int32, or int32 and a whole
 * number, stay int32.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const minimum = binary("minimum", byWin("less"));
/**
 * 1 where a = b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const equal = binary("equal");
/**
 * 1 where a != b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const notEqual = binary("notEqual");
/**
 * 1 where a < b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const less = binary("less");
/**
 * 1 where a <= b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const lessEqual = binary("lessEqual");
/**
 * 1 where a > b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const greater = binary("greater");
/**
 * 1 where a >= b, else 0, elementwise, with broadcasting; no gradient flows.
 *
 * @param first a, a tensor or a number
 * @param second b, a tensor or a number; not both are numbers
 * @returns the broadcast shape, float32
 * @throws SeqgradError `shape` when they do not broadcast
 */
export const greaterEqual = binary("greaterEqual");

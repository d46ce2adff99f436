import { type UnaryOp, unaryOps } from "../backend/kernels.js";
import { checkTensor } from "../tensor/internal.js";
import { empty, fill } from "../tensor/memory.js";
import { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkNumber, firstNotInt32 } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, refuseExtra } from "../util/options.js";
import { addSamples, constant, defineOp } from "./define-op.js";
import { ofInt32 } from "./integer.js";

interface Scalars {
  readonly a: number;
  readonly b: number;
}

const anywhere = { from: -3, to: 3 };
const positive = { from: 0.1, to: 4 };

/** One operation of the unary family: y = f(x) elementwise, dx = dy f'(x), each in one pass. */
/* @__NO_SIDE_EFFECTS__ */
function unary(name: UnaryOp, domain: { from: number; to: number } = anywhere, attrs: Scalars = { a: 0, b: 0 }) {
  const op = unaryOps.indexOf(name);
  const run = defineOp({
    name,
    inputs: ["x"],
    shape: ({ x }) => ({ y: x.shape }),
    forward: (run, { x }, { y }, { a, b }: Scalars) => run("unary", { x, y, op, n: x.size, a, b }),
    backward({ run, inputs: { x }, outputs: { y }, dOutputs: { y: dy }, attrs: { a, b }, gradientLike }) {
      const dx = gradientLike("x");
      run("unaryBackward", { x, y, dy, dx, op, n: x.size, a, b });
      return { x: dx };
    },
  });
  addSamples(run, () => [[1], [7], [3, 33], [64, 257]].map((shape) => ({ inputs: { x: { shape, ...domain } }, attrs })));
  return (x: Tensor, scalars: Scalars = attrs) => ofInt32(name, x, scalars.a, scalars.b) ?? run({ x: toFloat(x) }, scalars).y;
}

/** An operation of the family that takes no scalars. */
/* @__NO_SIDE_EFFECTS__ */
function plain(name: UnaryOp, domain?: { from: number; to: number }): (x: Tensor) => Tensor {
  const op = unary(name, domain);
  return (x, ...extra: unknown[]) => {
    refuseExtra(name, extra);
    return op(x);
  };
}

/** Casts, which have no gradient. */
const cast = /* @__NO_SIDE_EFFECTS__ */ (name: "toInt32" | "toFloat32") => {
  const op = unaryOps.indexOf(name);
  const call = defineOp({
    name,
    inputs: ["x"],
    shape: ({ x }) => ({ y: x.shape }),
    dtypes: () => ({ y: name === "toInt32" ? "int32" : "float32" }),
    forward: (run, { x }, { y }) => run("unary", { x, y, op, n: x.size, a: 0, b: 0 }),
  });
  addSamples(call, () => [{ inputs: { x: name === "toInt32" ? { shape: [5, 7], from: -9, to: 9 } : { shape: [5, 7], below: 9 } } }]);
  return call;
};
/** Rounds toward zero; what int32 does not hold saturates, and NaN is 0. */
export const toInt32 = cast("toInt32");
const toFloat32 = cast("toFloat32");

/** The elements as float32; what is not a tensor is left to the operation that needs it. */
export const toFloat = (x: Tensor): Tensor => (x instanceof Tensor && x.dtype === "int32" ? toFloat32({ x }).y : x);

/** The operands of an operation of tensors and numbers: a number becomes a scalar on the device of the other operand. */
export function operand(x: Tensor | number, other: Tensor | number): Tensor {
  return typeof x === "number" && other instanceof Tensor ? fill(empty(other.backend, []), x) : toFloat(x as Tensor);
}

/** True if both are int32, of which one may be a whole number of int32. */
export const areWhole = (a: Tensor | number, b: Tensor | number): boolean =>
  [a, b].some((x) => x instanceof Tensor) && [a, b].every((x) => (x instanceof Tensor ? x.dtype === "int32" : firstNotInt32([x]) < 0));

/** Two operands of one type: an int32 tensor stays int32 with another and with a whole number of int32; else both become float32. */
export function operands(a: Tensor | number, b: Tensor | number): [Tensor, Tensor] {
  if (!areWhole(a, b)) return [operand(a, b), operand(b, a)];
  const integer = (x: Tensor | number, other: Tensor | number) => {
    if (x instanceof Tensor) return x;
    return other instanceof Tensor ? constant(other, Int32Array.of(x), []) : operand(x, other);
  };
  return [integer(a, b), integer(b, a)];
}

const affineOp = unary("affine", anywhere, { a: -1.5, b: 0.5 });
const powerOp = unary("power", positive, { a: 2.5, b: 0 });
const leakyReluOp = unary("leakyRelu", anywhere, { a: 0.01, b: 0 });
const clampOp = unary("clamp", anywhere, { a: -1, b: 1 });
const geluExact = unary("gelu");
const geluTanh = unary("geluTanh");

/**
 * Computes scale x + shift, elementwise; int32 with whole numbers stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param scale the factor
 * @param shift the number to add; default 0
 * @returns the shape of x
 * @throws SeqgradError `value` for a scale or shift that is not a number
 * @example
 * sg.affine(sg.tensor([1, 2]), 10, -1); // = [9, 19]
 */
export const affine = (x: Tensor, scale: number, shift = 0): Tensor =>
  affineOp(x, { a: checkNumber("affine", "scale", scale), b: checkNumber("affine", "shift", shift) });
/**
 * -x, elementwise; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const neg = (x: Tensor): Tensor => affine(checkTensor("neg", x, "x"), -1);
/**
 * |x|, elementwise; the gradient at 0 is 0; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const abs = plain("abs");
/**
 * -1, 0 or 1, elementwise; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const sign = plain("sign");
/**
 * e^x, elementwise; relative error below 3e-7.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 */
export const exp = plain("exp");
/**
 * The natural logarithm, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32; -Infinity for 0, NaN below
 */
export const log = plain("log", positive);
/**
 * The square root, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32; NaN below 0
 */
export const sqrt = plain("sqrt", positive);
/**
 * x^2, elementwise; int32 stays int32 and wraps around beyond 2^31 - 1.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const square = plain("square");
/**
 * 1 / x, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 */
export const reciprocal = plain("reciprocal", positive);
/**
 * sin x of radians, elementwise.
 *
 * @param x of any shape, in radians
 * @returns the shape of x, float32
 */
export const sin = plain("sin");
/**
 * cos x of radians, elementwise.
 *
 * @param x of any shape, in radians
 * @returns the shape of x, float32
 */
export const cos = plain("cos");
/**
 * The hyperbolic tangent, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32, in [-1, 1]
 */
export const tanh = plain("tanh");
/**
 * 1 / (1 + e^-x), elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32, in [0, 1]
 */
export const sigmoid = plain("sigmoid");
/**
 * max(x, 0), elementwise; the gradient at 0 is 0; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const relu = plain("relu");
/**
 * x where positive, else `slope x`, elementwise.
 *
 * @param x of any shape, float32
 * @param slope the factor of negative elements; default 0.01
 * @returns the shape of x
 * @throws SeqgradError `value` for a slope that is not a finite number, `dtype` for int32
 * @see Maas, Hannun and Ng 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models"
 * @example
 * sg.leakyRelu(sg.tensor([-1, 2]), 0.1); // = [-0.1, 2]
 */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => leakyReluOp(x, { a: checkFinite("leakyRelu", "slope", slope), b: 0 });
/**
 * x Phi(x), elementwise, where Phi is the cumulative function of the normal distribution.
 *
 * @param x of any shape, float32
 * @param options `approximate`: the tanh form, as in GPT-2; default false
 * @returns the shape of x, float32
 * @throws SeqgradError `value` for an approximate that is not true or false, `dtype` for int32
 * @see Hendrycks and Gimpel 2016, "Gaussian Error Linear Units"
 * @example
 * sg.gelu(sg.tensor([1]), { approximate: true }); // = [0.8412]
 */
export function gelu(x: Tensor, options: { approximate?: boolean } = {}): Tensor {
  checkOptions("gelu", options, ["approximate"]);
  return checkBoolean("gelu", "approximate", options.approximate ?? false) ? geluTanh(x) : geluExact(x);
}
/**
 * x sigmoid(x), elementwise; also called swish.
 *
 * @param x of any shape, float32
 * @returns the shape of x, float32
 * @throws SeqgradError `dtype` for int32
 */
export const silu = plain("silu");
/**
 * log(1 + e^x), elementwise.
 *
 * @param x of any shape, float32
 * @returns the shape of x, float32
 * @throws SeqgradError `dtype` for int32
 */
export const softplus = plain("softplus");
/**
 * The largest whole number that is not above, elementwise; no gradient flows; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 */
export const floor = plain("floor");
/** x^exponent, elementwise, for a fixed exponent; int32 with a whole exponent of at least 0 stays int32. */
export const powScalar = (x: Tensor, exponent: number): Tensor => powerOp(x, { a: checkNumber("pow", "the exponent", exponent), b: 0 });

/**
 * x limited to [low, high], elementwise; the gradient passes inside, bounds included; int32 with whole bounds stays int32.
 *
 * @param x of any shape, float32 or int32
 * @param low the least value
 * @param high the largest value
 * @returns the shape of x
 * @throws SeqgradError `range` if low > high, `value` for a bound that is not a number
 * @example
 * sg.clamp(sg.tensor([-2, 0.5, 3]), 0, 1); // = [0, 0.5, 1]
 */
export function clamp(x: Tensor, low: number, high: number): Tensor {
  checkNumber("clamp", "low", low);
  checkNumber("clamp", "high", high);
  if (!(low <= high)) throw new SeqgradError("range", `clamp: low ${low} is above high ${high}; swap them.`);
  return clampOp(x, { a: low, b: high });
}

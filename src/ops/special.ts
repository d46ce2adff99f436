import { type SpecialOp, specialOps } from "../backend/kernels.js";
import { Tensor } from "../tensor/tensor.js";
import { refuseExtra } from "../util/options.js";
import { addSamples, defineOp } from "./define-op.js";
import { toFloat } from "./unary.js";

/** One function of the family: y = f(x) elementwise, dx = dy f'(x), each in one pass. Of int32, whole numbers stay as they are. */
/* @__NO_SIDE_EFFECTS__ */
function special(name: SpecialOp, from: number, to: number): (x: Tensor) => Tensor {
  const op = specialOps.indexOf(name);
  const run = defineOp({
    name,
    inputs: ["x"],
    kernels: ["special", "specialBackward"],
    shape: ({ x }) => ({ y: x.shape }),
    forward: (run, { x }, { y }) => run("special", { x, y, op, n: x.size }),
    backward({ run, inputs: { x }, outputs: { y }, dOutputs: { y: dy }, gradientLike }) {
      const dx = gradientLike("x");
      run("specialBackward", { x, y, dy, dx, op, n: x.size });
      return { x: dx };
    },
  });
  addSamples(run, () => [[1], [7], [3, 33]].map((shape) => ({ inputs: { x: { shape, from, to } } })));
  const keepsWhole = name === "round" || name === "ceil" || name === "trunc";
  return (x, ...extra: unknown[]) => {
    refuseExtra(name, extra);
    return keepsWhole && x instanceof Tensor && x.dtype === "int32" ? x : run({ x: toFloat(x) }).y;
  };
}

/**
 * The nearest whole number, elementwise; of two that are as near, the even one. No gradient flows; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 * @example
 * sg.round(sg.tensor([0.5, 1.5, -2.7])); // = [0, 2, -3]
 */
export const round = special("round", -3, 3);
/**
 * The least whole number that is not below, elementwise; no gradient flows; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 * @example
 * sg.ceil(sg.tensor([0.2, -0.7])); // = [1, 0]
 */
export const ceil = special("ceil", -3, 3);
/**
 * The whole part, rounded toward zero, elementwise; no gradient flows; int32 stays int32.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape and dtype of x
 * @example
 * sg.trunc(sg.tensor([1.7, -1.7])); // = [1, -1]
 */
export const trunc = special("trunc", -3, 3);
/**
 * 1 / sqrt(x), elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 * @example
 * sg.rsqrt(sg.tensor([4])); // = [0.5]
 */
export const rsqrt = special("rsqrt", 0.1, 4);
/**
 * ln(1 + x), elementwise, exact for small x too, where 1 + x would lose its digits.
 *
 * @param x of any shape, above -1
 * @returns the shape of x, float32
 * @example
 * sg.log1p(sg.tensor([0, 1])); // = [0, Math.LN2]
 */
export const log1p = special("log1p", -0.9, 4);
/**
 * e^x - 1, elementwise, exact for small x too, where e^x - 1 would lose its digits.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32
 * @example
 * sg.expm1(sg.tensor([0, 1])); // = [0, Math.E - 1]
 */
export const expm1 = special("expm1", -3, 3);
/**
 * The error function, 2 / sqrt(pi) times the integral of e^(-t^2) from 0 to x, elementwise.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, float32, in [-1, 1]
 * @example
 * sg.erf(sg.tensor([0, 1])); // = [0, 0.8427]
 */
export const erf = special("erf", -3, 3);

import type { BinaryOp } from "../backend/kernels.js";
import { empty, fill } from "../tensor/memory.js";
import { Tensor } from "../tensor/tensor.js";
import { firstNotInt32 } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { addSamples, defineOp } from "./define-op.js";
import { Elementwise } from "./elementwise.js";

/** y becomes f(y, operand): a whole number of int32, x, or y itself. y begins as x. */
type Step = readonly [f: Extract<BinaryOp, `${string}Int32`>, operand: number | "x" | "y"];

/**
 * Functions of one variable that stay int32, as PyTorch's do, made of int32 sums, products and extremes, which are exact and wrap around
 * beyond 2^31 - 1. Undefined where the other numbers make x float32. What is not here computes in float32, or refuses int32.
 */
const forms = {
  affine: (scale: number, shift: number): Step[] | undefined =>
    areInt32([scale, shift])
      ? [
          ["mulInt32", scale],
          ["addInt32", shift],
        ]
      : undefined,
  abs: (): Step[] => [
    ["mulInt32", -1],
    ["maximumInt32", "x"],
  ],
  sign: (): Step[] => [
    ["maximumInt32", -1],
    ["minimumInt32", 1],
  ],
  relu: (): Step[] => [["maximumInt32", 0]],
  floor: (): Step[] => [["maximumInt32", "x"]],
  square: (): Step[] => [["mulInt32", "x"]],
  clamp: (low: number, high: number): Step[] | undefined => {
    // An infinite bound bounds nothing.
    const bounds = [low === Number.NEGATIVE_INFINITY ? -(2 ** 31) : low, high === Number.POSITIVE_INFINITY ? 2 ** 31 - 1 : high] as const;
    return areInt32(bounds)
      ? [
          ["maximumInt32", bounds[0]],
          ["minimumInt32", bounds[1]],
        ]
      : undefined;
  },
  power: (exponent: number): Step[] | undefined => {
    if (!Number.isSafeInteger(exponent)) return undefined;
    if (exponent < 0) throw new SeqgradError("range", `pow: int32 has no power ${exponent}, a fraction; take toFloat(x) first.`);
    if (exponent === 0) return forms.affine(0, 1);
    // Square and multiply, from the second bit on.
    const bits = exponent.toString(2).slice(1);
    return [["maximumInt32", "x"], ...[...bits].flatMap((bit): Step[] => [["mulInt32", "y"], ...(bit === "1" ? timesX : [])])];
  },
};
const timesX: readonly Step[] = [["mulInt32", "x"]];
const areInt32 = (numbers: readonly number[]) => firstNotInt32(numbers) < 0;

/** PyTorch has these for floating point alone. */
const refused: readonly string[] = ["leakyRelu", "gelu", "geluTanh", "silu", "softplus"];

const stepsOp = defineOp({
  name: "int32",
  inputs: ["x"],
  strided: true,
  shape: ({ x }, _steps: readonly Step[]) => ({ y: x.shape }),
  dtypes: () => ({ y: "int32" }),
  forward(run, { x }, { y }, steps) {
    const calls = steps.map(([f, operand]) => {
      if (typeof operand === "number") return { f, b: fill(empty(x.backend, [], "int32"), operand) };
      return { f, b: operand === "x" ? x : y };
    });
    const numbers = calls.flatMap(({ b }) => (b === x || b === y ? [] : [b]));
    const on = new Elementwise(run, [x, ...numbers], y);
    for (const [i, { f, b }] of calls.entries()) on.binary(f, i === 0 ? x : y, b, y);
  },
});
addSamples(stepsOp, () =>
  [forms.affine(-3, 7), forms.abs(), forms.sign(), forms.power(5)].map((attrs = []) => ({
    inputs: { x: { shape: [5, 7], below: 2 ** 31, least: -(2 ** 31) } },
    attrs,
  })),
);

/** Throws for int32, which the operation could compute in float32 alone, beyond 2^24 with rounding that PyTorch refuses too. */
export function refuseInt32(op: string, x: Tensor): void {
  if (x.dtype === "int32") throw new SeqgradError("dtype", `${op}: x is int32, expected float32; take toFloat(x) first.`);
}

/** f(x) in int32, where x is int32 and f has such a form. @throws SeqgradError `dtype` where there is none and float32 would be a guess */
export function ofInt32(name: string, x: Tensor, a: number, b: number): Tensor | undefined {
  if (!(x instanceof Tensor && x.dtype === "int32")) return undefined;
  if (refused.includes(name)) refuseInt32(name.replace("Tanh", ""), x);
  const [, form] = Object.entries(forms).find(([known]) => known === name) ?? [];
  const steps = form?.(a, b);
  return steps && stepsOp({ x }, steps).y;
}

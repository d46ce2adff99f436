import type { BinaryOp, UnaryOp } from "../kernels.js";

/** A unary function and its derivative, given x and y = f(x); a and b are the kernel's scalars. */
interface Unary {
  f(x: number, a: number, b: number): number;
  df(x: number, y: number, a: number, b: number): number;
  /** True if the derivative is 1 or 0 and lets the gradient pass or not, even an infinite one. */
  readonly gates?: true;
}

/** 1, 0 or -1; 0 for NaN. */
const sign = (x: number) => Number(x > 0) - Number(x < 0);

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));
const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const normalDensity = (x: number) => Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
const normalCdf = (x: number) => 0.5 * (1 + erf(x / Math.SQRT2));

/** erf to float64 accuracy: Maclaurin's series up to 3, Lentz's continued fraction of erfc beyond (Abramowitz and Stegun 7.1.5, 7.1.14). */
export function erf(x: number): number {
  const z = Math.abs(x);
  if (z > 6) return Math.sign(x);
  if (z < 3) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = z;
  for (let n = 60; n >= 1; n--) fraction = z + n / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-z * z) / (Math.sqrt(Math.PI) * fraction));
}

const none = () => 0;

export const unary: Record<UnaryOp, Unary> = {
  affine: { f: (x, a, b) => a * x + b, df: (_x, _y, a) => a },
  abs: { f: Math.abs, df: sign },
  sign: { f: sign, df: none },
  exp: { f: Math.exp, df: (_x, y) => y },
  log: { f: Math.log, df: (x) => 1 / x },
  sqrt: { f: Math.sqrt, df: (_x, y) => 0.5 / y },
  square: { f: (x) => x * x, df: (x) => 2 * x },
  reciprocal: { f: (x) => 1 / x, df: (_x, y) => -y * y },
  power: { f: (x, a) => x ** a, df: (x, _y, a) => (a === 0 ? 0 : a * x ** (a - 1)) },
  sin: { f: Math.sin, df: (x) => Math.cos(x) },
  cos: { f: Math.cos, df: (x) => -Math.sin(x) },
  tanh: { f: Math.tanh, df: (_x, y) => 1 - y * y },
  sigmoid: { f: sigmoid, df: (_x, y) => y * (1 - y) },
  relu: { f: (x) => Math.max(x, 0), df: (x) => (x <= 0 ? 0 : 1), gates: true },
  leakyRelu: { f: (x, a) => (x > 0 ? x : a * x), df: (x, _y, a) => (x > 0 ? 1 : a) },
  gelu: { f: (x) => x * normalCdf(x), df: (x) => normalCdf(x) + x * normalDensity(x) },
  geluTanh: {
    f: (x) => 0.5 * x * (1 + Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x ** 3))),
    df: (x) => {
      const t = Math.tanh(SQRT_2_OVER_PI * (x + 0.044715 * x ** 3));
      return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_OVER_PI * (1 + 3 * 0.044715 * x * x);
    },
  },
  silu: { f: (x) => x * sigmoid(x), df: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) },
  softplus: { f: (x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), df: (x) => sigmoid(x) },
  clamp: { f: (x, a, b) => Math.min(Math.max(x, a), b), df: (x, _y, a, b) => (x >= a && x <= b ? 1 : 0), gates: true },
  floor: { f: Math.floor, df: none },
  toInt32: { f: Math.trunc, df: none },
  toFloat32: { f: (x) => x, df: none },
};

export const binary: Record<BinaryOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  equal: (a, b) => Number(a === b),
  notEqual: (a, b) => Number(a !== b),
  less: (a, b) => Number(a < b),
  lessEqual: (a, b) => Number(a <= b),
  greater: (a, b) => Number(a > b),
  greaterEqual: (a, b) => Number(a >= b),
  addInt32: (a, b) => (a + b) | 0,
  subInt32: (a, b) => (a - b) | 0,
  mulInt32: Math.imul,
  maximumInt32: Math.max,
  minimumInt32: Math.min,
  equalInt32: (a, b) => Number(a === b),
  notEqualInt32: (a, b) => Number(a !== b),
  lessInt32: (a, b) => Number(a < b),
  lessEqualInt32: (a, b) => Number(a <= b),
  greaterInt32: (a, b) => Number(a > b),
  greaterEqualInt32: (a, b) => Number(a >= b),
};

import { type KernelCall, type SpecialOp, specialOps } from "../kernels.js";
import { erf } from "./elementwise.js";

/** The nearest whole number, of two the even one. */
function round(x: number): number {
  const down = Math.floor(x);
  const over = x - down;
  if (over !== 0.5) return over < 0.5 ? down : down + 1;
  return down % 2 === 0 ? down : down + 1;
}

const functions: Record<SpecialOp, readonly [f: (x: number) => number, df: (x: number, y: number) => number]> = {
  round: [(x) => (Number.isFinite(x) ? round(x) : x), () => 0],
  ceil: [Math.ceil, () => 0],
  trunc: [Math.trunc, () => 0],
  rsqrt: [(x) => 1 / Math.sqrt(x), (_x, y) => -0.5 * y ** 3],
  log1p: [Math.log1p, (x) => 1 / (1 + x)],
  expm1: [Math.expm1, (_x, y) => 1 + y],
  erf: [erf, (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x)],
};

const remainder = (a: number, b: number) => {
  const r = a % b;
  return r !== 0 && r < 0 !== b < 0 ? r + b : r;
};

/** Functions of one number and of two that few need. */
export const special = {
  special(m: Float64Array, c: KernelCall<"special">): undefined {
    const [f] = functions[specialOps[c.op]!];
    for (let i = 0; i < c.n; i++) m[c.y + i] = f(m[c.x + i]!);
  },
  specialBackward(m: Float64Array, c: KernelCall<"specialBackward">): undefined {
    const [, df] = functions[specialOps[c.op]!];
    for (let i = 0; i < c.n; i++) m[c.dx + i] = m[c.dy + i]! * df(m[c.x + i]!, m[c.y + i]!);
  },
  remainder(m: Float64Array, c: KernelCall<"remainder">): undefined {
    for (let i = 0; i < c.n; i++) m[c.y + i] = c.integer && m[c.b + i] === 0 ? 0 : remainder(m[c.a + i]!, m[c.b + i]!);
  },
};

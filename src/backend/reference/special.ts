import { nth } from "../../util/nth.js";
import { type KernelCall, type SpecialOp, specialOps } from "../kernels.js";
import { erf } from "./elementwise.js";
import { at } from "./primitives.js";

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

/** As numbers are ordered, NaN after all. */
const compare = (a: number, b: number) => (a === b ? 0 : Number.isNaN(a) ? Number(!Number.isNaN(b)) : Number.isNaN(b) || a < b ? -1 : 1);

/** Kernels that few need: functions of one number and of two, and sorting. */
export const special = {
  special(m: Float64Array, c: KernelCall<"special">): undefined {
    const [f] = functions[nth(specialOps, c.op)];
    for (let i = 0; i < c.n; i++) m[c.y + i] = f(at(m, c.x + i));
  },
  specialBackward(m: Float64Array, c: KernelCall<"specialBackward">): undefined {
    const [, df] = functions[nth(specialOps, c.op)];
    for (let i = 0; i < c.n; i++) m[c.dx + i] = at(m, c.dy + i) * df(at(m, c.x + i), at(m, c.y + i));
  },
  argsort(m: Float64Array, c: KernelCall<"argsort">): undefined {
    const sign = c.descending ? -1 : 1;
    for (let row = 0; row < c.rows; row++) {
      const x = m.slice(c.x + row * c.n, c.x + (row + 1) * c.n);
      m.set(
        Array.from(x.keys()).sort((i, j) => sign * compare(at(x, i), at(x, j))),
        c.index + row * c.n,
      );
    }
  },
  remainder(m: Float64Array, c: KernelCall<"remainder">): undefined {
    for (let i = 0; i < c.n; i++) m[c.y + i] = c.integer && m[c.b + i] === 0 ? 0 : remainder(at(m, c.a + i), at(m, c.b + i));
  },
};

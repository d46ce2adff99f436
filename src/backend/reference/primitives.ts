import { nth } from "../../util/nth.js";
import { activations, binaryOps, type KernelCall, type KernelName, reduceOps, unaryOps } from "../kernels.js";
import { binary, unary } from "./elementwise.js";

/** Kernels over one float64 memory; addresses arrive as element positions. Returns the position of a bad index, or nothing. */
type Primitives = { [K in KernelName]?: (m: Float64Array, c: KernelCall<K>) => number | undefined };

/** The number at a place of the memory; NaN outside of it. */
export const at = (m: Float64Array, i: number): number => m[i] ?? Number.NaN;

/** Four sizes or strides of a call: those that begin with `name`. */
const four = <N extends string>(c: Readonly<Record<`${N}${0 | 1 | 2 | 3}`, number>>, name: N): Four => [
  ...([c[`${name}0` as const], c[`${name}1` as const]] as const),
  ...([c[`${name}2` as const], c[`${name}3` as const]] as const),
];
type Four = readonly [number, number, number, number];
const NOWHERE: Four = [0, 0, 0, 0];

/** Calls `visit` with the positions of up to three operands for every index of four dimensions. */
function walk(
  [n0, n1, n2, n3]: Four,
  [x, y, z = NOWHERE]: readonly [x: Four, y: Four, z?: Four],
  visit: (x: number, y: number, z: number, i: number) => void,
): void {
  let i = 0;
  for (let i0 = 0; i0 < n0; i0++)
    for (let i1 = 0; i1 < n1; i1++)
      for (let i2 = 0; i2 < n2; i2++)
        for (let i3 = 0; i3 < n3; i3++) {
          const place = (s: Four) => i0 * s[0] + i1 * s[1] + i2 * s[2] + i3 * s[3];
          visit(place(x), place(y), place(z), i++);
        }
}

const reducers = {
  sum: (x: number[]) => x.reduce((s, v) => s + v, 0),
  mean: (x: number[]) => x.reduce((s, v) => s + v, 0) / x.length,
  max: (x: number[]) => x.reduce((s, v) => Math.max(s, v), -Infinity),
  min: (x: number[]) => x.reduce((s, v) => Math.min(s, v), Infinity),
  addSum: (x: number[], y: number) => x.reduce((s, v) => s + v, y),
  sumInt32: (x: number[]) => x.reduce((s, v) => (s + v) | 0, 0),
  maxInt32: (x: number[]) => x.reduce((s, v) => Math.max(s, v), -(2 ** 31)),
  minInt32: (x: number[]) => x.reduce((s, v) => Math.min(s, v), 2 ** 31 - 1),
};

const add = (m: Float64Array, i: number, more: number) => {
  m[i] = at(m, i) + more;
};

/** The first index outside 0..n-1, or -1. */
function firstBad(m: Float64Array, index: number, count: number, n: number): number {
  for (let j = 0; j < count; j++) if (!(at(m, index + j) >= 0 && at(m, index + j) < n)) return j;
  return -1;
}

export const primitives: Primitives = {
  fill: (m, c) => void m.fill(c.value, c.y, c.y + c.n),
  copyStrided(m, c) {
    walk(four(c, "d"), [four(c, "xs"), four(c, "ys")], (x, y) => {
      m[c.y + y] = at(m, c.x + x);
    });
    return undefined;
  },

  unary(m, c) {
    const { f } = unary[nth(unaryOps, c.op)];
    for (let i = 0; i < c.n; i++) m[c.y + i] = f(at(m, c.x + i), c.a, c.b);
    return undefined;
  },
  unaryBackward(m, c) {
    const { df, gates } = unary[nth(unaryOps, c.op)];
    for (let i = 0; i < c.n; i++) {
      const slope = df(at(m, c.x + i), at(m, c.y + i), c.a, c.b);
      m[c.dx + i] = gates && slope === 0 ? 0 : at(m, c.dy + i) * slope;
    }
    return undefined;
  },
  binary(m, c) {
    const f = binary[nth(binaryOps, c.op)];
    walk(four(c, "d"), [four(c, "as"), four(c, "bs")], (a, b, _, i) => {
      m[c.y + i] = f(at(m, c.a + a), at(m, c.b + b));
    });
    return undefined;
  },
  where(m, c) {
    walk(four(c, "d"), [four(c, "cs"), four(c, "as"), four(c, "bs")], (k, a, b, i) => {
      m[c.y + i] = m[c.condition + k] !== 0 ? at(m, c.a + a) : at(m, c.b + b);
    });
    return undefined;
  },

  reduce(m, c) {
    const f: (x: number[], y: number) => number = reducers[nth(reduceOps, c.op)];
    for (let o = 0; o < c.outer; o++)
      for (let i = 0; i < c.inner; i++) {
        const y = c.y + o * c.inner + i;
        const x = Array.from({ length: c.n }, (_, j) => at(m, c.x + (o * c.n + j) * c.inner + i));
        m[y] = f(x, at(m, y));
      }
    return undefined;
  },
  argmax(m, c) {
    for (let o = 0; o < c.outer; o++)
      for (let i = 0; i < c.inner; i++) {
        const x = (j: number) => at(m, c.x + (o * c.n + j) * c.inner + i);
        let best = 0;
        for (let j = 1; j < c.n && !Number.isNaN(x(best)); j++) if (x(j) > x(best) || Number.isNaN(x(j))) best = j;
        m[c.y + o * c.inner + i] = best;
      }
    return undefined;
  },
  norm(m, c) {
    let sum = 0;
    for (let i = 0; i < c.n; i++) sum += at(m, c.x + i) ** 2;
    m[c.y] = Math.sqrt(sum);
    return undefined;
  },

  gemm(m, c) {
    const activation = nth(activations, c.activation);
    for (let row = c.begin; row < c.end; row++) {
      const batch = Math.floor(row / c.m);
      const i = row - batch * c.m;
      for (let j = 0; j < c.n; j++) {
        let sum = 0;
        for (let k = 0; k < c.k; k++) {
          const a = at(m, c.a + batch * c.strideA + (c.transA ? k * c.lda + i : i * c.lda + k));
          sum += a * at(m, c.b + batch * c.strideB + (c.transB ? j * c.ldb + k : k * c.ldb + j));
        }
        const y = c.y + batch * c.strideY + i * c.ldy + j;
        let value = c.alpha * sum;
        if (c.beta !== 0) value += c.beta * at(m, y);
        if (c.bias !== undefined) value += at(m, c.bias + j);
        m[y] = activation === "none" ? value : unary[activation].f(value, 0, 0);
      }
    }
    return undefined;
  },

  gatherRows(m, c) {
    const bad = firstBad(m, c.index, c.m, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++) {
        const from = c.x + (o * c.n + at(m, c.index + j)) * c.inner;
        m.copyWithin(c.y + (o * c.m + j) * c.inner, from, from + c.inner);
      }
    return undefined;
  },
  scatterAddRows(m, c) {
    const bad = firstBad(m, c.index, c.m, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++) {
        const row = at(m, c.index + j);
        if (row === c.skip) continue;
        for (let i = 0; i < c.inner; i++) add(m, c.dx + (o * c.n + row) * c.inner + i, at(m, c.dy + (o * c.m + j) * c.inner + i));
      }
    return undefined;
  },
  gather(m, c) {
    const bad = firstBad(m, c.index, c.outer * c.m * c.inner, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++)
        for (let i = 0; i < c.inner; i++) {
          const place = (o * c.m + j) * c.inner + i;
          m[c.y + place] = at(m, c.x + (o * c.n + at(m, c.index + place)) * c.inner + i);
        }
    return undefined;
  },
  scatterAdd(m, c) {
    const bad = firstBad(m, c.index, c.outer * c.m * c.inner, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++)
        for (let i = 0; i < c.inner; i++) {
          const place = (o * c.m + j) * c.inner + i;
          add(m, c.dx + (o * c.n + at(m, c.index + place)) * c.inner + i, at(m, c.dy + place));
        }
    return undefined;
  },
};

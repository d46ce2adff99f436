import { activations, binaryOps, type KernelCall, type KernelName, reduceOps, unaryOps } from "../kernels.js";
import { binary, unary } from "./elementwise.js";

/** Kernels over one float64 memory; addresses arrive as element positions. Returns the position of a bad index, or nothing. */
type Primitives = { [K in KernelName]?: (m: Float64Array, c: KernelCall<K>) => number | undefined };

/** Calls `visit` with the positions of each operand for every index of four dimensions. */
function walk(c: Record<string, number>, names: readonly string[], visit: (at: number[], i: number) => void): void {
  const steps = names.map((name) => [0, 1, 2, 3].map((d) => c[`${name}${d}`]!));
  let i = 0;
  for (let i0 = 0; i0 < c.d0!; i0++)
    for (let i1 = 0; i1 < c.d1!; i1++)
      for (let i2 = 0; i2 < c.d2!; i2++)
        for (let i3 = 0; i3 < c.d3!; i3++) {
          const at = steps.map(([s0, s1, s2, s3]) => i0 * s0! + i1 * s1! + i2 * s2! + i3 * s3!);
          visit(at, i++);
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

/** The first index outside 0..n-1, or -1. */
function firstBad(m: Float64Array, index: number, count: number, n: number): number {
  for (let j = 0; j < count; j++) if (!(m[index + j]! >= 0 && m[index + j]! < n)) return j;
  return -1;
}

export const primitives: Primitives = {
  fill: (m, c) => void m.fill(c.value, c.y, c.y + c.n),
  copyStrided: (m, c) => walk(c, ["xs", "ys"], ([x, y]) => (m[c.y + y!] = m[c.x + x!]!)) as undefined,

  unary(m, c) {
    const { f } = unary[unaryOps[c.op]!];
    for (let i = 0; i < c.n; i++) m[c.y + i] = f(m[c.x + i]!, c.a, c.b);
    return undefined;
  },
  unaryBackward(m, c) {
    const { df, gates } = unary[unaryOps[c.op]!];
    for (let i = 0; i < c.n; i++) {
      const slope = df(m[c.x + i]!, m[c.y + i]!, c.a, c.b);
      m[c.dx + i] = gates && slope === 0 ? 0 : m[c.dy + i]! * slope;
    }
    return undefined;
  },
  binary(m, c) {
    const f = binary[binaryOps[c.op]!];
    walk(c, ["as", "bs"], ([a, b], i) => {
      m[c.y + i] = f(m[c.a + a!]!, m[c.b + b!]!);
    });
    return undefined;
  },
  where(m, c) {
    walk(c, ["cs", "as", "bs"], ([k, a, b], i) => {
      m[c.y + i] = m[c.condition + k!] !== 0 ? m[c.a + a!]! : m[c.b + b!]!;
    });
    return undefined;
  },

  reduce(m, c) {
    const f: (x: number[], y: number) => number = reducers[reduceOps[c.op]!];
    for (let o = 0; o < c.outer; o++)
      for (let i = 0; i < c.inner; i++) {
        const y = c.y + o * c.inner + i;
        const x = Array.from({ length: c.n }, (_, j) => m[c.x + (o * c.n + j) * c.inner + i]!);
        m[y] = f(x, m[y]!);
      }
    return undefined;
  },
  argmax(m, c) {
    for (let o = 0; o < c.outer; o++)
      for (let i = 0; i < c.inner; i++) {
        const at = (j: number) => m[c.x + (o * c.n + j) * c.inner + i]!;
        let best = 0;
        for (let j = 1; j < c.n && !Number.isNaN(at(best)); j++) if (at(j) > at(best) || Number.isNaN(at(j))) best = j;
        m[c.y + o * c.inner + i] = best;
      }
    return undefined;
  },
  norm(m, c) {
    let sum = 0;
    for (let i = 0; i < c.n; i++) sum += m[c.x + i]! ** 2;
    m[c.y] = Math.sqrt(sum);
    return undefined;
  },

  gemm(m, c) {
    const activation = activations[c.activation]!;
    for (let row = c.begin; row < c.end; row++) {
      const batch = Math.floor(row / c.m);
      const i = row - batch * c.m;
      for (let j = 0; j < c.n; j++) {
        let sum = 0;
        for (let k = 0; k < c.k; k++) {
          const a = m[c.a + batch * c.strideA + (c.transA ? k * c.lda + i : i * c.lda + k)]!;
          sum += a * m[c.b + batch * c.strideB + (c.transB ? j * c.ldb + k : k * c.ldb + j)]!;
        }
        const y = c.y + batch * c.strideY + i * c.ldy + j;
        let value = c.alpha * sum;
        if (c.beta !== 0) value += c.beta * m[y]!;
        if (c.bias !== undefined) value += m[c.bias + j]!;
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
        const from = c.x + (o * c.n + m[c.index + j]!) * c.inner;
        m.copyWithin(c.y + (o * c.m + j) * c.inner, from, from + c.inner);
      }
    return undefined;
  },
  scatterAddRows(m, c) {
    const bad = firstBad(m, c.index, c.m, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++) {
        const row = m[c.index + j]!;
        if (row === c.skip) continue;
        for (let i = 0; i < c.inner; i++) m[c.dx + (o * c.n + row) * c.inner + i]! += m[c.dy + (o * c.m + j) * c.inner + i]!;
      }
    return undefined;
  },
  gather(m, c) {
    const bad = firstBad(m, c.index, c.outer * c.m * c.inner, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++)
        for (let i = 0; i < c.inner; i++) {
          const at = (o * c.m + j) * c.inner + i;
          m[c.y + at] = m[c.x + (o * c.n + m[c.index + at]!) * c.inner + i]!;
        }
    return undefined;
  },
  scatterAdd(m, c) {
    const bad = firstBad(m, c.index, c.outer * c.m * c.inner, c.n);
    if (bad >= 0) return bad;
    for (let o = 0; o < c.outer; o++)
      for (let j = 0; j < c.m; j++)
        for (let i = 0; i < c.inner; i++) {
          const at = (o * c.m + j) * c.inner + i;
          m[c.dx + (o * c.n + m[c.index + at]!) * c.inner + i]! += m[c.dy + at]!;
        }
    return undefined;
  },
};

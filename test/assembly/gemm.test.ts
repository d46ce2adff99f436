import { expect, it } from "vitest";
import { activations } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";
import { readNow } from "../helpers/kernel.js";

const guard = 16;
const sentinel = 12345.5;

interface Case {
  batch: number;
  m: number;
  n: number;
  k: number;
  transA: number;
  transB: number;
  /** Added to every row and batch stride. */
  gap: number;
  repeatA: boolean;
  repeatB: boolean;
  activation: (typeof activations)[number];
  bias: boolean;
  alpha: number;
  beta: number;
}

const plain: Case = {
  batch: 1,
  m: 1,
  n: 1,
  k: 1,
  transA: 0,
  transB: 0,
  gap: 0,
  repeatA: false,
  repeatB: false,
  activation: "none",
  bias: false,
  alpha: 1,
  beta: 0,
};

/** A linear congruential generator: uniform on [-1, 1). */
function random(count: number, seed: number): Float32Array {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** The power series of erf; |x| is small here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

const functions: Record<Case["activation"], (x: number) => number> = {
  none: (x) => x,
  relu: (x) => Math.max(x, 0),
  tanh: Math.tanh,
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
  gelu: (x) => (x / 2) * (1 + erf(x / Math.SQRT2)),
};

/** The operands and strides of a case, the result that float64 gives, and how far float32 may be from it. */
function prepare(given: Partial<Case>) {
  const c = { ...plain, ...given };
  const { batch, m, n, k, transA, transB, gap } = c;
  const lda = (transA ? m : k) + gap;
  const ldb = (transB ? k : n) + gap;
  const ldy = n + gap;
  const strideA = c.repeatA ? 0 : (transA ? k : m) * lda + gap;
  const strideB = c.repeatB ? 0 : (transB ? n : k) * ldb + gap;
  const strideY = m * ldy + gap;
  const scale = 1 / Math.sqrt(k || 1);
  const a = random(batch * (transA ? k : m) * (lda + gap) + gap, 1);
  const b = random(batch * (transB ? n : k) * (ldb + gap) + gap, 2).map((x) => x * scale);
  const bias = random(n, 3);
  const y = new Float32Array(batch * strideY + 2 * guard).fill(sentinel);
  const initial = random(batch * m * n, 4);
  const expected = Float64Array.from(y);
  const allowed = new Float64Array(y.length);
  // The start has a few roundings; those of k sums walk at random. Each is at most 2^-24 of the largest partial sum.
  const roundings = 5 + 2 * Math.sqrt(k);
  for (let item = 0, at = 0; item < batch; item++) {
    for (let i = 0; i < m; i++) {
      for (let j = 0; j < n; j++, at++) {
        let sum = (c.beta === 0 ? 0 : c.beta * initial[at]!) + (c.bias ? bias[j]! : 0);
        let largest = Math.abs(sum);
        for (let kk = 0; kk < k; kk++) {
          const left = a[item * strideA + (transA ? kk * lda + i : i * lda + kk)]!;
          sum += c.alpha * left * b[item * strideB + (transB ? j * ldb + kk : kk * ldb + j)]!;
          largest = Math.max(largest, Math.abs(sum));
        }
        const position = guard + item * strideY + i * ldy + j;
        y[position] = c.beta === 0 ? Number.NaN : initial[at]!;
        const value = functions[c.activation](sum);
        expected[position] = value;
        allowed[position] = roundings * 2 ** -24 * largest + (c.activation === "none" ? 0 : 3e-7 * Math.max(1, Math.abs(value)));
      }
    }
  }
  const dims = { batch, m, n, k, transA, transB, lda, ldb, ldy, strideA, strideB, strideY };
  const rest = { activation: activations.indexOf(c.activation), alpha: c.alpha, beta: c.beta };
  return { operands: { a, b, y, ...(c.bias && { bias }) }, call: { ...dims, ...rest }, rows: batch * m, expected, allowed };
}

await forEachDevice(variants, "gemm", ({ backend }) => {
  /** Runs the kernel over ranges of rows, given by their bounds; returns y with its guards. */
  function run({ operands, call, rows }: ReturnType<typeof prepare>, bounds: readonly number[] = [0, rows]): Float32Array {
    const place = (data: Float32Array) => {
      const address = backend.alloc(data.byteLength + 4);
      backend.write(address, data);
      return address;
    };
    const a = place(operands.a);
    const b = place(operands.b);
    const y = place(operands.y);
    const bias = operands.bias && place(operands.bias);
    for (let i = 1; i < bounds.length; i++) {
      backend.dispatch("gemm", { ...call, a, b, bias, y: y + 4 * guard, begin: bounds[i - 1]!, end: bounds[i]! });
    }
    const result = readNow(backend, y, operands.y.length, "float32") as Float32Array;
    for (const address of [a, b, y, bias]) if (address !== undefined) backend.free(address);
    return result;
  }

  /** Compares with float64; the guards and gaps, where nothing is allowed, must not have changed. */
  function check(given: Partial<Case>): void {
    const prepared = prepare(given);
    const result = run(prepared);
    for (let i = 0; i < result.length; i++) {
      const right = Math.abs(result[i]! - prepared.expected[i]!) <= prepared.allowed[i]!;
      if (!right) expect.fail(`${JSON.stringify(given)}: element ${i - guard} is ${result[i]}, not ${prepared.expected[i]}`);
    }
  }

  const sizes = [1, 3, 4, 5, 6, 7, 8, 9, 12, 47, 48, 49];
  const transposes = [0, 1].flatMap((transA) => [0, 1].map((transB) => ({ transA, transB })));

  it.each(transposes)("agrees with float64 at every small size: %o", (transpose) => {
    for (const m of sizes) {
      for (const n of sizes) {
        for (const k of [1, 3, 4, 7, 12]) check({ ...transpose, m, n, k, gap: (m + n) % 3 });
      }
    }
  });

  it.each(transposes)("agrees across blocks of k, columns and strips of rows: %o", (transpose) => {
    for (const k of [255, 256, 257, 515]) check({ ...transpose, m: 13, n: 21, k, gap: 1 });
    for (const n of [511, 512, 513]) check({ ...transpose, m: 5, n, k: 259 });
    for (const m of [95, 96, 97, 194]) check({ ...transpose, m, n: 9, k: 30, gap: 2 });
    for (const n of [20, 32, 40, 56, 64, 65, 80]) check({ ...transpose, m: 3, n, k: 9, gap: 1 });
  });

  it.each(transposes)("agrees for few and for many rows, whose B is in place or packed: %o", (transpose) => {
    for (const m of [3, 4, 32, 33]) {
      for (const n of [7, 44, 72]) {
        check({ ...transpose, m, n, k: 70, gap: 1 });
        check({ ...transpose, m, n, k: 5, gap: 1024 - n });
      }
    }
    for (const m of [7, 8, 31, 32]) {
      check({ ...transpose, batch: 2, m, n: 100, k: 260, gap: 1 });
      check({ ...transpose, batch: 2, m, n: 100, k: 260, beta: 0.5, bias: true, repeatB: true, activation: "tanh" });
      check({ ...transpose, m, n: 9, k: 257, bias: true });
    }
  });

  it.each(transposes)("repeats an operand over the batch, and leaves the gaps alone: %o", (transpose) => {
    for (const [repeatA, repeatB] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ] as const) {
      for (const gap of [0, 3]) {
        check({ ...transpose, batch: 3, m: 5, n: 11, k: 9, gap, repeatA, repeatB });
        check({ ...transpose, batch: 2, m: 2, n: 515, k: 258, gap, repeatA, repeatB });
      }
    }
  });

  const scales = [
    { alpha: 1, beta: 0, bias: true },
    { alpha: 1, beta: 1, bias: false },
    { alpha: 1, beta: 1, bias: true },
    { alpha: -0.5, beta: 2, bias: true },
    { alpha: 0.25, beta: 0, bias: false },
    { alpha: 0, beta: 0.5, bias: true },
  ];
  const scaled = activations.flatMap((activation) => scales.map((scale) => ({ activation, ...scale, gap: 1, transA: 1 })));
  it.each(scaled)("applies the activation and the scales: %o", (options) => check({ ...options, batch: 2, m: 7, n: 13, k: 6 }));

  thinly(
    scaled,
    (_, i) => i % 7 === 0,
    (chosen) => it.each(chosen)("applies them once for all blocks: %o", (options) => check({ ...options, m: 98, n: 517, k: 261 })),
  );

  it("computes single rows along k, whichever their number is and however they are split", () => {
    for (const k of [8, 16, 24, 264, 512]) {
      for (const n of [3, 4, 5, 7, 8, 65]) check({ transB: 1, m: 1, n, k, gap: n % 3, bias: n % 2 === 0 });
    }
    for (const activation of activations) check({ transB: 1, m: 1, n: 9, k: 16, bias: true, activation });
    const prepared = prepare({ transB: 1, batch: 5, m: 1, n: 6, k: 40, gap: 1, bias: true });
    const whole = run(prepared);
    for (const bounds of [
      [0, 2, 5],
      [0, 1, 2, 3, 4, 5],
    ])
      expect(run(prepared, bounds)).toEqual(whole);
  });

  it("adds beta y and the bias to few rows by a long k", () => {
    for (const m of [7, 8, 15, 16, 64])
      for (const k of [8 * m - 1, 8 * m, 8 * m + 1])
        for (const [beta, bias] of [
          [1, true],
          [1, false],
          [0.5, true],
          [0.5, false],
          [0, true],
        ] as const)
          check({ transB: 1, m, n: m === 7 ? 100 : 5, k, beta, bias });
  });

  it("takes empty sizes: k = 0 leaves beta y + bias", () => {
    check({ m: 3, n: 5, k: 0 });
    check({ m: 3, n: 5, k: 0, beta: 0.5, bias: true, activation: "relu" });
    for (const empty of [{ m: 0 }, { n: 0 }, { batch: 0 }]) check({ m: 3, n: 5, k: 4, ...empty });
  });

  it("does not read A and B with alpha 0", () => {
    const prepared = prepare({ m: 3, n: 5, k: 4, alpha: 0, bias: true });
    prepared.operands.a.fill(Number.NaN);
    prepared.operands.b.fill(Number.NaN);
    const result = run(prepared);
    for (const [i, value] of prepared.expected.entries()) expect(result[i]).toBe(Math.fround(value));
  });

  it("lets NaN and infinity through", () => {
    for (const activation of activations) {
      const prepared = prepare({ m: 2, n: 5, k: 3, activation });
      prepared.operands.a[1] = Number.NaN;
      const result = run(prepared).subarray(guard, guard + 10);
      for (let j = 0; j < 5; j++) expect(result[j]).toBeNaN();
      for (let j = 5; j < 10; j++) expect(result[j]).not.toBeNaN();
    }
  });

  thinly(
    transposes,
    ({ transA, transB }) => transA === transB,
    (chosen) =>
      it.each(chosen)("gives the same bits however the rows are split: %o", (transpose) => {
        const options = { ...transpose, batch: 3, m: 37, n: 61, k: 300, activation: "tanh", bias: true } as const;
        const single = Array.from({ length: 112 }, (_, i) => i);
        for (const [alpha, beta, gap, repeatB] of [
          [0.7, 0.5, 0, false],
          [0.7, 0.5, 1, true],
          [1, 0.5, 0, true],
          [1, 0.5, 1, false],
          [1, 0, 0, true],
          [1, 0, 1, true],
        ] as const) {
          const prepared = prepare({ ...options, alpha, beta, gap, repeatB });
          const whole = run(prepared);
          for (const bounds of [[0, 1, 3, 10, 36, 37, 41, 74, 90, 103, 111], single]) expect(run(prepared, bounds)).toEqual(whole);
        }
      }),
  );
});

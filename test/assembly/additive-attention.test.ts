import { expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { expectSameBits, guarded } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

interface Case {
  readonly sizes: readonly [B: number, T: number, S: number, A: number];
  readonly lengths?: readonly number[];
  readonly window?: number;
  readonly positions?: readonly number[];
  readonly start?: number;
  /** The deviation of q and k; default 1. */
  readonly spread?: number;
}

function draw({ sizes: [B, T, S, A], spread = 1 }: Case) {
  const normal = (n: number, seed: number, std = 1) => normals(n, seed + B + 7 * T + 31 * S + 101 * A, 0, std);
  const dk = normal(B * S * A, 5);
  return { q: normal(B * T * A, 1, spread), k: normal(B * S * A, 2, spread), v: normal(A, 3), dWeights: normal(B * T * S, 4), dk };
}

/** In float64; dk is what it comes to from the numbers of draw(). */
function reference(c: Case) {
  const [B, T, S, A] = c.sizes;
  const { q, k, v, dWeights, dk: before } = draw(c);
  const zeros = (n: number) => new Array<number>(n).fill(0);
  const out = { weights: zeros(B * T * S), dq: zeros(B * T * A), dk: Array.from(before), dv: zeros(B * A) };
  for (let b = 0; b < B; b++) {
    for (let i = 0; i < T; i++) {
      const row = b * T + i;
      const position = c.positions?.[row] ?? (c.start ?? 0) + i;
      const seen = Array.from({ length: S }, (_, j) => j).filter(
        (j) => j < (c.lengths?.[b] ?? S) && (!c.window || Math.abs(j - position) <= Math.floor(c.window / 2)),
      );
      const t = (j: number, a: number) => Math.tanh(q[row * A + a]! + k[(b * S + j) * A + a]!);
      const scores = seen.map((j) => v.reduce((sum, va, a) => sum + va * t(j, a), 0));
      const e = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const weights = e.map((x) => x / e.reduce((p, r) => p + r));
      const dot = seen.reduce((sum, j, n) => sum + weights[n]! * dWeights[row * S + j]!, 0);
      seen.forEach((j, n) => {
        out.weights[row * S + j] = weights[n]!;
        const de = weights[n]! * (dWeights[row * S + j]! - dot);
        for (let a = 0; a < A; a++) {
          const g = v[a]! * de * (1 - t(j, a) ** 2);
          out.dq[row * A + a]! += g;
          out.dk[(b * S + j) * A + a]! += g;
          out.dv[b * A + a]! += de * t(j, a);
        }
      });
    }
  }
  return out;
}

type Outputs = Readonly<Record<"weights" | "dq" | "dk" | "dv", Float32Array>>;

/** Both kernels, in calls for the ranges between the cuts. */
function run(backend: Backend, c: Case, cuts: readonly number[]): Outputs {
  const [B, T, S, A] = c.sizes;
  const { q, k, v, dWeights, dk } = draw(c);
  let outputs!: Outputs;
  guarded(backend, (memory) => {
    const at = { weights: memory.out(B * T * S), dq: memory.out(B * T * A), dk: memory.put(dk), dv: memory.out(B * A) };
    const call = {
      ...{ q: memory.put(q), k: memory.put(k), v: memory.put(v), weights: at.weights, B, T, S, A },
      lengths: c.lengths && memory.put(Int32Array.from(c.lengths)),
      positions: c.positions && memory.put(Int32Array.from(c.positions)),
      ...{ window: c.window ?? 0, start: c.start ?? 0 },
    };
    const given = memory.put(dWeights);
    for (const [n, end] of cuts.slice(1).entries()) {
      const range = { begin: cuts[n]!, end };
      expect(backend.dispatch("additiveAttentionForward", { ...call, ...range })).toBe(-1);
      backend.dispatch("additiveAttentionBackward", { ...call, ...at, dWeights: given, ...range });
    }
    outputs = {
      weights: memory.floats(at.weights, B * T * S),
      dq: memory.floats(at.dq, B * T * A),
      dk: memory.floats(at.dk, B * S * A),
      dv: memory.floats(at.dv, B * A),
    };
  });
  return outputs;
}

const far = 2 ** 31 - 1;
const cases: Case[] = [
  ...[1, 3, 4, 5, 8, 31].map((A): Case => ({ sizes: [2, 3, 5, A], lengths: [4, 2] })),
  ...[1, 3, 4, 5, 15, 16, 17, 65].map((S): Case => ({ sizes: [1, 2, S, 6] })),
  { sizes: [4, 1, 9, 12], lengths: [9, 0, 1, 5] },
  { sizes: [3, 5, 7, 6], window: 3 },
  { sizes: [3, 2, 7, 6], window: 4, start: 5, lengths: [7, 3, 6] },
  { sizes: [2, 3, 6, 5], window: 2, positions: [0, 5, 6, 7, -1, -2], lengths: [6, 5] },
  { sizes: [1, 4, 6, 5], window: 1, positions: [-far - 1, far, 2, 5] },
  { sizes: [2, 20, 40, 33] },
  { sizes: [2, 3, 5, 8], spread: 30 },
];
const label = ({ sizes, ...rest }: Case) => `${sizes.join("x")} ${JSON.stringify(rest)}`;

await forEachDevice(variants, "additiveAttention", ({ backend }) => {
  test.each(cases.map((c) => [label(c), c] as const))("forward and backward, alike for all splits: %s", (_, c) => {
    const [B] = c.sizes;
    const expected = reference(c);
    const actual = run(backend, c, [0, B]);
    for (const [name, values] of Object.entries(expected)) expectClose(actual[name as keyof Outputs], values, 3e-6, name);
    expectSameBits(run(backend, c, [0, B >> 1, B]), actual);
    expectSameBits(
      run(
        backend,
        c,
        Array.from({ length: B + 1 }, (_, b) => b),
      ),
      actual,
    );
  });

  test("a query that sees no key has weights 0, and what is past a length is not read", () => {
    guarded(backend, (memory) => {
      const [B, T, S, A] = [2, 1, 3, 5];
      const k = normals(B * S * A, 1).fill(Number.NaN, 2 * A);
      const lengths = memory.put(Int32Array.of(2, 0));
      const weights = memory.out(B * T * S);
      const inputs = { q: memory.put(normals(B * T * A, 2)), k: memory.put(k), v: memory.put(normals(A, 3)), lengths, weights };
      const dims = { B, T, S, A, window: 0, start: 0, begin: 0, end: B };
      backend.dispatch("additiveAttentionForward", { ...inputs, ...dims });
      const values = Array.from(memory.floats(weights, B * T * S));
      expect(values[0]! + values[1]!).toBeCloseTo(1, 6);
      expect(values.slice(2)).toEqual([0, 0, 0, 0]);
      const dk = memory.put(new Float32Array(B * S * A));
      const gradients = { dq: memory.out(B * T * A), dk, dv: memory.out(B * A) };
      backend.dispatch("additiveAttentionBackward", { ...inputs, dWeights: memory.put(normals(B * T * S, 4)), ...gradients, ...dims });
      expect(memory.floats(gradients.dq, B * T * A).every(Number.isFinite)).toBe(true);
      expect(Array.from(memory.floats(gradients.dq, B * T * A)).slice(T * A)).toEqual(new Array(T * A).fill(0));
      expect(Array.from(memory.floats(gradients.dk, B * S * A)).slice(2 * A)).toEqual(new Array(4 * A).fill(0));
    });
  });

  test.each([
    [[3, -1], 1],
    [[4, 1], 0],
  ])("lengths %j: reports the position of the one out of range, and writes nothing", (lengths, position) => {
    guarded(backend, (memory) => {
      const weights = memory.out(6);
      const inputs = { q: memory.put(new Float32Array(2)), k: memory.put(new Float32Array(6)), v: memory.put(new Float32Array(1)) };
      const call = { ...inputs, lengths: memory.put(Int32Array.from(lengths)), weights, B: 2, T: 1, S: 3, A: 1 };
      expect(backend.dispatch("additiveAttentionForward", { ...call, window: 0, start: 0, begin: 0, end: 2 })).toBe(position);
      expect(memory.floats(weights, 6).every(Number.isNaN)).toBe(true);
    });
  });
});

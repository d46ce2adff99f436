import { afterEach, describe, expect, it } from "vitest";
import { type ReduceOp, reduceOps } from "../../src/backend/kernels.js";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { lengths } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

/** What y holds before, which only addSum minds. */
const before = 1.25;

type FloatOp = Exclude<ReduceOp, `${string}Int32`>;
const floatOps = reduceOps.filter((op): op is FloatOp => !op.endsWith("Int32"));
const functions: Record<FloatOp, (x: readonly number[]) => number> = {
  sum: (x) => x.reduce((s, v) => s + v, 0),
  mean: (x) => x.reduce((s, v) => s + v, 0) / x.length,
  max: (x) => Math.max(...x),
  min: (x) => Math.min(...x),
  addSum: (x) => x.reduce((s, v) => s + v, before),
};

/** The column x[o, :, i] of x [outer, n, inner]. */
function column(x: ArrayLike<number>, o: number, i: number, n: number, inner: number): number[] {
  return Array.from({ length: n }, (_, k) => x[(o * n + k) * inner + i]!);
}

/** The first of the largest, NaN on top. */
function firstLargest(x: readonly number[]): number {
  const nan = x.findIndex(Number.isNaN);
  return nan >= 0 ? nan : x.indexOf(Math.max(...x));
}

const sizes = [
  ...[...lengths, 15, 16, 17, 1000].map((n) => [1, n, 1] as const),
  ...[...lengths, 15, 16, 17].map((inner) => [1, 5, inner] as const),
  ...[1, 2, 15, 16, 17, 33, 100].map((n) => [3, n, 23] as const),
  [4, 9, 1] as const,
  [0, 9, 4] as const,
];

await forEachDevice(kernelDevices, "reductions", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  function reduce(op: ReduceOp, x: Float32Array, outer: number, n: number, inner: number): Float32Array {
    const y = memory.put(new Float32Array(outer * inner).fill(before));
    backend.dispatch("reduce", { x: memory.put(x), y, op: reduceOps.indexOf(op), outer, n, inner });
    return memory.floats(y, outer * inner);
  }

  function argmax(x: Float32Array, outer: number, n: number, inner: number): Int32Array {
    const y = memory.put(new Int32Array(outer * inner).fill(-7));
    backend.dispatch("argmax", { x: memory.put(x), y, outer, n, inner });
    return memory.ints(y, outer * inner);
  }

  function norm(x: Float32Array): number {
    const y = memory.put(new Float32Array(1));
    backend.dispatch("norm", { x: memory.put(x), y, n: x.length });
    return memory.floats(y, 1)[0]!;
  }

  it.each(floatOps)("%s agrees with float64", (op) => {
    for (const [outer, n, inner] of sizes) {
      const x = uniform(outer * n * inner, -1, 1);
      const y = reduce(op, x, outer, n, inner);
      for (let j = 0; j < outer * inner; j++) {
        const values = column(x, Math.floor(j / inner), j % inner, n, inner);
        const exact = functions[op](values);
        const scale = op === "max" || op === "min" ? 0 : functions[op](values.map(Math.abs));
        if (!(Math.abs(y[j]! - exact) <= 4e-7 * scale)) expect.fail(`[${outer}, ${n}, ${inner}]: element ${j} is ${y[j]}, not ${exact}`);
      }
    }
  });

  it.each([
    ["a row", 1],
    ["four columns", 4],
    ["nineteen columns", 19],
  ])("adds a million tenths in %s to a relative 1e-6", (_, inner) => {
    const n = Math.floor(1e6 / inner);
    const exact = n * Math.fround(0.1);
    for (const sum of reduce("sum", new Float32Array(n * inner).fill(0.1), 1, n, inner))
      expect(Math.abs(sum / exact - 1)).toBeLessThan(1e-6);
  });

  it("gives a column the same bits whatever its neighbors", () => {
    const x = uniform(70 * 23, -1, 1);
    const whole = reduce("sum", x, 1, 70, 23);
    for (let i = 0; i < 23; i++) {
      for (const width of [2, 3, 5, 16]) {
        if (i + width > 23) continue;
        const part = Float32Array.from({ length: 70 * width }, (_, j) => x[Math.floor(j / width) * 23 + i + (j % width)]!);
        expect(reduce("sum", part, 1, 70, width)).toEqual(whole.slice(i, i + width));
      }
      memory.close();
    }
  });

  it("propagates NaN, and reduces nothing to the neutral element", () => {
    for (const [n, inner] of [
      [11, 1],
      [3, 6],
    ] as const) {
      for (let at = 0; at < n * inner; at++) {
        const x = uniform(n * inner, -1, 1);
        x[at] = Number.NaN;
        for (const op of floatOps) {
          const y = reduce(op, x, 1, n, inner);
          expect([...y].map(Number.isNaN)).toEqual([...y].map((_, i) => i === at % inner));
        }
        memory.close();
      }
    }
    for (const inner of [1, 7, 17]) {
      const empty = floatOps.map((op) => reduce(op, new Float32Array(0), 1, 0, inner)[inner - 1]);
      expect(empty).toEqual([0, Number.NaN, -Infinity, Infinity, before]);
    }
    expect([...reduce("max", Float32Array.of(-Infinity, -Infinity), 1, 2, 1)]).toEqual([-Infinity]);
  });

  describe("argmax", () => {
    it("finds the first of the largest", () => {
      for (const [outer, n, inner] of sizes) {
        // Few values, so that equals occur.
        const x = uniform(outer * n * inner, 0, 4, n).map(Math.floor);
        const y = argmax(x, outer, n, inner);
        y.forEach((k, j) => {
          const expected = firstLargest(column(x, Math.floor(j / inner), j % inner, n, inner));
          if (k !== expected) expect.fail(`[${outer}, ${n}, ${inner}]: element ${j} is ${k}, not ${expected}`);
        });
        memory.close();
      }
    });

    it("counts NaN as largest, and finds a place among infinities", () => {
      const { NaN: nan } = Number;
      for (const inner of [1, 5]) {
        const of = (...x: number[]) =>
          argmax(
            Float32Array.from({ length: x.length * inner }, (_, j) => x[Math.floor(j / inner)]!),
            1,
            x.length,
            inner,
          )[inner - 1];
        expect(of(1, nan, 3, nan, 5)).toBe(1);
        expect(of(nan, 1)).toBe(0);
        expect(of(1, 2, 3, 4, 5, 6, nan)).toBe(6);
        expect(of(Infinity, 1, 2, 3, 4, nan, nan, nan)).toBe(5);
        expect(of(-Infinity, -Infinity, -Infinity)).toBe(0);
        expect(of(-Infinity, -Infinity, -Infinity, -Infinity, -Infinity, -3e38)).toBe(5);
        expect(of(0, -0, 0)).toBe(0);
        expect(of(1, Infinity, Infinity)).toBe(1);
      }
    });
  });

  it("takes norms at every length", () => {
    for (const n of [...lengths, 100_003]) {
      const x = uniform(n, -1, 1, n);
      const exact = Math.sqrt(x.reduce((s, v) => s + v * v, 0));
      expect(Math.abs(norm(x) / exact - 1)).toBeLessThan(1e-7);
    }
    expect(norm(new Float32Array(0))).toBe(0);
  });

  it("takes norms of the largest and the smallest numbers", () => {
    expect(norm(Float32Array.of(3e37, 4e37)) / 5e37).toBeCloseTo(1, 6);
    expect(norm(Float32Array.of(3e-42, 4e-42)) / 5e-42).toBeCloseTo(1, 3);
    expect(norm(new Float32Array(9).fill(3e38))).toBe(Infinity);
    expect(norm(Float32Array.of(1, Number.NaN))).toBeNaN();
    expect(norm(Float32Array.of(1, -Infinity))).toBe(Infinity);
  });
});

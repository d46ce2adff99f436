import { afterEach, describe, expect, it } from "vitest";
import { type SpecialOp, specialOps } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { erf } from "../helpers/erf.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { lengths } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

interface Case {
  readonly f: (x: number) => number;
  readonly df: (x: number) => number;
  /** Of uniform numbers for the derivative. */
  readonly low: number;
  readonly high: number;
  /** Units of the last digit, at most, over all numbers. */
  readonly units: number;
  /** What values are tried, by magnitude; where `negative`, of either sign. */
  readonly magnitudes: readonly [number, number];
  readonly negative: boolean;
}

const halfToEven = (x: number) => {
  const down = Math.floor(x);
  return x - down === 0.5 ? down + (Math.abs(down) % 2) : Math.round(x);
};
const none = () => 0;
const steps = { df: none, low: -9, high: 9, units: 0, magnitudes: [1e-3, 1e9], negative: true } as const;

const cases: Record<SpecialOp, Case> = {
  round: { f: halfToEven, ...steps },
  ceil: { f: Math.ceil, ...steps },
  trunc: { f: Math.trunc, ...steps },
  rsqrt: {
    f: (x) => 1 / Math.sqrt(x),
    df: (x) => -0.5 * x ** -1.5,
    low: 0.1,
    high: 9,
    units: 1.6,
    magnitudes: [1e-30, 1e30],
    negative: false,
  },
  log1p: { f: Math.log1p, df: (x) => 1 / (1 + x), low: -0.9, high: 9, units: 3, magnitudes: [1e-30, 1e30], negative: true },
  expm1: { f: Math.expm1, df: Math.exp, low: -4, high: 4, units: 2, magnitudes: [1e-30, 88], negative: true },
  erf: {
    f: erf,
    df: (x) => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x),
    low: -4,
    high: 4,
    units: 1.5,
    magnitudes: [1e-30, 9],
    negative: true,
  },
};

/** The distance of float32 numbers at x. */
const unitAt = (x: number) => 2 ** Math.max(Math.floor(Math.log2(Math.abs(x))) - 23, -149);

await forEachDevice(variants, "special", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  function forward(op: SpecialOp, data: Float32Array, inPlace = false): Float32Array {
    const x = memory.put(data);
    const y = inPlace ? x : memory.out(data.length);
    backend.dispatch("special", { x, y, op: specialOps.indexOf(op), n: data.length });
    return memory.floats(y, data.length);
  }

  describe.each(specialOps)("%s", (op) => {
    const { f, df, low, high, units, magnitudes, negative } = cases[op];

    it(`is within ${units} units of the last digit at every magnitude`, () => {
      const [least, most] = magnitudes.map(Math.log) as [number, number];
      const exponents = uniform(20_000, least, most, 5);
      const x = exponents.map((e, i) => (negative && i % 2 ? -1 : 1) * Math.exp(e)).filter((v) => op !== "log1p" || v > -1);
      forward(op, x).forEach((y, i) => {
        const exact = f(x[i]!);
        if (!(Math.abs(y - exact) <= units * unitAt(exact))) expect.fail(`${op}(${x[i]}) is ${y}, not ${exact}`);
      });
    });

    it.each([false, true])("has the value and the derivative of float64 at every length, in place: %s", (inPlace) => {
      for (const n of lengths) {
        const data = uniform(n, low, high, n);
        const gradient = uniform(n, -1, 1, n + 7);
        const y = forward(op, data, inPlace);
        const dy = memory.put(gradient);
        const dx = inPlace ? dy : memory.out(n);
        backend.dispatch("specialBackward", { x: memory.put(data), y: memory.put(y), dy, dx, op: specialOps.indexOf(op), n });
        const slopes = memory.floats(dx, n);
        for (let i = 0; i < n; i++) {
          expect(Math.abs(y[i]! - f(data[i]!))).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(f(data[i]!))));
          const exact = gradient[i]! * df(data[i]!);
          expect(Math.abs(slopes[i]! - exact)).toBeLessThanOrEqual(2e-6 * Math.max(1, Math.abs(exact)));
        }
      }
    });
  });

  it("has PyTorch's values at the ends", () => {
    const of = (op: SpecialOp, ...x: number[]) => [...forward(op, Float32Array.from(x))];
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    for (const op of specialOps) expect(of(op, nan)).toEqual([nan]);
    for (const op of ["round", "ceil", "trunc"] as const) expect(of(op, inf, -inf)).toEqual([inf, -inf]);
    expect(of("round", 0.5, 1.5, 2.5, -0.5, -1.5, 0.49999997, 8388609)).toEqual([0, 2, 2, -0, -2, 0, 8388609]);
    expect(of("rsqrt", 0, inf, -1)).toEqual([inf, 0, nan]);
    expect(of("log1p", -1, -2, inf, -inf, 0)).toEqual([-inf, nan, inf, nan, 0]);
    expect(of("expm1", inf, -inf, 89, -100, 0)).toEqual([inf, -1, inf, -1, 0]);
    expect(of("erf", inf, -inf, 0, 5)).toEqual([1, -1, 0, 1]);
  });
});

await forEachDevice(variants, "remainder", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  const modulo = (a: number, b: number) => {
    const r = a % b;
    return r !== 0 && r < 0 !== b < 0 ? r + b : r;
  };

  it("of float32 is exact, of either sign, for small and for large quotients", () => {
    const a = Float32Array.from(uniform(500, -30, 30, 1), (v, i) => v * 10 ** (i % 13));
    const b = Float32Array.from(uniform(500, -3, 3, 2), (v) => v || 1);
    const [pa, pb, y] = [memory.put(a), memory.put(b), memory.out(500)];
    backend.dispatch("remainder", { a: pa, b: pb, y, integer: 0, n: 500 });
    expect([...memory.floats(y, 500)]).toEqual(Array.from(a, (v, i) => Math.fround(modulo(v, b[i]!))));
  });

  it("has Python's corners", () => {
    const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
    const pairs = [
      [5, 0],
      [inf, 3],
      [2, inf],
      [-2, inf],
      [nan, 1],
      [1, nan],
      [6, 3],
    ] as const;
    const n = pairs.length;
    const [a, b] = [0, 1].map((k) => memory.put(Float32Array.from(pairs, (pair) => pair[k]!))) as [number, number];
    const y = memory.out(n);
    backend.dispatch("remainder", { a, b, y, integer: 0, n });
    expect([...memory.floats(y, n)]).toEqual([nan, nan, 2, inf, nan, nan, 0]);
    const whole = [
      [7, 3],
      [-7, 3],
      [7, -3],
      [-7, -3],
      [5, 0],
      [-(2 ** 31), -1],
      [-(2 ** 31), 3],
      [2147483647, -2],
    ] as const;
    const m = whole.length;
    const [ia, ib] = [0, 1].map((k) => memory.put(Int32Array.from(whole, (pair) => pair[k]!))) as [number, number];
    const iy = memory.put(new Int32Array(m).fill(99));
    backend.dispatch("remainder", { a: ia, b: ib, y: iy, integer: 1, n: m });
    expect([...memory.ints(iy, m)].map((v) => v + 0)).toEqual([1, 2, -2, -1, 0, 0, 1, -1]);
  });
});

import { afterAll, expect, it } from "vitest";
import { type UnaryOp, unaryOps } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { erf } from "../helpers/erf.js";
import { readNow } from "../helpers/kernel.js";

const smallestNormal = 2 ** -126;

/** Every 20,011th float32 by its bits, 214,632 of them: all exponents, both signs, infinities, NaN; and what lies around the corners. */
const sweep = (() => {
  const bits: number[] = [];
  for (let word = 0; word < 2 ** 32; word += 20011) bits.push(word);
  const regular = new Float32Array(Uint32Array.from(bits).buffer);
  const corners = [
    0,
    1e-45,
    smallestNormal,
    2 ** -12,
    0.17338,
    0.34657,
    Math.LN2,
    1,
    9.02,
    87.33,
    88.72,
    88.73,
    103.9,
    104,
    3.4e38,
    Infinity,
  ];
  return Float32Array.from([...regular, ...corners, ...corners.map((x) => -x), Number.NaN]);
})();

/** Numbers of ordinary size, densely. */
const ordinary = Float32Array.from({ length: 100_001 }, (_, i) => (i - 50_000) * 2.2e-4);

await forEachDevice(variants, "vector math", ({ backend }) => {
  const capacity = sweep.length;
  const x = backend?.alloc(capacity * 4 + 64);
  const y = backend?.alloc(capacity * 4 + 64);
  afterAll(() => {
    for (const address of [x, y]) backend.free(address);
  });

  function apply(op: UnaryOp, data: Float32Array, offset = 0): Float32Array {
    backend.write(x + offset, data);
    backend.dispatch("unary", { x: x + offset, y: y + offset, op: unaryOps.indexOf(op), n: data.length, a: 0, b: 0 });
    return readNow(backend, y + offset, data.length, "float32") as Float32Array;
  }

  /** The largest of |y - f(x)| / scale(f(x), x) over the numbers, and where; NaN and infinities must agree. */
  function worst(op: UnaryOp, f: (x: number) => number, scale: (y: number, x: number) => number, data: Float32Array) {
    let error = 0;
    let at = 0;
    const values = apply(op, data);
    for (let i = 0; i < data.length; i++) {
      const exact = f(data[i]!);
      const rounded = Math.fround(exact);
      const value = values[i]!;
      if (Object.is(value, rounded)) continue;
      const relative = Math.abs(value - exact) / scale(exact, data[i]!);
      if (relative <= error) continue;
      error = Number.isNaN(relative) || !Number.isFinite(rounded) ? Infinity : relative;
      at = data[i]!;
    }
    return { error, at };
  }

  const relative = (y: number) => Math.max(Math.abs(y), smallestNormal);
  const absolute = (_: number, x: number) => Math.max(1, Math.abs(x));
  const cases: [UnaryOp, (x: number) => number, (y: number, x: number) => number, number][] = [
    ["exp", Math.exp, relative, 1e-7],
    ["log", Math.log, relative, 1e-7],
    ["tanh", Math.tanh, relative, 2.1e-7],
    ["sigmoid", (v) => 1 / (1 + Math.exp(-v)), (y) => (y < smallestNormal ? Infinity : y), 2e-7],
    ["gelu", (v) => (v * (1 + erf(v / Math.SQRT2))) / 2, absolute, 2.3e-7],
    ["silu", (v) => v / (1 + Math.exp(-v)), absolute, 3e-7],
    ["softplus", (v) => Math.max(v, 0) + Math.log1p(Math.exp(-Math.abs(v))), relative, 3e-7],
  ];
  it.each(cases)("%s keeps its bound over all exponents", (op, f, scale, bound) => {
    const found = worst(op, f, scale, sweep);
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(bound);
  });
  it.each(cases)("%s keeps its bound between -11 and 11", (op, f, scale, bound) => {
    const found = worst(op, f, scale, ordinary);
    expect(found.error, `at ${found.at}`).toBeLessThanOrEqual(bound);
  });

  it("gives denormal results of exp within one unit, and sigmoid goes to 0 by way of them", () => {
    const data = Float32Array.from({ length: 2000 }, (_, i) => -87.4 - i / 100);
    const exponentials = apply("exp", data);
    const sigmoids = apply("sigmoid", data);
    for (const [i, v] of data.entries()) {
      expect(Math.abs(exponentials[i]! - Math.exp(v))).toBeLessThanOrEqual(2 ** -149);
      expect(Math.abs(sigmoids[i]! - Math.exp(v))).toBeLessThanOrEqual(4.2e-39);
    }
  });

  it("keeps the sign of zero, oddness and the range of tanh", () => {
    expect([...apply("tanh", Float32Array.of(-0, 0, -Infinity, Infinity))]).toEqual([-0, 0, -1, 1]);
    const up = apply("tanh", ordinary);
    const down = apply(
      "tanh",
      ordinary.map((v) => -v),
    );
    expect(up.every((v, i) => v === -down[i]! && Math.abs(v) <= 1)).toBe(true);
    expect(apply("sigmoid", ordinary).every((v) => v > 0 && v <= 1)).toBe(true);
  });

  it.each(["exp", "log", "tanh", "sigmoid", "gelu", "geluTanh", "silu", "softplus", "sin"] as const)(
    "gives %s the same bits in every position",
    (op) => {
      const data = ordinary.slice(60_000, 60_007);
      const together = apply(op, data);
      data.forEach((v, i) => {
        expect(apply(op, Float32Array.of(v), 4 * (i % 4))[0]).toBe(together[i]);
        expect(apply(op, Float32Array.of(1, v, v, v, 2, v)).filter((_, k) => [1, 2, 3, 5].includes(k))).toEqual(
          new Float32Array(4).fill(together[i]!),
        );
      });
    },
  );
});

import { expect, test } from "vitest";
import { normalsFromWords, philoxWords, uniformFromWord } from "../../src/util/philox.js";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded, readNow } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";
import { knownAnswers } from "../helpers/philox-known-answers.js";

const all = 0xffffffff;
const start = { key0: 123, key1: 456, counter0: 789, counter1: 10 };
const words = (n: number, s = start) => philoxWords(n, [s.counter0, s.counter1, 0, 0], [s.key0, s.key1]);

function moments(x: ArrayLike<number>) {
  const values = Array.from(x);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((s, v) => s + (v - mean) ** 2, 0) / values.length;
  const lagged = (lag: number) =>
    values.slice(lag).reduce((s, v, i) => s + (v - mean) * (values[i]! - mean), 0) / (values.length - lag) / variance;
  const below = (q: number) => values.filter((v) => v < q).length / values.length;
  return { mean, variance, lagged, below };
}

await forEachDevice(kernelDevices, "random", ({ backend }) => {
  const draw = (kernel: "randomUniform" | "randomNormal", n: number, call: object): Float32Array => {
    const y = backend.alloc(n * 4);
    backend.dispatch(kernel, { y, n, ...call } as never);
    const result = readNow(backend, y, n, "float32") as Float32Array;
    backend.free(y);
    return result;
  };

  test.each(knownAnswers)("philox: known answer of Random123, counter $counter, key $key", ({ counter, key, words }) => {
    guarded(backend, (memory) => {
      const y = memory.out(4);
      const [counter0, counter1, counter2, counter3] = counter;
      backend.dispatch("philox", { y, n: 4, key0: key[0], key1: key[1], counter0, counter1, counter2, counter3 });
      expect([...memory.ints(y, 4)].map((w) => w >>> 0)).toEqual(words);
    });
  });

  test.each([...lengths, 2, 12, 13, 16, 17])("philox: %i words are those of the host's generator, carries included", (n) => {
    const counters = [
      [0, 0, 0, 0],
      [all - 1, 5, 6, 7],
      [all - 2, all, 6, 7],
      [all, all, all, 7],
      [all - 9, all, all, all],
    ] as const;
    for (const counter of counters) {
      guarded(backend, (memory) => {
        const y = memory.out(n);
        const [counter0, counter1, counter2, counter3] = counter;
        backend.dispatch("philox", { y, n, key0: all, key1: 3, counter0, counter1, counter2, counter3 });
        expect(new Uint32Array(memory.ints(y, n))).toEqual(philoxWords(n, counter, [all, 3]));
      });
    }
  });

  test.each(lengths)("randomUniform: %i numbers are the words' upper bits", (n) => {
    guarded(backend, (memory) => {
      const y = memory.out(n);
      for (const s of [start, { ...start, counter0: all, counter1: all }]) {
        backend.dispatch("randomUniform", { y, n, ...s, low: 0, high: 1 });
        expect(memory.floats(y, n)).toEqual(Float32Array.from(words(n, s), uniformFromWord));
      }
      backend.dispatch("randomUniform", { y, n, ...start, low: -3, high: 5 });
      expectClose(
        memory.floats(y, n),
        Array.from(words(n), (w) => -3 + 8 * uniformFromWord(w)),
        1e-7,
      );
    });
  });

  test.each([
    [1000, 1000.001],
    [-1e-3, 0],
    [-1001, -1000.999],
    [2, 2],
  ])("randomUniform stays on [%d, %d)", (low, high) => {
    const x = draw("randomUniform", 4096, { ...start, low, high });
    const [l, h] = [Math.fround(low), Math.fround(high)];
    for (const v of x) expect(v >= l && (v < h || l === h), `${v}`).toBe(true);
  });

  test.each([...lengths, 2, 16, 4096])("randomNormal: %i numbers are those of float64 to 1e-6", (n) => {
    guarded(backend, (memory) => {
      const y = memory.out(n);
      const w = words(n + 1);
      const expected = Array.from({ length: n }, (_, i) => normalsFromWords(w[i - (i % 2)]!, w[i - (i % 2) + 1]!)[i % 2]!);
      backend.dispatch("randomNormal", { y, n, ...start, mean: 0, std: 1 });
      memory.floats(y, n).forEach((v, i) => {
        expectClose([v], [expected[i]!], 1e-6);
      });
      const scaled = expected.map((v) => 7 + 0.5 * v);
      backend.dispatch("randomNormal", { y, n, ...start, mean: 7, std: 0.5 });
      expectClose(memory.floats(y, n), scaled, 1e-6);
    });
  });

  test("a shorter draw is the start of a longer one", () => {
    for (const kernel of ["randomUniform", "randomNormal"] as const) {
      const call = { ...start, low: 0, high: 1, mean: 0, std: 1 };
      const long = draw(kernel, 41, call);
      for (let n = 1; n < 41; n++) expect(draw(kernel, n, call)).toEqual(long.subarray(0, n));
    }
  });

  // Bounds of four standard errors; the seeds are fixed, so what passes once passes always.
  const N = 100_000;
  const error = 4 / Math.sqrt(N);

  test("randomUniform: mean, variance, quantiles, neighbors uncorrelated", () => {
    const x = moments(draw("randomUniform", N, { ...start, low: 0, high: 1 }));
    expect(Math.abs(x.mean - 0.5)).toBeLessThan(error * Math.sqrt(1 / 12));
    expect(Math.abs(x.variance - 1 / 12)).toBeLessThan(error * Math.sqrt(1 / 180));
    for (const lag of [1, 2, 4, 16]) expect(Math.abs(x.lagged(lag))).toBeLessThan(error);
    for (const q of [0.001, 0.1, 0.5, 0.75, 0.999]) expect(Math.abs(x.below(q) - q)).toBeLessThan(error * Math.sqrt(q * (1 - q)));
  });

  test("randomNormal: mean, variance, quantiles, neighbors uncorrelated, squares too", () => {
    const values = draw("randomNormal", N, { ...start, mean: 0, std: 1 });
    const x = moments(values);
    expect(Math.abs(x.mean)).toBeLessThan(error);
    expect(Math.abs(x.variance - 1)).toBeLessThan(error * Math.SQRT2);
    for (const lag of [1, 2, 4, 16]) expect(Math.abs(x.lagged(lag))).toBeLessThan(error);
    const squares = moments(values.map((v) => v * v));
    for (const lag of [1, 2, 4, 16]) expect(Math.abs(squares.lagged(lag))).toBeLessThan(error);
    const quantiles = [
      [-3, 0.0013499],
      [-1, 0.1586553],
      [0, 0.5],
      [1, 0.8413447],
      [2, 0.9772499],
    ] as const;
    for (const [z, q] of quantiles) expect(Math.abs(x.below(z) - q)).toBeLessThan(error * Math.sqrt(q * (1 - q)));
  });

  test("keys and counters that differ by one draw unrelated numbers", () => {
    const base = draw("randomUniform", N, { ...start, low: -1, high: 1 });
    for (const s of [{ key0: 124 }, { key1: 457 }, { counter1: 11 }]) {
      const other = draw("randomUniform", N, { ...start, ...s, low: -1, high: 1 });
      const correlation = 3 * (base.reduce((sum, v, i) => sum + v * other[i]!, 0) / N);
      expect(Math.abs(correlation)).toBeLessThan(error);
    }
  });

  test.each(lengths)("dropout of %i elements keeps those whose uniform number is at least p", (n) => {
    guarded(backend, (memory) => {
      const input = normals(n, 31).map((v) => v + 9);
      const u = draw("randomUniform", n, { ...start, low: 0, high: 1 });
      for (const p of [0, 0.1, 0.5, 0.9, 1, u[0]!]) {
        const x = memory.put(input);
        const y = memory.out(n);
        const growth = p < 1 ? 1 / (1 - p) : 0;
        backend.dispatch("dropout", { x, y, n, ...start, p, growth });
        const expected = Array.from(input, (v, i) => (u[i]! >= Math.fround(p) ? v * growth : 0));
        expectClose(memory.floats(y, n), expected, 2e-7, `p ${p}`);
        backend.dispatch("dropout", { x, y: x, n, ...start, p, growth });
        expect(memory.floats(x, n), "y over x").toEqual(memory.floats(y, n));
      }
    });
  });

  test("dropout with p = 1 drops NaN and infinities too; p = 0 changes no bit", () => {
    guarded(backend, (memory) => {
      const input = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY, -1, 0.1, 1e-40);
      const y = memory.out(5);
      backend.dispatch("dropout", { x: memory.put(input), y, n: 5, ...start, p: 1, growth: 0 });
      expect(memory.floats(y, 5)).toEqual(new Float32Array(5));
      backend.dispatch("dropout", { x: memory.put(input), y, n: 5, ...start, p: 0, growth: 1 });
      expect(memory.floats(y, 5)).toEqual(input);
    });
  });

  test("dropout keeps a share of 1 - p, and the mean", () => {
    const x = backend.alloc(N * 4);
    backend.write(x, new Float32Array(N).fill(1));
    backend.dispatch("dropout", { x, y: x, n: N, ...start, p: 0.3, growth: 1 / 0.7 });
    const { mean, below } = moments(readNow(backend, x, N, "float32"));
    backend.free(x);
    expect(Math.abs(below(0.5) - 0.3)).toBeLessThan(error * Math.sqrt(0.21));
    expect(Math.abs(mean - 1)).toBeLessThan((error * Math.sqrt(0.21)) / 0.7);
  });
});

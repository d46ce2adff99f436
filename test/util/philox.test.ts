import { describe, expect, test } from "vitest";
import { addToCounter, normalsFromWords, philox, philoxWords, RandomGenerator, uniformFromWord } from "../../src/util/philox.js";
import { knownAnswers } from "../helpers/philox-known-answers.js";

describe("philox", () => {
  test.each(knownAnswers)("known answer of Random123: counter $counter, key $key", ({ counter, key, words }) => {
    expect(philox(counter, key)).toEqual(words);
  });

  test("the counter is a 128-bit sum", () => {
    const all = 0xffffffff;
    expect(addToCounter([all, 0, 0, 0], 1)).toEqual([0, 1, 0, 0]);
    expect(addToCounter([all, all, 0, 7], 2)).toEqual([1, 0, 1, 7]);
    expect(addToCounter([all, all, all, all], 1)).toEqual([0, 0, 0, 0]);
    expect(addToCounter([0, 0, 0, 0], 2 ** 53 - 1)).toEqual([all, 2 ** 21 - 1, 0, 0]);
  });

  test("a shorter draw is the start of a longer one", () => {
    const long = philoxWords(11, [1, 2, 3, 4], [5, 6]);
    for (let n = 0; n < 11; n++) expect(philoxWords(n, [1, 2, 3, 4], [5, 6])).toEqual(long.subarray(0, n));
    expect([...long.subarray(4, 8)]).toEqual(philox([2, 2, 3, 4], [5, 6]));
  });

  test("the ends of the intervals", () => {
    expect(uniformFromWord(0)).toBe(0);
    expect(uniformFromWord(0xffffffff)).toBe(1 - 2 ** -24);
    expect(normalsFromWords(0, 0)[0]).toBeCloseTo(Math.sqrt(64 * Math.LN2), 12);
    expect(Math.hypot(...normalsFromWords(0xffffffff, 1))).toBe(0);
  });
});

describe("RandomGenerator", () => {
  test("next reserves ceil(n / 4) blocks, and the position carries into its upper word", () => {
    const generator = new RandomGenerator(2 ** 32 + 5);
    expect(generator.next(0)).toEqual({ key0: 5, key1: 1, counter0: 0, counter1: 0 });
    expect(generator.next(5)).toEqual({ key0: 5, key1: 1, counter0: 0, counter1: 0 });
    expect(generator.next(4).counter0).toBe(2);
    expect(generator.next(2 ** 34).counter0).toBe(3);
    expect(generator.state).toEqual({ key0: 5, key1: 1, counter0: 3, counter1: 1 });
  });

  test("the same seed draws the same; seeds that differ above 32 bits draw otherwise", () => {
    const draw = (seed: number) =>
      Array.from(
        { length: 5 },
        (
          (g) => () =>
            g.uniform()
        )(new RandomGenerator(seed)),
      );
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
    expect(draw(7)).not.toEqual(draw(7 + 2 ** 32));
    expect(() => draw(2 ** 53)).not.toThrow();
  });

  test("a state that went through JSON continues exactly", () => {
    const generator = new RandomGenerator(1337);
    generator.uniform();
    const saved = JSON.parse(JSON.stringify(generator.state));
    const expected = [generator.uniform(), generator.integer(10), generator.next(9)];
    const other = new RandomGenerator(0);
    other.restore(saved);
    expect([other.uniform(), other.integer(10), other.next(9)]).toEqual(expected);
  });

  test("uniform: mean, variance, quantiles, adjacent values uncorrelated", () => {
    const generator = new RandomGenerator(3);
    const x = Array.from({ length: 20_000 }, () => generator.uniform());
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((s, v) => s + (v - mean) ** 2, 0) / x.length;
    const adjacent = x.slice(1).reduce((s, v, i) => s + (v - mean) * (x[i]! - mean), 0) / x.length / variance;
    // Four standard errors each.
    expect(Math.abs(mean - 0.5)).toBeLessThan(4 * Math.sqrt(1 / 12 / x.length));
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(4 * Math.sqrt(1 / 180 / x.length));
    expect(Math.abs(adjacent)).toBeLessThan(4 / Math.sqrt(x.length));
    for (const q of [0.01, 0.25, 0.9]) {
      expect(Math.abs(x.filter((v) => v < q).length / x.length - q)).toBeLessThan(4 * Math.sqrt((q * (1 - q)) / x.length));
    }
  });

  test("integer: every value as often, up to the largest range", () => {
    const generator = new RandomGenerator(4);
    const counts = new Array<number>(7).fill(0);
    for (let i = 0; i < 14_000; i++) counts[generator.integer(7)]!++;
    const chiSquare = counts.reduce((s, c) => s + (c - 2000) ** 2 / 2000, 0);
    expect(chiSquare).toBeLessThan(22.5); // the 0.1 % point of 6 degrees of freedom
    expect(generator.integer(1)).toBe(0);
    // Two thirds of 2^53: without rejection the lower half of the range would come twice as often.
    const n = Math.floor((2 ** 53 * 2) / 3);
    const low = Array.from({ length: 4000 }, () => generator.integer(n)).filter((v) => v < n / 2).length;
    expect(Math.abs(low / 4000 - 0.5)).toBeLessThan(4 * Math.sqrt(0.25 / 4000));
  });

  test("shuffle: a permutation, each of the six orders as often", () => {
    const generator = new RandomGenerator(5);
    const counts = new Map<string, number>();
    for (let i = 0; i < 6000; i++) {
      const order = generator.shuffle([0, 1, 2]).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((s, c) => s + (c - 1000) ** 2 / 1000, 0);
    expect(chiSquare).toBeLessThan(20.5); // the 0.1 % point of 5 degrees of freedom
    const typed = generator.shuffle(Int32Array.from({ length: 100 }, (_, i) => i));
    expect([...typed].sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(generator.shuffle([])).toEqual([]);
  });

  test("an invalid seed, range or state is refused", () => {
    for (const seed of [-1, 0.5, Number.NaN, 2 ** 53 + 2]) expect(() => new RandomGenerator(seed)).toThrow(/seed/);
    const generator = new RandomGenerator(0);
    for (const n of [0, -3, 1.5, 2 ** 54]) expect(() => generator.integer(n)).toThrow(/1\.\.2\^53/);
    for (const counter0 of [-1, 2 ** 32, 0.5, undefined, null, "1", 1n, Symbol("s"), {}] as never[]) {
      expect(() => generator.restore({ key0: 0, key1: 0, counter0, counter1: 0 })).toThrow(/unsigned/);
    }
    for (const state of [undefined, null, 5, "state", []] as never[])
      expect(() => generator.restore(state)).toThrow(/RandomGenerator.restore/);
  });
});

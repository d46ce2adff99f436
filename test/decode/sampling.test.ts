import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { greedy, type SamplingOptions, sampleToken } from "../../src/decode/sampling.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError } from "../helpers/errors.js";

const infinity = Number.POSITIVE_INFINITY;

/** How often each token comes in n draws. */
function counts(logits: Float32Array, options: SamplingOptions, n = 20_000): number[] {
  const generator = new RandomGenerator(7);
  const found = new Array<number>(logits.length).fill(0);
  for (let i = 0; i < n; i++) found[sampleToken(logits, options, generator)]!++;
  return found;
}

/** Expects the shares to be these within 5 standard deviations of a binomial count. */
function expectShares(found: readonly number[], shares: readonly number[]): void {
  const n = found.reduce((a, b) => a + b);
  for (const [i, p] of shares.entries()) expect(Math.abs(found[i]! - n * p)).toBeLessThanOrEqual(5 * Math.sqrt(n * p * (1 - p)));
}

const logOf = (...probabilities: number[]) => Float32Array.from(probabilities, Math.log);

describe("greedy", () => {
  test("takes the first of the largest", () => {
    expect(greedy(new Float32Array([1, 3, 2, 3]))).toBe(1);
    expect(greedy(new Float32Array([-0, 0]))).toBe(0);
    expect(greedy(new Float32Array([-infinity, -infinity, -1e38]))).toBe(2);
    expect(greedy([5])).toBe(0);
  });

  test("refuses invalid scores", () => {
    expectError("value", () => greedy([]), "no logits");
    expectError("not-finite", () => greedy([0, Number.NaN]), "logit 1 is NaN");
    expectError("not-finite", () => greedy([infinity, 0]), "logit 0 is Infinity");
    expectError("not-finite", () => greedy([-infinity, -infinity]), "every logit");
  });
});

describe("sampleToken", () => {
  const logits = logOf(0.1, 0.4, 0.2, 0.3);

  test("draws with the probabilities of the softmax", () => {
    expectShares(counts(logits, {}), [0.1, 0.4, 0.2, 0.3]);
    expectShares(
      counts(
        logits.map((x) => x + 1000),
        {},
      ),
      [0.1, 0.4, 0.2, 0.3],
    );
  });

  test("divides by the temperature", () => {
    const squares = [0.01, 0.16, 0.04, 0.09].map((p) => p / 0.3);
    expectShares(counts(logits, { temperature: 0.5 }), squares);
    expectShares(counts(logits, { temperature: 1e300 }), [0.25, 0.25, 0.25, 0.25]);
  });

  test("with temperature 0, or close to it, takes the likeliest", () => {
    expect(counts(logits, { temperature: 0 }, 50)).toEqual([0, 50, 0, 0]);
    expect(counts(logits, { temperature: Number.MIN_VALUE }, 50)).toEqual([0, 50, 0, 0]);
    const generator = new RandomGenerator(1);
    sampleToken(logits, { temperature: 0 }, generator);
    expect(generator.state).toEqual(new RandomGenerator(1).state);
  });

  test("keeps the k likeliest", () => {
    expectShares(counts(logits, { topK: 2 }), [0, 4 / 7, 0, 3 / 7]);
    expect(counts(logits, { topK: 1 }, 50)).toEqual([0, 50, 0, 0]);
    expect(counts(logits, { topK: 100 }, 500)).toEqual(counts(logits, {}, 500));
  });

  test("keeps the fewest that make up p, the one that reaches it included", () => {
    expectShares(counts(logits, { topP: 0.65 }), [0, 4 / 7, 0, 3 / 7]);
    expectShares(counts(logits, { topP: 0.75 }), [0, 4 / 9, 2 / 9, 3 / 9]);
    expect(counts(logits, { topP: 1e-9 }, 50)).toEqual([0, 50, 0, 0]);
    expect(counts(new Float32Array([0, 0, 0, 0]), { topP: 0.5 }, 500).slice(2)).toEqual([0, 0]);
  });

  test("applies temperature, then topK, then topP to what is left", () => {
    expectShares(counts(logits, { topK: 3, topP: 0.75 }), [0, 4 / 7, 0, 3 / 7]); // 0.4 and 0.3 are over 3/4 of 0.9
    expect(counts(logits, { temperature: 0.25, topP: 0.7 }, 50)).toEqual([0, 50, 0, 0]); // 256 of 354
  });

  test("of equal logits the lower index is the likelier", () => {
    expect(counts(new Float32Array([0, 2, 2, 2]), { topK: 1 }, 50)).toEqual([0, 50, 0, 0]);
    expect(counts(new Float32Array([0, 2, 2, 2]), { topK: 2 }, 50)[3]).toBe(0);
  });

  test("never draws what is ruled out", () => {
    const masked = new Float32Array([-infinity, 0, -infinity, -300]);
    expect(counts(masked, { temperature: 5 }, 500)).toEqual([0, 500, 0, 0]);
    expect(counts(masked, { topK: 4, topP: 0.9999 }, 500)).toEqual([0, 500, 0, 0]);
  });

  test("draws one of the allowed tokens, the same for the same generator, whatever the scores and options", () => {
    const score = fc.oneof(fc.float({ noNaN: true, min: Math.fround(-1e38), max: Math.fround(1e38) }), fc.constantFrom(0, -0, 1e-45));
    const options = fc.record(
      {
        temperature: fc.double({ min: 0, max: 1e6, noNaN: true }),
        topK: fc.integer({ min: 1, max: 20 }),
        topP: fc.double({ min: 1e-300, max: 1, noNaN: true }),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(score, { minLength: 1, maxLength: 12 }), options, fc.nat(), (list, given, seed) => {
        const scores = Float32Array.from(list);
        const token = sampleToken(scores, given, new RandomGenerator(seed));
        expect(token).toBe(sampleToken(scores, given, new RandomGenerator(seed)));
        const rank = scores.filter((x, i) => x > scores[token]! || (x === scores[token] && i < token)).length;
        expect(rank).toBeLessThan(Math.min(given.topK ?? 20, scores.length));
      }),
    );
  });

  test.each<[SamplingOptions, "range" | "value", string]>([
    [{ temperature: -0.1 }, "range", "temperature is -0.1"],
    [{ temperature: Number.NaN }, "value", "temperature is NaN"],
    [{ temperature: infinity }, "value", "temperature is Infinity"],
    [{ topK: 0 }, "range", "topK is 0"],
    [{ topK: 1.5 }, "range", "topK is 1.5"],
    [{ topP: 0 }, "range", "topP is 0"],
    [{ topP: 1.01 }, "range", "topP is 1.01"],
    [{ topP: Number.NaN }, "range", "topP is NaN"],
  ])("refuses %j", (options, code, why) => {
    expectError(code, () => sampleToken(logits, options, new RandomGenerator(0)), "sampleToken", why);
  });
});

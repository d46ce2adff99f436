import { expect } from "vitest";
import { normalsFromWords, philoxWords } from "../../src/util/philox.js";

/** Lengths around the vector of 4, the unrolled 16, and odd ones beyond. */
export const lengths = [1, 3, 4, 5, 7, 8, 9, 31, 100, 257];

/** n float32 numbers, normal with the given mean and deviation; the same for the same seed. */
export function normals(n: number, seed: number, mean = 0, std = 1): Float32Array {
  const words = philoxWords(n + (n % 2), [0, 0, 0, 0], [seed, 0]);
  return Float32Array.from({ length: n }, (_, i) => {
    const pair = normalsFromWords(words[i - (i % 2)]!, words[i - (i % 2) + 1]!);
    return mean + std * pair[i % 2]!;
  });
}

/** Expects |actual - expected| <= tolerance * max(1, the largest |expected|) throughout; NaN and infinities must match. */
export function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number, what = ""): void {
  expect(actual.length, what).toBe(expected.length);
  let largest = 1;
  for (let i = 0; i < expected.length; i++) if (Number.isFinite(expected[i])) largest = Math.max(largest, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const a = actual[i]!;
    const e = expected[i]!;
    const same = Object.is(a, e) || a === e || Math.abs(a - e) <= tolerance * largest;
    if (!same) expect.fail(`${what} element ${i}: got ${a}, expected ${e}, tolerance ${tolerance * largest}`);
  }
}

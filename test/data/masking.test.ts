import { expect, test } from "vitest";
import { maskTokens, padRows } from "../../src/data/index.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError } from "../helpers/errors.js";

const rows = padRows([Array.from({ length: 20_000 }, (_, i) => (i % 95) + 5), [1, 2, 3, 7]]);
const options = { vocab: 100, mask: 4, from: 5 };

test("chooses 15 % of the tokens: 80 % hidden, 10 % random, 10 % as they are", () => {
  const { tokens, targets, shape, lengths } = maskTokens(rows, options, new RandomGenerator(1));
  expect([shape, lengths]).toEqual([rows.shape, rows.lengths]);
  const chosen = Array.from(targets.keys()).filter((i) => targets[i] !== -100);
  // Within four standard deviations of a binomial distribution; a replacement drawn at random is 1 in 95 times the token itself.
  const near = (count: number, n: number, p: number) => expect(Math.abs(count - n * p)).toBeLessThan(4 * Math.sqrt(n * p * (1 - p)));
  near(chosen.length, 20_001, 0.15);
  expect(chosen.every((i) => targets[i] === rows.data[i])).toBe(true);
  expect(tokens.every((token, i) => token === rows.data[i] || targets[i] !== -100)).toBe(true);
  const share = (is: (i: number) => boolean, p: number) => near(chosen.filter(is).length, chosen.length, p);
  share((i) => tokens[i] === 4, 0.8);
  share((i) => tokens[i] === rows.data[i], 0.1 + 0.1 / 95);
  share((i) => tokens[i] !== 4 && tokens[i] !== rows.data[i], 0.1 - 0.1 / 95);
  // Special tokens, at the start of row 1, and padding are never chosen.
  expect(chosen.filter((i) => i >= rows.shape[1] && i !== rows.shape[1] + 3)).toEqual([]);
});

test("chooses at least one token of a batch that holds one, whatever the share, and every ordinary one of share 1", () => {
  const short = padRows([[0, 6, 7], [5], [1, 2]]);
  const places = [1, 2, 3];
  const counts = new Map(places.map((at) => [at, 0]));
  const generator = new RandomGenerator(3);
  for (let i = 0; i < 300; i++) {
    const { tokens, targets } = maskTokens(short, { ...options, share: 1e-9 }, generator);
    const chosen = Array.from(targets.keys()).filter((at) => targets[at] !== -100);
    expect(chosen.length).toBe(1);
    expect(targets[chosen[0]!]).toBe(short.data[chosen[0]!]);
    expect(tokens.every((token, at) => at === chosen[0] || token === short.data[at])).toBe(true);
    counts.set(chosen[0]!, counts.get(chosen[0]!)! + 1);
  }
  // Each as likely: 100 times, give or take four standard deviations.
  for (const at of places) expect(Math.abs(counts.get(at)! - 100)).toBeLessThan(4 * Math.sqrt(300 * (1 / 3) * (2 / 3)));
  const all = maskTokens(short, { ...options, share: 1 }, generator).targets;
  expect(Array.from(all.keys()).filter((at) => all[at] !== -100)).toEqual(places);
  const none = maskTokens(short, { ...options, share: 0 }, generator).targets;
  expect(none.every((target) => target === -100)).toBe(true);
  expect(maskTokens(padRows([[0, 1], [2]]), options, generator).targets.every((target) => target === -100)).toBe(true);
});

test("a batch of one token is treated as every other: 80 % hidden, 10 % random, 10 % as they are", () => {
  const [one, generator, counts, n] = [padRows([[7]]), new RandomGenerator(5), { hidden: 0, kept: 0, other: 0 }, 2000];
  for (let i = 0; i < n; i++) {
    const [token] = maskTokens(one, { ...options, share: 1 }, generator).tokens;
    counts[token === 4 ? "hidden" : token === 7 ? "kept" : "other"]++;
  }
  const near = (count: number, p: number) => expect(Math.abs(count - n * p)).toBeLessThan(4 * Math.sqrt(n * p * (1 - p)));
  near(counts.hidden, 0.8);
  near(counts.kept, 0.1 + 0.1 / 95);
  near(counts.other, 0.1 - 0.1 / 95);
});

test("is a function of the generator's state", () => {
  const [a, b, c] = [1, 1, 2].map((seed) => maskTokens(rows, options, new RandomGenerator(seed)).tokens);
  expect(a).toEqual(b);
  expect(a).not.toEqual(c);
  expectError("range", () => maskTokens(rows, { ...options, mask: 100 }, new RandomGenerator(1)), "mask is 100");
  expectError("range", () => maskTokens(rows, { ...options, share: 2 }, new RandomGenerator(1)), "share is 2");
});

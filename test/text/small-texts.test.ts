import { beforeAll, describe, expect, test } from "vitest";
import { init } from "../../src/tensor/device.js";
import { trainGlove, trainWord2Vec, type WordVectors } from "../../src/text/index.js";
import { RandomGenerator } from "../../src/util/philox.js";

const random = new RandomGenerator(11);
const pick = (words: readonly string[]) => words[random.integer(words.length)]!;
const beside = ["the", "of", "and", "a", "in", "is"];
const topics = ["ship", "bread"].map((topic) => Array.from({ length: 20 }, (_, i) => `${topic}${i}`));

/** Sentences of ten words, each of one topic, with words of both topics between. */
const twoTopics = (tokens: number) =>
  Array.from({ length: tokens / 10 }, () => {
    const topic = topics[random.integer(2)]!;
    return Array.from({ length: 10 }, () => (random.integer(10) < 3 ? pick(beside) : pick(topic)));
  });

/** Words as frequent as in natural text, the i-th as 1 / i, each near those of its class. */
const natural = Array.from({ length: 1500 }, () => {
  const kind = random.integer(10);
  return Array.from({ length: 12 }, () => {
    const rank = Math.floor(600 ** ((random.integer(2 ** 20) + 0.5) / 2 ** 20));
    return rank < 40 ? `common${rank}` : `kind${kind}-${rank % 30}`;
  });
});

function cosine(vectors: WordVectors, a: string, b: string): number {
  const [x, y] = [vectors.vectorOf(a)!, vectors.vectorOf(b)!];
  const dot = (u: ArrayLike<number>, v: ArrayLike<number>) => Array.from(u).reduce((sum, value, i) => sum + value * v[i]!, 0);
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

function meanCosine(vectors: WordVectors, pairs: readonly (readonly [string, string])[]): number {
  return pairs.reduce((sum, [a, b]) => sum + cosine(vectors, a, b), 0) / pairs.length;
}

const pairsOf = (left: readonly string[], right: readonly string[]) =>
  left.flatMap((a) => right.flatMap((b) => (a === b ? [] : [[a, b] as const])));

beforeAll(async () => {
  await init({ deterministic: true });
});

const learners = {
  "skip-gram": trainWord2Vec,
  cbow: (sentences: string[][], options: object) => trainWord2Vec(sentences, { mode: "cbow", ...options }),
  glove: trainGlove,
};

describe.each(Object.entries(learners))("the defaults of %s", (_, train) => {
  test("spread the vectors of a small text: two words have little in common on average", async () => {
    const vectors = await train(natural, { seed: 1 });
    const words = vectors.words.slice(0, 200);
    const mean = meanCosine(vectors, pairsOf(words, words));
    expect(mean).toBeGreaterThan(-0.1);
    expect(mean).toBeLessThan(0.4);
    expect(vectors.warnings).toEqual([]);
  });

  test("warn where the text is too small, and where the vectors are alike", async () => {
    const few = await train(
      [
        ["the", "cat", "drinks", "milk"],
        ["the", "dog"],
      ],
      { minCount: 1, dimension: 8 },
    );
    expect(few.warnings[0]).toContain("6 words to learn from, and each of the 5 different ones occurs 1.2 times on average");
    expect(few.warnings[0]).toContain("Give more text");
    const rare = await train(
      Array.from({ length: 60 }, (_, i) => ["the", `a${i}`, `b${i}`, `c${i}`, `d${i}`]),
      { minCount: 1, epochs: 1 },
    );
    expect(rare.warnings[0]).toContain("1.2 times on average");
  });
});

test("vectors of a training that is too short are alike, and say so", async () => {
  const short = await trainWord2Vec(natural, { epochs: 5, lr: 0.025, subsample: 1e-3, seed: 1 });
  expect(short.warnings).toHaveLength(1);
  expect(short.warnings[0]).toMatch(/the mean cosine of two words is [01]\.\d\d:.*Give more epochs, a higher lr/);
});

// Not GloVe, which learns only from words that stand together.
describe.each(["skip-gram", "cbow"] as const)("the default of %s", (mode) => {
  test.each([500, 2000, 20_000])("parts two topics in %i words", async (tokens) => {
    const vectors = await trainWord2Vec(twoTopics(tokens), { mode, minCount: 3, seed: 1 });
    const [ships, bread] = topics.map((topic) => topic.filter((word) => vectors.has(word))) as [string[], string[]];
    const within = (meanCosine(vectors, pairsOf(ships, ships)) + meanCosine(vectors, pairsOf(bread, bread))) / 2;
    expect(within).toBeGreaterThan(0.3);
    expect(within - meanCosine(vectors, pairsOf(ships, bread))).toBeGreaterThan(0.25);
    const near = [...ships, ...bread].flatMap((word) =>
      vectors.nearest(word, 5, beside).map((neighbor) => neighbor.word.slice(0, 4) === word.slice(0, 4)),
    );
    expect(near.filter(Boolean).length / near.length).toBeGreaterThan(0.9);
  });
});

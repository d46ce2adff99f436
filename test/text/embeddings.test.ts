import { beforeAll, describe, expect, test } from "vitest";
import { init, memory } from "../../src/tensor/device.js";
import { type EmbeddingProgress, trainGlove, trainWord2Vec, WordVectors } from "../../src/text/index.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { initAnew } from "../helpers/default-device.js";
import { expectRejection } from "../helpers/errors.js";

const random = new RandomGenerator(5);
const pick = (words: readonly string[]) => words[random.integer(words.length)]!;

const animals = ["cat", "dog", "horse", "cow"];
/** What stands beside every word of a class is near each of them. */
const beside = ["the", "in", "they", "travel", "by"];
const cities = ["paris", "rome", "delhi", "london"];
/** Words of a class stand in the same places, never beside each other. */
const classes = Array.from({ length: 3000 }, () =>
  random.integer(2)
    ? ["the", pick(animals), pick(["eats", "sleeps", "runs"]), "in", "the", pick(["barn", "field", "yard"])]
    : ["they", "travel", pick(["to", "from"]), pick(cities), "by", pick(["train", "plane", "car"])],
);

/** A person has a rank and a sex, each of which shows in words around. */
const people = [
  ["king", "rules", "he"],
  ["queen", "rules", "she"],
  ["man", "works", "he"],
  ["woman", "works", "she"],
  ["prince", "waits", "he"],
  ["princess", "waits", "she"],
] as const;
const ranks = { rules: ["throne", "crown", "realm"], works: ["shop", "farm", "street"], waits: ["heir", "youth", "tower"] };
const sexes = { he: ["he", "his", "beard"], she: ["she", "her", "gown"] };
const royals = Array.from({ length: 6000 }, () => {
  const [person, rank, sex] = people[random.integer(people.length)]!;
  return [pick(sexes[sex]), person, pick(ranks[rank])];
});

beforeAll(async () => {
  await init({ deterministic: true });
});

const learners = {
  "skip-gram": (s: string[][], o: object) => trainWord2Vec(s, { lr: 0.05, subsample: 0, epochs: 8, ...o }),
  cbow: (s: string[][], o: object) => trainWord2Vec(s, { mode: "cbow", lr: 0.2, subsample: 0, epochs: 8, ...o }),
  glove: (s: string[][], o: object) => trainGlove(s, { epochs: 300, ...o }),
};

describe.each(Object.entries(learners))("%s", (_, train) => {
  test("puts words of a class near each other", async () => {
    const vectors = await train(classes, { dimension: 18, window: 3, seed: 1 });
    expect(vectors.words[0]).toBe("the");
    for (const group of [animals, cities]) {
      for (const word of group) {
        const near = vectors.nearest(word, group.length - 1, beside).map((neighbor) => neighbor.word);
        expect([word, ...near].toSorted(), `next to ${word}`).toEqual(group.toSorted());
      }
    }
  });

  test("finds analogies", async () => {
    const vectors = await train(royals, { dimension: 8, window: 1, seed: 2 });
    expect(vectors.analogy("man", "king", "woman", 1)[0]!.word).toBe("queen");
    expect(vectors.analogy("king", "prince", "queen", 1)[0]!.word).toBe("princess");
  });

  test("gives the same vectors for a seed, reports how far it is, and frees its memory", async () => {
    const before = memory().inUse;
    const reports: EmbeddingProgress[] = [];
    const some = classes.slice(0, 100);
    const options = { dimension: 5, epochs: 2, minCount: 1, seed: 3 };
    const first = await train(some, { ...options, onProgress: (progress: EmbeddingProgress) => reports.push(progress) });
    expect(await train(some, options)).toEqual(first);
    expect((await train(some, { ...options, seed: 4 })).data).not.toEqual(first.data);
    expect(reports.at(-1)).toMatchObject({ epoch: 2, share: 1 });
    expect(reports.map(({ share }) => share)).toEqual(reports.map(({ share }) => share).toSorted((a, b) => a - b));
    const stop = () => {
      throw new Error("enough");
    };
    await expect(train(some, { ...options, onProgress: stop })).rejects.toThrow("enough");
    // What stays is the workspace.
    expect(memory().inUse - before).toBeLessThan(2 ** 16);
    expect(WordVectors.fromText(first.toText()).words).toEqual(first.words);
  });

  test("runs on WebAssembly beside a default device of another kind", async () => {
    const options = { dimension: 5, epochs: 1, minCount: 1 };
    try {
      await initAnew({ device: "reference" });
      const vectors = await train(classes.slice(0, 20), options);
      expect(vectors.data.every(Number.isFinite)).toBe(true);
      expect(memory().inUse).toBe(0);
    } finally {
      await initAnew({ deterministic: true });
    }
  });

  test("refuses text with nothing to learn from, and invalid options", async () => {
    await expectRejection("value", train([], {}), "the sentences hold no word");
    await expectRejection("value", train([["a", "b"]], {}), "the most frequent word occurs 1 times, and minCount is 5");
    await expectRejection("value", train([["a"], ["b"]], { minCount: 1 }), "no two of the 2 words stand in one sentence");
    await expectRejection("value", train(["a b"] as never, { minCount: 1 }), "sentence 0 is a string");
    for (const [name, value] of Object.entries({ dimension: 0, window: 1.5, epochs: 0, lr: 0, minCount: 0, vocab: 0 }))
      await expectRejection("range", train(classes, { [name]: value }), `${name} is ${value}`);
    await expectRejection("value", train(classes, { seed: -1 }), "seed -1");
  });
});

test("word2vec and GloVe refuse options of their own", async () => {
  await expectRejection("value", trainWord2Vec(classes, { mode: "both" as "cbow" }), '"both"', '"skip-gram", "cbow"');
  await expectRejection("range", trainWord2Vec(classes, { negatives: 0 }), "negatives is 0");
  await expectRejection("range", trainWord2Vec(classes, { subsample: -1 }), "subsample is -1");
  await expectRejection("range", trainWord2Vec(classes, { lr: 0.1, lrEnd: 0.2 }), "lrEnd is 0.2");
  await expectRejection("range", trainGlove(classes, { xMax: 0 }), "xMax is 0");
  await expectRejection("range", trainGlove(classes, { alpha: -1 }), "alpha is -1");
});

test("keeps the number of words that vocab gives, the most frequent, and skips some of them as they come", async () => {
  const options = { vocab: 4, dimension: 4, seed: 1 };
  const vectors = await trainWord2Vec(classes, { ...options, subsample: 1e-2 });
  expect(vectors.words.length).toBe(4);
  expect(vectors.has("the")).toBe(true);
  expect((await trainWord2Vec(classes, { ...options, subsample: 0 })).data).not.toEqual(vectors.data);
});

import { describe, expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import type { Arch } from "../../src/models/index.js";
import { type Module, Pooling } from "../../src/nn/index.js";
import { AdamW } from "../../src/optim/index.js";
import { EntityTagger, load, TextClassifier } from "../../src/tasks/index.js";
import { randn, tensor } from "../../src/tensor/create.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fit, type Trainable } from "../../src/train/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await init({ device: "wasm" });

const reviews = ["good", "great", "fine", "lovely"].flatMap((word) => [
  { text: `a ${word} film`, label: "good" },
  { text: `the film is not ${word}, it fails`, label: "bad" },
]);
const sentences = ["Sarah", "Michael", "Rose", "Mark"].flatMap((name) => [
  { words: [name, "Jackson", "sleeps"], tags: ["B-person", "I-person", "O"] },
  { words: ["the", "dog", "of", name], tags: ["O", "O", "O", "B-person"] },
]);

/** The heads of a small model that has them. */
const headsOf = (arch: Arch) => (arch === "transformer" ? { heads: 2 } : {});

/** Trains a task for some epochs. */
async function train<E, B>(
  task: {
    model: Module & Trainable<B>;
    loader(examples: readonly E[], options: { batch: number }): Iterable<B>;
  },
  examples: readonly E[],
) {
  const optimizer = new AdamW(task.model.parameters(), { lr: 0.02 });
  for await (const event of fit(task.model, task.loader(examples, { batch: 4 }), { optimizer, epochs: 40 }))
    if (event.type === "end") return;
}

describe.each(["gru", "transformer"] as const)("with a %s", (arch) => {
  test.each(["last", "mean", "max", "attention"] as const)(
    "a text classifier learns, and comes back from a folder; pooling %s",
    async (pooling) => {
      manualSeed(1);
      const task = TextClassifier.create(reviews, { arch, pooling, hidden: 8, embed: 8, minCount: 1, ...headsOf(arch) });
      await train(task, reviews);
      expect(await task.evaluate(reviews)).toMatchObject({ accuracy: 1, f1: 1 });
      const store = memoryStore();
      await task.save(store);
      const again = (await load(store)) as TextClassifier;
      const texts = ["a great film", "", "it fails, it is not lovely and never was"];
      expect(await again.predict(texts)).toEqual(await task.predict(texts));
      // A sentence alone and in a padded batch.
      const [together] = await task.predict(texts);
      const [alone] = await task.predict([texts[0]!]);
      for (const [i, { label, probability }] of alone!.entries()) {
        expect(together![i]!.label).toBe(label);
        expect(together![i]!.probability).toBeCloseTo(probability, 6);
      }
    },
  );

  test.each([true, false])("a tagger learns, and comes back from a folder; random field %s", async (crf) => {
    manualSeed(1);
    const task = EntityTagger.create(sentences, { arch, crf, hidden: 8, embed: 8, characterSize: 4, minCount: 1, ...headsOf(arch) });
    await train(task, sentences);
    expect(await task.evaluate(sentences)).toMatchObject({ f1: 1, accuracy: 1 });
    const store = memoryStore();
    await task.save(store);
    const again = (await load(store)) as EntityTagger;
    const unseen = [["Rose", "Zoë", "and", "Mark"], ["dog"]];
    expect(await again.predict(unseen)).toEqual(await task.predict(unseen));
    expect((await task.predict(unseen))[1]).toEqual(await task.predict([["dog"]]).then(([tags]) => tags));
  });
});

test.each(["rnn", "gru", "lstm", "transformer"] as const)("a text has one answer, alone and among longer ones: %s", async (arch) => {
  const texts = ["film", "", "it fails, it is not lovely and never was a great film, nor fine, nor good", "a lovely film"];
  for (const bidirectional of arch === "transformer" ? [undefined] : [true, false])
    for (const pooling of ["last", "mean", "max", "attention"] as const) {
      manualSeed(1);
      const task = TextClassifier.create(reviews, {
        arch,
        ...(bidirectional !== undefined && { bidirectional }),
        pooling,
        hidden: 8,
        embed: 8,
        ...headsOf(arch),
        minCount: 1,
        dropout: 0.5,
      });
      const together = await task.predict(texts);
      for (const [i, text] of texts.entries()) {
        const [alone] = await task.predict([text]);
        const expected = together[i]!.map(({ label, probability }) => ({ label, probability: expect.closeTo(probability, 6) }));
        expect(alone, `${pooling}, ${bidirectional === false ? "one direction" : "both directions"}, ${JSON.stringify(text)}`).toEqual(
          expected,
        );
      }
    }
});

describe("the language of the words", () => {
  const again = async (task: TextClassifier | EntityTagger) => {
    const store = memoryStore();
    await task.save(store);
    return load(store);
  };

  test("a classifier reads Turkish capitals as their small letters, also after it was saved", async () => {
    const examples = [
      { text: "ılık ısı", label: "a" },
      { text: "ince iz", label: "b" },
    ];
    const task = TextClassifier.create(examples, { hidden: 4, minCount: 1, locale: "tr" });
    for (const one of [task, (await again(task)) as TextClassifier])
      expect(await one.predict(["ILIK ISI", "İNCE İZ"])).toEqual(await task.predict(["ılık ısı", "ince iz"]));
    const usual = TextClassifier.create(examples, { hidden: 4, minCount: 1 });
    expect(Array.from(usual.tokenizer.encode("ILIK"))).toEqual([usual.tokenizer.special.unk]);
  });

  test("a tagger too", async () => {
    const task = EntityTagger.create([{ words: ["Işık", "geldi"], tags: ["B-per", "O"] }], { hidden: 4, minCount: 1, locale: "tr-TR" });
    for (const one of [task, (await again(task)) as EntityTagger]) {
      expect(one.words.idOf("ışık")).toBeDefined();
      expect([...one.loader([{ words: ["IŞIK"], tags: ["O"] }], { batch: 1 })][0]!.words).toEqual(Int32Array.of(one.words.idOf("ışık")!));
    }
    expect(EntityTagger.create([{ words: ["Işık"], tags: ["O"] }], { hidden: 4, minCount: 1 }).words.idOf("ışık")).toBeUndefined();
  });

  test("refuses an unknown language, and a language together with a tokenizer", () => {
    expectError("range", () => TextClassifier.create(reviews, { locale: "t" }), '"t"', "language tag");
    expectError("range", () => EntityTagger.create(sentences, { locale: 3 as never }), "language tag");
    const { tokenizer } = TextClassifier.create(reviews, { hidden: 4 });
    expectError("value", () => TextClassifier.create(reviews, { tokenizer, locale: "tr" }), "locale");
  });
});

test("tasks refuse what they cannot learn from or answer", async () => {
  expectError("value", () => TextClassifier.create(reviews.slice(0, 1)), "1 labels (good)");
  expectError("value", () => TextClassifier.create(reviews, { arch: "cnn" as "gru" }), '"cnn"');
  expectError("value", () => TextClassifier.create(reviews, { pooling: "sum" as "max" }), '"sum"');
  expectError("value", () => EntityTagger.create([]), "the list of sentences is empty");
  const tagger = EntityTagger.create(sentences, { hidden: 4 });
  await expectRejection("value", tagger.predict([[]]), "sentence 0");
  const classifier = TextClassifier.create(reviews, { hidden: 4 });
  await expectRejection(
    "range",
    classifier.evaluate([{ text: "a", label: "so-so" }]).then(() => [...classifier.loader([{ text: "a", label: "so-so" }], { batch: 1 })]),
    '"so-so"',
  );
  const store = memoryStore();
  await store.write("config.json", new TextEncoder().encode('{"model_type": "other"}'));
  await expectRejection("io", load(store), "model.safetensors");
});

test("pooling leaves padding out", async () => {
  const x = tensor([1, -5, 3, -7, 100, 100, 2, 2, 4, 4, 6, 9], [2, 3, 2]);
  expect(Array.from(await new Pooling("mean", 2).forward(x, { lengths: [2, 3] }).data())).toEqual([2, -6, 4, 5]);
  expect(Array.from(await new Pooling("max", 2).forward(x, { lengths: [2, 3] }).data())).toEqual([3, -5, 6, 9]);
  const attention = new Pooling("attention", 2);
  const [a, b] = await attention.forward(x, { lengths: [1, 1] }).data();
  expect([a, b]).toEqual([1, -5]);
  expectError("shape", () => attention.forward(randn([2, 3]), { lengths: [1, 1] }), "[B, T, D]");
});

test("balanced class weights count every label alike, and are saved", async () => {
  const examples = [...new Array(9).fill({ text: "a b", label: "ham" }), { text: "b c", label: "spam" }];
  const task = TextClassifier.create(examples, { hidden: 4, embed: 4, minCount: 1, classWeights: "balanced" });
  expect(task.model.config.classWeights).toEqual([10 / 18, 5]);
  const [batch] = [...task.loader(examples, { batch: 10 })];
  const answers = await task.predict(examples.map(({ text }) => text));
  const weights = task.model.eval().config.classWeights;
  const [sum, total] = examples.reduce(
    ([a, b], { label }, i) => {
      const weight = weights[task.labels.indexOf(label)]!;
      return [a - weight * Math.log(answers[i]!.find((one) => one.label === label)!.probability), b + weight];
    },
    [0, 0],
  );
  expect(await task.model.loss(batch!).loss.item()).toBeCloseTo(sum / total, 5);
  const store = memoryStore();
  await task.save(store);
  expect(((await load(store)) as TextClassifier).model.config.classWeights).toEqual([10 / 18, 5]);
  expectError("value", () => TextClassifier.create(examples, { classWeights: "some" as "none" }), '"some"', "balanced");
});

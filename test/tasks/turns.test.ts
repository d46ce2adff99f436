import { describe, expect, test } from "vitest";
import { seriesOf } from "../../src/data/series.js";
import type { Module } from "../../src/nn/module.js";
import { EntityTagger, ImageCaptioner, SeriesForecaster, SpeechRecognizer, TextClassifier, Translator } from "../../src/tasks/index.js";
import { batchesOf } from "../../src/tasks/task.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { turnsOf } from "../helpers/turns.js";

await init({ device: "wasm" });

const N = 12;
const many = <T>(make: (i: number) => T): T[] => Array.from({ length: N }, (_, i) => make(i));
const words = ["red", "green", "blue"];

type Made = Pick<TextClassifier | Translator, "describe"> & { readonly model: Module };
const dataOf = async ({ model }: Made) => Array.from((await model.stateDict()).values(), ({ data }) => data);

describe("other tasks of the event loop run while a task answers and is measured", () => {
  const pairs = many((i) => ({ source: words[i % 3]!, target: words[(i + 1) % 3]! }));
  const sentences = many((i) => ({ words: [words[i % 3]!, "x"], tags: ["B-color", "O"] }));
  const labeled = many((i) => ({ text: words[i % 3]!, label: words[i % 2]! }));
  const recordings = many((i) => ({
    frames: [
      [i, 1],
      [0, 1],
      [1, 0],
    ],
    text: "ab",
  }));
  const images = many((i) => ({ features: [[i, 1]], caption: words[i % 3]! }));
  const small = { hidden: 4, minCount: 1 };
  const translator = Translator.create(pairs, { ...small, unit: "words", context: 4 });
  const tagger = EntityTagger.create(sentences, { ...small, crf: true });
  const classifier = TextClassifier.create(labeled, small);
  const recognizer = SpeechRecognizer.create(recordings, { hidden: 4 });
  const captioner = ImageCaptioner.create(images, { ...small, context: 4 });
  const series = seriesOf(Array.from({ length: 40 }, (_, t) => [Math.sin(t)]));
  const forecaster = SeriesForecaster.create(series, 30, { history: 4, horizon: 2, hidden: 4 });
  const points = forecaster.points(series);

  test.each<[string, () => Promise<{ length: number }>, () => Promise<object>]>([
    ["Translator", () => translator.predict(pairs.map(({ source }) => source)), () => translator.evaluate(pairs)],
    [
      "Translator, by beams",
      () =>
        translator.predict(
          many(() => "red"),
          { beam: 2 },
        ),
      () => translator.evaluate(pairs, { beam: 2 }),
    ],
    ["EntityTagger", () => tagger.predict(sentences.map((one) => one.words)), () => tagger.evaluate(sentences)],
    ["TextClassifier", () => classifier.predict(labeled.map(({ text }) => text)), () => classifier.evaluate(labeled)],
    ["SpeechRecognizer", () => recognizer.predict(recordings.map(({ frames }) => frames)), () => recognizer.evaluate(recordings)],
    ["ImageCaptioner", () => captioner.predict(images.map(({ features }) => features)), () => captioner.evaluate(images)],
  ])("%s", async (_, predict, evaluate) => {
    const predicted = await turnsOf(predict);
    expect(predicted.result.length).toBe(N);
    expect(predicted.turns).toBeGreaterThanOrEqual(N);
    expect((await turnsOf(evaluate)).turns).toBeGreaterThanOrEqual(N);
  });

  test("SeriesForecaster", async () => {
    expect((await turnsOf(() => forecaster.evaluate(points))).turns).toBeGreaterThanOrEqual(points.length);
  });

  test.each<[string, () => Made, () => Promise<Made>]>([
    ["Translator", () => Translator.create(pairs, { hidden: 4 }), () => Translator.createAsync(pairs, { hidden: 4 })],
    [
      "Translator, of a Transformer",
      () => Translator.create(pairs, { arch: "transformer", hidden: 8, heads: 2, unit: "characters" }),
      () => Translator.createAsync(pairs, { arch: "transformer", hidden: 8, heads: 2, unit: "characters" }),
    ],
    ["EntityTagger", () => EntityTagger.create(sentences, small), () => EntityTagger.createAsync(sentences, small)],
    ["TextClassifier", () => TextClassifier.create(labeled, small), () => TextClassifier.createAsync(labeled, small)],
    [
      "SpeechRecognizer",
      () => SpeechRecognizer.create(recordings, { hidden: 4 }),
      () => SpeechRecognizer.createAsync(recordings, { hidden: 4 }),
    ],
    ["ImageCaptioner", () => ImageCaptioner.create(images, small), () => ImageCaptioner.createAsync(images, small)],
    [
      "SeriesForecaster",
      () => SeriesForecaster.create(series, 30, { hidden: 4 }),
      () => SeriesForecaster.createAsync(series, 30, { hidden: 4 }),
    ],
  ])("%s made in turns is the same", async (_, create, createAsync) => {
    manualSeed(5);
    const made = create();
    manualSeed(5);
    const { result, turns } = await turnsOf(createAsync);
    expect(result.describe()).toEqual(made.describe());
    expect(await dataOf(result)).toEqual(await dataOf(made));
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  test("createAsync() rejects with the error that create() throws", async () => {
    await expect(Translator.createAsync([])).rejects.toThrow("Translator: the list of pairs is empty");
    await expect(TextClassifier.createAsync(labeled, { hiden: 4 } as never)).rejects.toThrow("hidden");
    await expect(EntityTagger.createAsync([])).rejects.toThrow("EntityTagger: the list of sentences is empty");
  });

  test("BLEU by length in turns is the same", async () => {
    const answers = pairs.map(({ source }) => source);
    const { result, turns } = await turnsOf(() => translator.bleuByLengthAsync(pairs, answers, { width: 1 }));
    expect(result).toEqual(translator.bleuByLength(pairs, answers, { width: 1 }));
    expect(turns).toBeGreaterThanOrEqual(N);
  });

  test("an epoch that is sorted by length", async () => {
    const loader = translator.loader(pairs, { batch: 4 });
    const epoch = async () => {
      const batches = [];
      for await (const batch of loader.epoch(1)) batches.push(batch);
      return batches;
    };
    const { result, turns } = await turnsOf(epoch);
    expect(result).toEqual([...loader.epoch(1)]);
    expect(turns).toBeGreaterThanOrEqual(N);
  });
});

describe("batches to evaluate", () => {
  const sizes = (lengths: number[]) =>
    [
      ...batchesOf(
        lengths,
        (n) => n,
        (batch) => batch,
      ),
    ].map((batch) => batch.length);

  test("hold items in their order, each once", () => {
    const items = Array.from({ length: 300 }, (_, i) => (i * 37) % 90);
    expect(
      [
        ...batchesOf(
          items,
          (n) => n,
          (batch) => batch,
        ),
      ].flat(),
    ).toEqual(items);
  });

  test("are the smaller, the longer the items are; one item may be longer than any batch", () => {
    expect(sizes(new Array<number>(130).fill(1))).toEqual([64, 64, 2]);
    expect(sizes([5000, 1, 1, 5000])).toEqual([1, 2, 1]);
    const [long, short] = [sizes(new Array<number>(100).fill(200))[0]!, sizes(new Array<number>(100).fill(20))[0]!];
    expect(long).toBeLessThan(short);
    expect(sizes([])).toEqual([]);
  });
});

test("a measured loss does not depend on how examples are put into batches", async () => {
  const pairs = many((i) => ({ source: "red ".repeat(1 + ((i * 5) % 7)).trim(), target: "blue ".repeat(1 + (i % 4)).trim() }));
  const task = Translator.create(pairs, { hidden: 4 });
  const { loss } = await task.evaluate(pairs);
  const reversed = await task.evaluate([...pairs].reverse());
  expect(reversed.loss).toBeCloseTo(loss!, 5);
});

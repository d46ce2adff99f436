import { expect, test } from "vitest";
import { seriesOf } from "../../src/data/index.js";
import * as tasks from "../../src/tasks/index.js";
import { init } from "../../src/tensor/device.js";
import { expectRejection } from "../helpers/errors.js";

await init({ device: "wasm" });

const reviews = [
  { text: "a good film", label: "good" },
  { text: "a bad film indeed", label: "bad" },
];
const sentences = [
  { words: ["Rose", "sleeps", "well"], tags: ["B-person", "O", "O"] },
  { words: ["no", "Rose"], tags: ["O", "B-person"] },
];
const pairs = [
  { source: "good day", target: "bonjour" },
  { source: "go on now", target: "va donc" },
];
const series = seriesOf([[1], [2], [3], [2], [1], [2], [3], [4]], { names: ["a"] });
const frames = [
  [1, 0],
  [0, 1],
  [1, 1],
];
const recordings = ["a", "b"].map((text) => ({ frames, text }));
const images = ["a dot", "a bar"].map((caption) => ({ features: [[1, 0]], caption }));
const novel = "to be or not to be ".repeat(4);
const run = { epochs: 1, batch: 2, validation: 0 };
const archs = ["rnn", "gru", "lstm", "transformer"] as const;

/** A task, how it trains and answers, and the gradients that never come, because nothing reads what they are of. */
function made(kind: string, arch: (typeof archs)[number]) {
  const isTransformer = arch === "transformer";
  const small = { arch, hidden: 4, layers: 2, ...(isTransformer && { heads: 2 }) };
  if (kind === "TextClassifier") {
    const task = tasks.TextClassifier.create(reviews, { ...small, embed: 4, minCount: 1, pooling: "attention" });
    return { task, train: () => task.train(reviews, run), predict: () => task.predict(["a good film"]) };
  }
  if (kind === "EntityTagger") {
    const task = tasks.EntityTagger.create(sentences, { ...small, embed: 4, minCount: 1, characterSize: 4, crf: true });
    const unread = ["characterEncoder.output.gradient", "characterEncoder.rnn.output.gradient"];
    return { task, train: () => task.train(sentences, run), predict: () => task.predict([["Rose"]]), unread };
  }
  if (kind === "Translator") {
    const task = tasks.Translator.create(pairs, { ...small, ...(!isTransformer && { embed: 4 }), dropout: 0.1 });
    return { task, train: () => task.train(pairs, run), predict: () => task.predict(["go on"]) };
  }
  if (kind === "SeriesForecaster") {
    const task = tasks.SeriesForecaster.create(series, 6, { ...small, history: 3, horizon: 1 });
    const unread = ["encoder.output.gradient", ...(isTransformer ? [] : ["encoder.rnn.output.gradient"])];
    return { task, train: () => task.train([{ series, at: 3 }], run), predict: () => task.predict([series]), unread };
  }
  if (kind === "SpeechRecognizer") {
    const task = tasks.SpeechRecognizer.create(recordings, small);
    return { task, train: () => task.train(recordings, run), predict: () => task.predict([frames]) };
  }
  const task = tasks.LanguageModel.create(novel, { ...small, context: 4, ...(!isTransformer && { embed: 4 }) });
  return { task, train: () => task.train(novel, { steps: 1, validation: 0 }), predict: () => task.predict(["to "], { maxTokens: 2 }) };
}

const kinds = ["TextClassifier", "EntityTagger", "Translator", "SeriesForecaster", "SpeechRecognizer", "LanguageModel"];

test.each(kinds.flatMap((kind) => archs.map((arch) => [kind, arch] as const)))(
  "%s of arch %s shows all that it lists while it trains, and no gradient while it predicts",
  async (kind, arch) => {
    const { task, train, predict, unread = [] } = made(kind, arch);
    const listed = await task.model.captureNames();
    const seen = new Map<string, boolean>();
    const capture = await task.capture(["*"], (name, { training, shape, data }) => {
      expect(
        shape.reduce((size, n) => size * n, 1),
        name,
      ).toBe(data.length);
      seen.set(name, training);
    });
    await train();
    const never = unread.flatMap((name) => [name, `${name}Norm`]);
    expect([...seen.keys()].sort()).toEqual(listed.filter((name) => !never.includes(name)).sort());
    expect([...seen.values()].every(Boolean)).toBe(true);
    seen.clear();
    await predict();
    await capture.stop();
    expect([...seen.keys()].filter((name) => /gradient/.test(name))).toEqual([]);
    expect([...seen.values()].some(Boolean)).toBe(false);
    expect(seen.size).toBeGreaterThan(2);
  },
);

test("ImageCaptioner shows the alignment of a caption with its picture, word by word", async () => {
  const task = tasks.ImageCaptioner.create(images, { hidden: 4, embed: 4, attention: "additive" });
  const shapes: string[] = [];
  const capture = await task.capture(["attention.weights"], (_, { shape }) => shapes.push(`${shape}`));
  await task.train(images, run);
  expect(shapes).toEqual(["2,3,1"]); // the steps of teacher forcing, in one
  shapes.length = 0;
  await task.predict([[[1, 0]]]);
  await capture.stop();
  expect(new Set(shapes)).toEqual(new Set(["1,1,1"]));
  await expectRejection(
    "value",
    task.capture(["encoder.gates"], () => {}),
    '"encoder.gates"',
    "attention.weights",
  );
});

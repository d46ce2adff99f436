import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { start } from "../../src/worker/index.js";
import { asDefault } from "../helpers/devices.js";

// The same task in a worker and here, from the same seed: every event and every answer has the same bits.

asDefault({ type: "wasm", variant: "simd" });

const started = () => start({ device: "wasm", deterministic: true, threads: 1, seed: 7 });

const texts = ["Iris is in the inn", "in the inn is a cat", "a cat is in Iris"];
const recordings = texts.map((text, i) => ({ text: text.slice(0, 3), frames: Array.from({ length: 8 }, (_, t) => [(t + i) % 3, i]) }));
const images = texts.map((caption, i) => ({
  caption,
  features: [
    [1, i],
    [i, 2],
  ],
}));
const sentences = texts.map((text) => ({ words: text.split(" "), tags: text.split(" ").map((word) => (word === "Iris" ? "B-PER" : "O")) }));
const series = sg.data.seriesOf(Array.from({ length: 90 }, (_, t) => [t % 5]));
const points = Array.from({ length: 20 }, (_, i) => ({ series, at: 30 + i }));
const usual = { epochs: 2, batch: 2, validation: 0.34 };

/** The arguments of create(), train() and predict(); evaluate() takes the examples. */
const works: Readonly<
  Record<string, readonly [create: readonly unknown[], examples: unknown, options: object, inputs: readonly unknown[]]>
> = {
  LanguageModel: [[texts.join("\n"), { hidden: 8, context: 8 }], texts.join("\n"), { steps: 6, batch: 2 }, ["Iris", "a "]],
  TextClassifier: [
    [texts.map((text, i) => ({ text, label: i ? "a" : "b" })), { hidden: 8, minCount: 1 }],
    texts.map((text, i) => ({ text, label: i ? "a" : "b" })),
    usual,
    texts,
  ],
  EntityTagger: [[sentences, { hidden: 8, minCount: 1 }], sentences, usual, sentences.map(({ words }) => words)],
  SeriesForecaster: [[series, 60, { hidden: 8, history: 6, horizon: 2 }], points, usual, [series]],
  SpeechRecognizer: [[recordings, { hidden: 8 }], recordings, usual, recordings.map(({ frames }) => frames)],
  Translator: [
    [texts.map((text) => ({ source: text, target: text })), { hidden: 8, vocab: 270 }],
    texts.map((text) => ({ source: text, target: text })),
    usual,
    texts,
  ],
  ImageCaptioner: [[images, { hidden: 8, minCount: 1 }], images, usual, images.map(({ features }) => features)],
};

/** The surface that all tasks have, here and in the worker, for a table of them. */
interface AnyTask {
  train(examples: unknown, options: object): AsyncIterable<sg.FitEvent>;
  evaluate(examples: unknown): unknown;
  predict(inputs: readonly unknown[]): unknown;
  describe(): unknown;
  summary(): unknown;
  save(store: sg.io.Store): Promise<void>;
}

/** All that a task does, but for times. */
async function course(task: AnyTask, [, examples, options, inputs]: (typeof works)[string]) {
  const events: object[] = [];
  for await (const event of task.train(examples, { ...options, seed: 3 })) {
    const timeless = { ...event, milliseconds: 0, seconds: 0 };
    events.push(timeless);
  }
  const store = sg.io.memoryStore();
  await task.save(store);
  const weights = await store.read("model.safetensors");
  return {
    ...{ events, measures: await task.evaluate(examples), answers: await task.predict(inputs) },
    ...{ config: await task.describe(), summary: await task.summary(), weights },
  };
}

describe("a task in a worker has the bits of the same task here", () => {
  test("all kinds are tried", async () => {
    using trainer = await started();
    expect(Object.keys(works).sort()).toEqual(
      Object.keys(trainer.tasks)
        .filter((name) => name !== "load")
        .sort(),
    );
  });

  test.each(Object.entries(works))("%s", async (kind, work) => {
    sg.manualSeed(7);
    const { create: createHere }: { create: (...args: unknown[]) => AnyTask } = Reflect.get(sg.tasks, kind);
    const here = await course(createHere(...work[0]), work);
    // Weights are drawn from the seed of the worker: each kind has one of its own.
    using trainer = await started();
    const { create }: { create: (...args: unknown[]) => Promise<AnyTask> } = Reflect.get(trainer.tasks, kind);
    const there = await course(await create(...work[0]), work);
    expect(there.events.length).toBeGreaterThan(3);
    expect(there).toEqual(here);
  });
});

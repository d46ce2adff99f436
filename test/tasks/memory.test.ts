import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { asDefault } from "../helpers/devices.js";

asDefault({ type: "wasm", variant: "simd" });

const text = "the cat sat on the mat. ".repeat(20);
const reviews = ["a good film", "a dull film", "good", "dull"].map((text) => ({ text, label: text.includes("good") ? "good" : "dull" }));
const trained: Readonly<Record<string, () => () => PromiseLike<unknown>>> = {
  LanguageModel: () => {
    const task = sg.tasks.LanguageModel.create(text, { hidden: 8, context: 8 });
    return () => task.train(text, { steps: 4 });
  },
  TextClassifier: () => {
    const task = sg.tasks.TextClassifier.create(reviews, { hidden: 8, minCount: 1 });
    return () => task.train(reviews, { epochs: 2, validation: 0 });
  },
};

test.each(Object.entries(trained))("a %s that is trained again holds no more memory", async (_, make) => {
  const train = make();
  await train();
  const { bytes, tensors } = sg.memory();
  expect([bytes.optimizer, bytes.gradient]).toEqual([0, 0]);
  await train();
  await train();
  expect(sg.memory()).toMatchObject({ bytes, tensors });
});

test("a run that is broken off, or that cannot begin, leaves no optimizer behind", async () => {
  const task = sg.tasks.TextClassifier.create(reviews, { hidden: 8, minCount: 1 });
  for await (const _ of task.train(reviews, { epochs: 2, validation: 0 })) break;
  const store = { read: 1 };
  expect(() => task.train(reviews, { validation: 0, checkpoint: { store } } as never)).toThrow(sg.SeqgradError);
  expect(sg.memory().bytes.optimizer).toBe(0);
});

import { afterAll, beforeAll, expect, test } from "vitest";
import { io, manualSeed, tasks } from "../../src/index.js";
import { dropDefault, initAnew } from "../helpers/default-device.js";
import { expectError } from "../helpers/errors.js";

beforeAll(async () => {
  await initAnew({ deterministic: true });
  manualSeed(1);
});
afterAll(dropDefault);

const words = { good: ["fine", "lovely", "bright"], bad: ["dull", "awful", "bleak"] };
const examples = Array.from({ length: 60 }, (_, i) => {
  const label = i % 2 === 0 ? "good" : "bad";
  return { text: `a ${words[label][i % 3]} film`, label };
});
const make = () => tasks.TextClassifier.create(examples, { arch: "gru", hidden: 8, embed: 8 });

test("a task trains on examples, keeps its best epoch, and comes back from a store", async () => {
  const task = make();
  const { epochs, evaluations, end } = await task.train(examples, { epochs: 6, batch: 8, lr: 1e-2, best: "accuracy" });
  expect([epochs.length, evaluations.length, end.steps]).toEqual([6, 6, 6 * Math.ceil(54 / 8)]);
  expect(Math.min(...evaluations.map(({ value }) => value))).toBe(-1);
  expect((await task.evaluate(examples)).accuracy).toBe(1);
  expect(task.summary()).toContain("GRU");
  const store = io.memoryStore();
  await task.save(store);
  const again = (await tasks.load(store)) as tasks.TextClassifier;
  expect(await again.predict(["a lovely film"])).toEqual(await task.predict(["a lovely film"]));
  for (const { model } of [task, again]) model.dispose();
});

test("the events of a task's training come one by one", async () => {
  const task = make();
  const kinds = new Set<string>();
  for await (const event of task.train(examples, { epochs: 1, patience: 1 })) kinds.add(event.type);
  expect([...kinds].sort()).toEqual(["end", "epoch", "evaluation", "step"]);
  task.model.dispose();
});

test("without examples that are held back nothing is measured", async () => {
  const task = make();
  const { evaluations, end } = await task.train(examples, { epochs: 1, batch: 30, validation: 0 });
  expect([evaluations.length, end.steps]).toEqual([0, 2]);
  task.model.dispose();
});

test("options that are unknown or contradict each other are refused, and nothing has changed", async () => {
  const task = make();
  const before = await task.predict(["a dull film"]);
  expectError("value", () => task.train(examples, { steps: 3 } as object), 'TextClassifier.train: "steps" is not an option');
  expectError("value", () => task.train(examples, { learningRate: 1 } as object), 'Did you mean "lr"?');
  expectError("value", () => task.train(examples, { validation: 0, patience: 2 }), "patience has no effect, since none of the");
  expectError("range", () => task.train(examples, { epochs: 0 }), "TextClassifier.train: epochs is 0");
  expectError("value", () => task.train([{ text: "no label" }] as never), "TextClassifier");
  expectError("value", () => task.train(examples, { best: "bleu", epochs: 1 }), 'best is "bleu"; use f1, loss, accuracy');
  expect(await task.predict(["a dull film"])).toEqual(before);
  task.model.dispose();
});

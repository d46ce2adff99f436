import { expect, it } from "vitest";
import * as sg from "../../src/index.js";

await sg.init({ device: "wasm" });

const examples = Array.from({ length: 48 }, (_, i) => ({
  text: `a ${i % 2 ? "good" : "bad"} ${["film", "play", "book"][i % 3]}`,
  label: String(i % 2),
}));
const texts = examples.map(({ text }) => text);

function classifier(seed: number) {
  sg.manualSeed(seed);
  return sg.tasks.TextClassifier.create(examples, { minCount: 1, hidden: 8, embed: 8, dropout: 0.5 });
}

/** A run of fit with dropout, as an iterator. */
function training(task: ReturnType<typeof classifier>) {
  const optimizer = new sg.optim.AdamW(task.model.parameters(), { lr: 0.02 });
  return sg.fit(task.model, task.loader(examples, { batch: 8, seed: 1 }), { optimizer, epochs: 2 });
}

it("predictions and evaluations that overlap answer as each alone, whatever the model's mode", async () => {
  const task = classifier(1);
  task.model.eval();
  const alone = [await task.predict(texts), await task.predict(texts.slice(0, 1)), await task.evaluate(examples)];
  task.model.train();
  const together = await Promise.all([task.predict(texts), task.predict(texts.slice(0, 1)), task.evaluate(examples)]);
  expect(together).toEqual(alone);
  expect(task.model.training).toBe(true);
  expect(task.model.linear.training).toBe(true);
});

it("a model stays in its mode, part by part, while it predicts", async () => {
  const task = classifier(1);
  task.model.dropout.eval();
  await task.predict(texts);
  expect([task.model.training, task.model.dropout.training, task.model.encoder.training]).toEqual([true, false, true]);
});

it("a run's weights do not depend on predictions, samples or modes set meanwhile", async () => {
  const [quiet, busy] = [classifier(2), classifier(2)];
  sg.manualSeed(5);
  await training(quiet);
  sg.manualSeed(5);
  const answers: Promise<unknown>[] = [];
  for await (const event of training(busy)) {
    if (event.type !== "step") continue;
    answers.push(busy.predict(texts));
    sg.randn([100]).dispose();
    busy.model.eval();
  }
  await Promise.all(answers);
  expect(await busy.model.stateDict()).toEqual(await quiet.model.stateDict());
});

it("runs that take turns end as each alone", async () => {
  const make = () => [classifier(3), classifier(4)] as const;
  const [alone, mixed] = [make(), make()];
  for (const task of alone) {
    sg.manualSeed(7);
    await training(task);
  }
  sg.manualSeed(7);
  const runs = mixed.map(training);
  for (let open = [...runs]; open.length > 0; ) {
    const results: IteratorResult<unknown, void>[] = [];
    for (const run of open) results.push(await run.next());
    open = open.filter((_, i) => !results[i]!.done);
  }
  for (const [i, task] of mixed.entries()) expect(await task.model.stateDict()).toEqual(await alone[i]!.model.stateDict());
});

it("runs one after another draw other numbers", async () => {
  const task = classifier(6);
  const start = await task.model.stateDict();
  const end = async () => {
    task.model.loadStateDict(start);
    const { steps } = await training(task);
    return steps.map(({ loss }) => loss);
  };
  expect(await end()).not.toEqual(await end());
});

it("the order of a loader without a seed is the same as with seed 0, in every epoch", () => {
  const task = classifier(1);
  const order = (options: { seed?: number }, epoch: number) =>
    Array.from(task.loader(examples, { batch: 8, ...options }).epoch(epoch), (batch) => JSON.stringify(batch));
  for (const epoch of [0, 1]) {
    expect(order({}, epoch)).toEqual(order({ seed: 0 }, epoch));
    expect(order({}, epoch)).not.toEqual(order({ seed: 1 }, epoch));
  }
  expect(order({}, 0)).not.toEqual(order({}, 1));
});

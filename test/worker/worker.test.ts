import { afterAll, expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { start, type Trainer } from "../../src/worker/index.js";

const reviews = Array.from({ length: 40 }, (_, i) => ({
  text: i % 2 ? `a good film, number ${i}` : `a dull film, number ${i}`,
  label: i % 2 ? "good" : "dull",
}));

const trainers: Trainer[] = [];
afterAll(() => {
  for (const trainer of trainers) trainer.close();
});
async function started(options: Parameters<typeof start>[0] = {}): Promise<Trainer> {
  const trainer = await start({ device: "wasm", threads: 1, seed: 1, ...options });
  trainers.push(trainer);
  return trainer;
}

test("trains a classifier and answers", async () => {
  const trainer = await started();
  const task = await trainer.tasks.TextClassifier.create(reviews, { hidden: 8, minCount: 1 });
  expect(task.labels).toEqual(["dull", "good"]);
  const events = [];
  for await (const event of task.train(reviews, { epochs: 20, lr: 0.01 })) events.push(event.type);
  expect(events.filter((type) => type === "epoch").length).toBe(20);
  const [answer] = await task.predict(["a good film"]);
  expect(answer?.[0]?.label).toBe("good");
  const store = memoryStore();
  await task.save(store);
  expect(await store.list()).toContain("model.safetensors");
  const again = await trainer.tasks.load(store);
  expect(await again.evaluate(reviews as never)).toEqual(await task.evaluate(reviews));
});

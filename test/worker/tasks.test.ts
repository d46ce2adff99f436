import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { start } from "../../src/worker/index.js";
import { asDefault } from "../helpers/devices.js";
import { taskWorks } from "../helpers/task-works.js";

// The same task in a worker and here, from the same seed: every event and every answer has the same bits.

asDefault({ type: "wasm", variant: "simd" });

const started = () => start({ device: "wasm", deterministic: true, threads: 1, seed: 7 });

const works = taskWorks(sg);

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

import { beforeAll, expect, test } from "vitest";
import { init, io, manualSeed, SeqgradError, tasks } from "../../src/index.js";
import type { Store } from "../../src/io/store.js";
import { TRAINING_STATE } from "../../src/train/checkpoint.js";

beforeAll(async () => {
  await init();
});

const text = "the cat sat on the mat. the dog sat on the log. ".repeat(8);
const make = () => {
  manualSeed(1);
  return tasks.LanguageModel.create(text, { arch: "gru", hidden: 8, embed: 4, context: 8, unit: "characters", dropout: 0.1 });
};
const train = (task: ReturnType<typeof make>, store: Store, resume: boolean) =>
  task.train(text, { steps: 8, batch: 2, evaluateEvery: 4, checkpoint: { store, every: 2, resume } });
const weightsOf = async (task: ReturnType<typeof make>) => io.writeSafetensors(await task.model.stateDict());

/** The store, whose n-th call is refused as by a full disk; counts its calls. */
function refusing(store: Store, n: number): Store & { calls: number } {
  const count =
    <A extends unknown[], R>(method: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      if (++made.calls === n) throw new SeqgradError("io", "the quota is used up");
      return method(...args);
    };
  const made = { calls: 0, read: count(store.read), write: count(store.write), list: count(store.list), delete: count(store.delete) };
  return made;
}

test("a run whose store refuses any of its calls leaves the checkpoint before, from which it ends in the same bits", async () => {
  const whole = make();
  const plain = refusing(io.memoryStore(), 0);
  await train(whole, plain, true);
  const expected = await weightsOf(whole);
  expect(plain.calls).toBeGreaterThan(4);
  for (let n = 1; n <= plain.calls; n++) {
    const store = io.memoryStore();
    const saved: (Uint8Array | undefined)[] = [];
    const failing = refusing(store, n);
    const run = async () => {
      for await (const { type } of train(make(), failing, true)) if (type === "checkpoint") saved.push(await store.read(TRAINING_STATE));
    };
    await expect(run()).rejects.toThrow(/quota/);
    expect(await store.read(TRAINING_STATE)).toEqual(saved.at(-1));
    const again = make();
    await train(again, store, true);
    expect(await weightsOf(again)).toEqual(expected);
  }
});

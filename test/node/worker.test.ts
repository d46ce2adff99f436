import { getEventListeners } from "node:events";
import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryStore, type Store } from "../../src/io/store.js";
import { RunControl } from "../../src/train/index.js";
import { SeqgradError } from "../../src/util/errors.js";
import { Client } from "../../src/worker/client.js";
import { start } from "../../src/worker/index.js";
import type { Started } from "../../src/worker/protocol.js";
import { tasksOf } from "../../src/worker/task.js";
import { classifier, closeAll, failure, options, raise, reviews, started } from "../helpers/workers.js";

afterEach(closeAll);

describe("a run in a worker", () => {
  test("that is awaited returns its history", async () => {
    const task = await classifier(await started());
    expect(task.labels).toEqual(["dull", "good"]);
    expect(task.type).toBe("seqgrad-text-classifier");
    const history = await task.train(reviews, { epochs: 20, lr: 0.01 });
    expect(history.epochs.length).toBe(20);
    expect(history.steps.at(-1)?.loss).toBeLessThan(history.steps[0]?.loss ?? 0);
    expect(history.end.reason).toBe("complete");
    const [answer] = await task.predict(["a good film"]);
    expect(answer?.[0]?.label).toBe("good");
  });

  test("does nothing before it is iterated or awaited", async () => {
    const task = await classifier(await started());
    const before = await task.evaluate(reviews);
    task.train(reviews, { epochs: 3 });
    expect(await task.evaluate(reviews)).toEqual(before);
  });

  test("ends by a signal, resumes from its checkpoint, and has the bits of a run without a stop", async () => {
    const [store, whole] = [memoryStore(), memoryStore()];
    const settings = { epochs: 6, batch: 4, validation: 0, seed: 5 };
    const first = await classifier(await started({ deterministic: true }));
    const controller = new AbortController();
    let reason = "";
    for await (const event of first.train(reviews, { ...settings, checkpoint: { store }, signal: controller.signal })) {
      if (event.type === "epoch" && event.epoch === 1) controller.abort();
      if (event.type === "end") reason = event.reason;
    }
    expect(reason).toBe("aborted");
    const second = await classifier(await started({ deterministic: true, seed: 2 }));
    const history = await second.train(reviews, { ...settings, checkpoint: { store, resume: true } });
    expect(history.steps.length).toBeLessThan(60);
    await second.save(store);
    const third = await classifier(await started({ deterministic: true }));
    await third.train(reviews, settings);
    await third.save(whole);
    expect(await store.read("model.safetensors")).toEqual(await whole.read("model.safetensors"));
  });

  test("rests where its control pauses it, step by step, and ends in the bits of a run without a rest", async () => {
    const settings = { epochs: 3, batch: 4, validation: 0, seed: 5 };
    const control = new RunControl();
    control.pause();
    const seen: string[] = [];
    const losses: number[] = [];
    let rests = 0;
    for await (const event of (await classifier(await started())).train(reviews, { ...settings, control })) {
      if (event.type === "step") losses.push(event.loss);
      if (event.type === "step" || event.type === "pause") seen.push(`${event.type} ${event.step}`);
      if (event.type === "pause") setTimeout(() => (rests++ < 3 ? control.resume(1) : control.resume()), 5);
    }
    expect(seen.slice(0, 8)).toEqual(["pause 0", "step 1", "pause 1", "step 2", "pause 2", "step 3", "pause 3", "step 4"]);
    const whole = await (await classifier(await started())).train(reviews, settings);
    expect(losses).toEqual(whole.steps.map(({ loss }) => loss));
  });

  test("that rests takes another learning rate, and ends by its signal or by a break", async () => {
    const trainer = await started();
    for (const end of ["signal", "break"]) {
      const task = await classifier(trainer);
      const control = new RunControl();
      const controller = new AbortController();
      control.resume(2);
      let rate = 0;
      let reason = "";
      for await (const event of task.train(reviews, { epochs: 50, control, signal: controller.signal })) {
        if (event.type === "end") reason = event.reason;
        if (event.type === "step") rate = event.lr;
        if (event.type !== "pause") continue;
        if (event.step === 2) {
          control.setLearningRate(0.5);
          control.resume(1);
        } else if (end === "signal") controller.abort();
        else break;
      }
      expect(rate).toBe(0.5);
      expect(reason).toBe(end === "signal" ? "aborted" : "");
      expect((await task.train(reviews, { epochs: 1 })).epochs.length).toBe(1);
    }
  });

  test("has reported all its updates when it writes to a store of the page's", async () => {
    const task = await classifier(await started());
    const inner = memoryStore();
    let reported = 0;
    const known: number[] = [];
    const write: Store["write"] = (name, bytes) => {
      known.push(reported);
      return inner.write(name, bytes);
    };
    const store: Store = { ...inner, write };
    for await (const event of task.train(reviews, { epochs: 4, batch: 4, validation: 0, checkpoint: { store, every: 7 } }))
      if (event.type === "step") reported = event.step;
    expect(known).toEqual([7, 14, 21, 28, 35, 40]);
  });

  test("gives a store back that it held, also when its worker ends", async () => {
    const trainer = await started();
    const task = await classifier(trainer);
    let held = 0;
    const hold = async () => {
      held++;
      return () => void held--;
    };
    const store: Store = { ...memoryStore(), hold };
    const settings = { epochs: 50, validation: 0, checkpoint: { store, every: 5 } };
    const run = task.train(reviews, settings);
    await run.next();
    expect(held).toBe(1);
    trainer.close();
    expect(held).toBe(0);
    await (await classifier(await started())).train(reviews, { ...settings, epochs: 1 });
    expect(held).toBe(0);
  });

  test("that is broken off leaves the task at rest, which trains again", async () => {
    const task = await classifier(await started());
    let seen = 0;
    for await (const event of task.train(reviews, { epochs: 500 })) if (event.type === "epoch" && ++seen === 2) break;
    const measures = await task.evaluate(reviews);
    expect(await task.evaluate(reviews)).toEqual(measures);
    expect((await task.train(reviews, { epochs: 1 })).epochs.length).toBe(1);
  });

  test("waits for a page that does not take its events", async () => {
    const task = await classifier(await started());
    const inner = memoryStore();
    let writes = 0;
    const store: Store = { ...inner, write: (name, bytes) => inner.write(name, bytes).then(() => void writes++) };
    const run = task.train(reviews, { epochs: 100_000, validation: 0, checkpoint: { store, every: 1 } });
    await run.next();
    await new Promise((resolve) => setTimeout(resolve, 400));
    const before = writes;
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(writes).toBe(before);
    for (let i = 0; i < 20; i++) await run.next();
    expect(writes).toBeGreaterThan(before);
    await run.return();
  });

  test("sends events in few messages", async () => {
    const posted = vi.spyOn(Worker.prototype, "postMessage");
    const task = await classifier(await started());
    posted.mockClear();
    const history = await task.train(reviews, { epochs: 200, batch: 1, validation: 0 });
    expect(history.steps.length).toBe(8000);
    // An epoch is news, a step is not: what the page answers is less than a message for each 10 steps.
    expect(posted.mock.calls.length).toBeLessThan(800);
  });
});

describe("a worker", () => {
  test("writes a text piece by piece", async () => {
    const trainer = await started();
    const text = "the cat sat on the mat. ".repeat(20);
    const task = await trainer.tasks.LanguageModel.create(text, { hidden: 16 });
    await task.train(text, { steps: 30 });
    const pieces: string[] = [];
    for await (const piece of task.generate("the ", { maxTokens: 40, seed: 1 })) pieces.push(piece);
    expect(pieces.length).toBeGreaterThan(5);
    const [whole] = await task.predict(["the "], { maxTokens: 40, seed: 1 });
    expect(pieces.join("")).toBe(whole);
    for await (const _ of task.generate("the ", { maxTokens: 100_000, seed: 1 })) break;
  });

  test("trains beside another, and each has its own memory", async () => {
    const [a, b] = await Promise.all([started(), started()]);
    const [one, other] = await Promise.all([classifier(a), classifier(b)]);
    const [first, second] = await Promise.all([one.train(reviews, { epochs: 3 }), other.train(reviews, { epochs: 3 })]);
    expect(first.steps.map(({ loss }) => loss)).toEqual(second.steps.map(({ loss }) => loss));
    expect(await a.memory()).toEqual(await b.memory());
  });

  test("has the same bytes alive after a thousand steps, and fewer once a task is disposed of", async () => {
    const trainer = await started();
    const task = await classifier(trainer);
    await task.train(reviews, { epochs: 10, validation: 0 });
    const before = await trainer.memory();
    await task.train(reviews, { epochs: 500, validation: 0 });
    expect(await trainer.memory()).toEqual(before);
    task.dispose();
    expect((await failure(task.predict(["a film"]))).message).toContain("disposed of");
    expect((await trainer.memory()).tensors).toBe(0);
  });

  test("saves to a store of the page, and loads from it", async () => {
    const trainer = await started();
    const task = await classifier(trainer);
    const store = memoryStore();
    await task.save(store);
    const again = await trainer.tasks.load(store);
    expect(again.type).toBe(task.type);
    expect(await again.predict(["a good film"] as never)).toEqual(await task.predict(["a good film"]));
  });

  test("has what the page lends for as long as a call takes, and a capture's function until it stops", async () => {
    const client = new Client((await import("../../src/worker/generated/engine.js")).default);
    try {
      await client.ready(600);
      const { kinds } = await client.call<Started>({ work: "start", options: { device: "wasm", threads: 1, seed: 1 }, lock: "" });
      const tasks = tasksOf(client, kinds);
      const task = await tasks.TextClassifier.create(reviews, options);
      const [inner, { signal }, control] = [memoryStore(), new AbortController(), new RunControl()];
      const store: Store = { ...inner, hold: async () => () => {} };
      let most = 0;
      for await (const _ of task.train(reviews, { epochs: 2, validation: 0, signal, control, checkpoint: { store, every: 10 } }))
        most = Math.max(most, client.lent);
      expect(most).toBeGreaterThanOrEqual(3);
      await task.save(store);
      await failure(task.predict([() => "no text"] as never));
      await expect(
        task.train(reviews, { signal, tokenizer: { encode() {}, toJSON: () => raise("not today") } } as never),
      ).rejects.toThrow();
      (await tasks.load(store)).dispose();
      expect(client.lent).toBe(0);
      expect(getEventListeners(signal, "abort")).toHaveLength(0);

      const capture = await task.capture(["gru.gates"], () => {});
      expect(client.lent).toBe(1);
      await capture.stop();
      await failure(task.capture(["gru.doors"], () => {}));
      expect(client.lent).toBe(0);
      await task.capture(["gru.gates"], () => {});
      task.dispose();
      expect(client.lent).toBe(0);
      const other = await tasks.TextClassifier.create(reviews, options);
      await expect(other.save({ ...store, writeAll: async () => raise("full") })).rejects.toThrow("full");
      expect(client.lent).toBe(0);
    } finally {
      client.lose("the test has ended");
    }
  });

  test("shows what layers compute, and waits for a page that looks at it", async () => {
    const task = await classifier(await started());
    expect(await task.captureNames()).toContain("encoder.rnn.l0.gates");
    const seen: [string, readonly number[]][] = [];
    const capture = await task.capture(["gru.gates"], async (name, { shape, data, training }) => {
      seen.push([name, shape]);
      expect(training).toBe(true);
      expect(Array.from(data).every((gate) => gate > -1 && gate < 1)).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 20));
    });
    const { steps } = await task.train(reviews, { epochs: 20, validation: 0 });
    await capture.stop();
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.length).toBeLessThan(2 * steps.length);
    expect(seen[0]?.[1].at(-1)).toBe(8);
    const count = seen.length;
    await task.train(reviews, { epochs: 1, validation: 0 });
    expect(seen.length).toBe(count);
  });

  test("refuses to show what no layer computes, and lists what there is", async () => {
    const task = await classifier(await started());
    const error = await failure(task.capture(["gru.doors"], () => {}));
    expect(error.code).toBe("value");
    expect(error.message).toMatch(/gru\.doors.*encoder\.rnn\.l0\.gates/);
    const thrown = await failure(task.capture([7 as never], () => {}));
    expect(thrown.code).toBe("value");
  });

  test("continues where the page's function throws, which the page hears of as of any other of its own", async () => {
    const task = await classifier(await started());
    const listeners = process.listeners("unhandledRejection");
    process.removeAllListeners("unhandledRejection");
    const heard: unknown[] = [];
    process.on("unhandledRejection", (error) => heard.push(error));
    try {
      const mine = new Error("mine");
      const capture = await task.capture(["gru.gates"], () => {
        throw mine;
      });
      const { end } = await task.train(reviews, { epochs: 2, validation: 0 });
      await Promise.all([capture.stop(), capture.stop()]);
      await capture.stop();
      expect(end.reason).toBe("complete");
      expect(heard[0]).toBe(mine);
      expect((await task.predict(["a film"])).length).toBe(1);
    } finally {
      process.removeAllListeners("unhandledRejection");
      for (const listener of listeners) process.on("unhandledRejection", listener);
    }
  });

  test("passes on what a store refuses, with its code, and the task still answers", async () => {
    const task = await classifier(await started());
    const writeAll = async () => {
      throw new SeqgradError("io", "the disk is full");
    };
    const error = await failure(task.save({ ...memoryStore(), writeAll }));
    expect([error.code, error.message]).toEqual(["io", "the disk is full"]);
    const odd: Store = { ...memoryStore(), writeAll: async () => Promise.reject("no reason") };
    await expect(task.save(odd)).rejects.toThrow("no reason");
    const unclonable: Store = { ...memoryStore(), writeAll: async () => Symbol("no data") as never };
    expect((await failure(task.save(unclonable))).message).toContain("cannot go to the worker");
    expect((await task.predict(["a film"])).length).toBe(1);
  });
});

describe("a worker that ends", () => {
  test("by close() refuses its calls, and those to come, by name", async () => {
    const trainer = await started();
    const task = await classifier(trainer);
    const run = failure(task.train(reviews, { epochs: 100_000 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    const answer = failure(task.predict(["a film"]));
    trainer.close();
    for (const error of [await run, await answer, await failure(task.evaluate(reviews))]) {
      expect(error.code).toBe("state");
      expect(error.message).toContain("closed");
    }
    trainer.close();
  });

  test("leaves the values that were captured, and refuses all of a task whose tensors are gone", async () => {
    const trainer = await started();
    const task = await classifier(trainer);
    const values: number[][] = [];
    const capture = await task.capture(["gru.gates"], (_, { data }) => void values.push(Array.from(data)));
    await task.train(reviews, { epochs: 1, validation: 0 });
    trainer.close();
    expect(values[0]?.length).toBeGreaterThan(0);
    expect(values[0]?.every((gate) => gate > -1 && gate < 1)).toBe(true);
    const calls = [capture.stop(), task.save(memoryStore()), task.summary(), task.captureNames(), trainer.memory(), classifier(trainer)];
    for (const call of calls) expect(await failure(call)).toMatchObject({ code: "state", message: expect.stringContaining("closed") });
    task.dispose();
  });

  test("in the middle of a step is reported to all who wait", async () => {
    const ends = vi.spyOn(Worker.prototype, "postMessage");
    const trainer = await started();
    const [worker] = ends.mock.contexts as Worker[];
    const task = await classifier(trainer);
    const run = failure(task.train(reviews, { epochs: 100_000 }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await worker?.terminate();
    for (const error of [await run, await failure(task.predict(["a film"]))]) {
      expect(error.code).toBe("state");
      expect(error.message).toContain("Start another with worker.start()");
    }
  });
});

test("a runtime that starts no workers is named", async () => {
  vi.spyOn(process.getBuiltinModule("node:worker_threads"), "Worker").mockImplementation(() => {
    throw new Error("no such code");
  });
  expect(await failure(start())).toMatchObject({
    code: "state",
    message: expect.stringMatching(/^worker\.start: this runtime starts no workers \(.+\); use tasks without one\.$/s),
  });
});

test("a store that is taken for a run, and that writes all files or none, is so in a worker", async () => {
  const inner = memoryStore();
  const calls: string[] = [];
  const store: Store = {
    ...inner,
    writeAll: async (files) => {
      calls.push(`writes ${[...files.keys()].length}`);
      await inner.writeAll?.(files);
    },
    hold: async () => {
      calls.push("taken");
      return () => void calls.push("released");
    },
  };
  const task = await classifier(await started());
  await task.train(reviews, { epochs: 1, validation: 0, checkpoint: { store } });
  await vi.waitFor(() => expect(calls.at(-1)).toBe("released"));
  expect(calls[0]).toBe("taken");
  await task.save(store);
  expect(calls.filter((call) => call.startsWith("writes")).length).toBeGreaterThan(0);
  expect(await inner.list()).toContain("training_state.safetensors");
});

test("the reference device is there in a worker too", async () => {
  const task = await classifier(await started({ device: "reference" }));
  const { steps } = await task.train(reviews, { epochs: 1, batch: 20, validation: 0 });
  expect(steps.length).toBe(2);
});

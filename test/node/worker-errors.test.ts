import { Worker } from "node:worker_threads";
import { afterEach, describe, expect, test, vi } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { start } from "../../src/worker/index.js";
import { classifier, closeAll, failure, raise, reviews, started } from "../helpers/workers.js";

afterEach(closeAll);

describe("bad input is an error with the worker's code", () => {
  test.each([
    [{ hiden: 8 }, "value", "hidden"],
    [{ hidden: 0 }, "range", "hidden"],
  ])("of create(): %j", async (bad, code, word) => {
    const trainer = await started();
    const error = await failure(trainer.tasks.TextClassifier.create(reviews, bad as never));
    expect(error.code).toBe(code);
    expect(error.message).toContain(word);
    expect((await classifier(trainer)).labels.length).toBe(2);
  });

  test("of train() and predict()", async () => {
    const task = await classifier(await started());
    expect((await failure(task.train(reviews, { epochs: -1 }))).code).toBe("range");
    expect((await failure(task.train([{ text: 1 }] as never))).message).toContain("TextClassifier");
    expect((await failure(task.predict([3] as never))).code).toBe("value");
    expect((await failure(task.train(reviews, { onStep: () => {} } as never))).message).toMatch(/cannot go to the worker|onStep/);
  });

  test("of train(): a tokenizer that cannot be written, whose error comes out of the run", async () => {
    const task = await classifier(await started());
    const tokenizer = { encode() {}, toJSON: () => raise("not today") };
    await expect(task.train(reviews, { tokenizer } as never)).rejects.toThrow("not today");
    await expect(task.save(tokenizer as never)).rejects.toThrow("not today");
  });

  test.each([
    [{ type: "good day", id: 1000 }, "good day"],
    [{ type: "call", id: 1000 }, "call"],
    [{ type: "call", id: 1000, work: "make", kind: "Translator" }, "call"],
  ])("of the port: an unknown message, %j", async (message, type) => {
    const posted = vi.spyOn(Worker.prototype, "postMessage");
    const trainer = await started();
    const [worker] = posted.mock.contexts as Worker[];
    expect((await classifier(trainer)).labels.length).toBe(2);
    const refused = new Promise<{ error: unknown }>((resolve) => worker?.on("message", (answer) => answer.id === 1000 && resolve(answer)));
    worker?.ref();
    worker?.postMessage(message);
    const { error } = await refused;
    expect(error).toMatchObject({ code: "value", message: expect.stringContaining(`"${type}", which is none of seqgrad's`) });
  });

  test.each([[null], [7], ["good day"], [[]], [{}]])(
    "of the port: a message that is not one of ours, %j, after which the worker answers",
    async (message) => {
      const posted = vi.spyOn(Worker.prototype, "postMessage");
      const task = await classifier(await started());
      const [worker] = posted.mock.contexts as Worker[];
      const refused = new Promise<unknown>((resolve) => worker?.on("message", ({ id, error }) => id === -1 && resolve(error)));
      worker?.ref();
      worker?.postMessage(message);
      expect(await refused).toMatchObject({ code: "value", message: expect.stringContaining("none of seqgrad's") });
      expect((await task.predict(["a film"])).length).toBe(1);
    },
  );

  test.each(["null", "7", '"good day"', "{ type: 'good day' }"])(
    "of the worker: a message that is not one of ours, %s",
    async (message) => {
      const other = new URL(`data:text/javascript,import("node:worker_threads").then((w) => w.parentPort.postMessage(${message}))`);
      const error = await failure(start({ url: other }));
      expect(error).toMatchObject({ code: "state", message: expect.stringMatching(/none of seqgrad's; give url .*worker\.min\.js/) });
    },
  );

  test("of the worker: a hello of another version", async () => {
    const hello = `{ type: "hello", protocol: 0 }`;
    const other = new URL(`data:text/javascript,import("node:worker_threads").then((w) => w.parentPort.postMessage(${hello}))`);
    expect(await failure(start({ url: other }))).toMatchObject({ code: "state", message: expect.stringContaining("of another version") });
  });

  test("of load(): a folder that holds no task", async () => {
    const trainer = await started();
    expect((await failure(trainer.tasks.load(memoryStore()))).code).toBe("io");
    expect((await failure(trainer.tasks.load({} as never))).code).toBe("value");
  });

  test.each([
    [{ threds: 2 }, "value", "threads"],
    [{ threads: 0 }, "value", "threads"],
    [{ device: "gpu" }, "device", "device"],
    [{ device: "webgpu" }, "device", "webgpu"],
    [{ seed: 0.5 }, "range", "seed"],
    [{ url: "no address" }, "value", "worker.min.js"],
    [{ gpu: {} }, "value", "gpu"],
    [{ url: "https://localhost/worker.min.js" }, "state", "give url"],
  ])("of start(): %j", async (bad, code, word) => {
    const error = await failure(start({ threads: 1, ...bad } as never));
    expect(error.message).toContain(word);
    expect(error.code).toBe(code);
  });

  test.each([[null], [7], [[]]])("of start(): %j", async (bad) => {
    expect((await failure(start(bad as never))).message).toContain("worker.start: options");
  });

  test.each([[{ timeout: -1 }], [{ timeout: "soon" }], [{ timeout: Number.NaN }]])("of start(): %j", async (bad) => {
    expect(await failure(start(bad as never))).toMatchObject({ code: "range", message: expect.stringContaining("timeout") });
  });

  test("of start(): a script that never answers, after its timeout, by default 30 seconds", async () => {
    const silent = new URL("data:text/javascript,setInterval(() => {}, 1000)");
    const error = await failure(start({ url: silent, timeout: 0.01 }));
    expect(error).toMatchObject({ code: "state", message: expect.stringMatching(/within 0\.01 seconds; give url .*worker\.min\.js/) });
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    try {
      let late: unknown;
      const refused = failure(start({ url: silent })).then((error) => (late = error));
      await vi.advanceTimersByTimeAsync(29_999);
      expect(late).toBeUndefined();
      await vi.advanceTimersByTimeAsync(1);
      await refused;
      expect(late).toMatchObject({ message: expect.stringContaining("within 30 seconds") });
      await classifier(await started());
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test("of start(): a script that fails", async () => {
    const fails = new URL("data:text/javascript,throw new Error('not today')");
    expect((await failure(start({ url: fails }))).message).toContain("not today");
  });
});

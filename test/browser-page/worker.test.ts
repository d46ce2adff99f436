import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright";
import { launch } from "puppeteer-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bytesOf } from "../helpers/bytes-of.js";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { full } from "../helpers/full.js";
import { taskWorks } from "../helpers/task-works.js";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const launchOptions = findChromium();

/** A page's headers, by the beginning of its path. */
const headers: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "/isolated": { "cross-origin-opener-policy": "same-origin", "cross-origin-embedder-policy": "require-corp" },
  "/strict": { "content-security-policy": "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'" },
  "/sandboxed": { "content-security-policy": "sandbox allow-scripts" },
};

/** What all programs below begin with: workers and messages are counted. A text, as a page of its own has nothing of this module. */
const beginning = `
  const sg = await import("/index.js");
  const { start } = await import("/worker/index.js");
  const workers = [];
  const seen = { messages: 0, frames: 0 };
  globalThis.Worker = class extends Worker {
    constructor(...args) {
      super(...args);
      workers.push(this);
      this.addEventListener("message", () => seen.messages++);
    }
  };
  const reviews = Array.from({ length: 40 }, (_, i) => ({ text: "a " + (i % 2 ? "good" : "dull") + " film, number " + i, label: "" + (i % 2) }));
  const create = (trainer) => trainer.tasks.TextClassifier.create(reviews, { hidden: 16, minCount: 1 });
  const said = (promise) => promise.then((value) => ({ value }), ({ name, code, message }) => ({ name, code, message }));
`;

describe.skipIf(!launchOptions)(`a worker of a page${launchOptions ? "" : ` (${noChromium})`}`, () => {
  let server: Server;
  let browser: Browser;
  let port: number;

  beforeAll(async () => {
    server = createServer(async ({ url = "" }, response) => {
      for (const [path, fields] of Object.entries(headers))
        if (url.startsWith(path)) for (const [name, value] of Object.entries(fields)) response.setHeader(name, value);
      if (!url.endsWith(".js")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
      const script = await readFile(`${dist}${url.slice(1)}`).catch(() => undefined);
      response.setHeader("access-control-allow-origin", "*").setHeader("cross-origin-resource-policy", "cross-origin");
      response.writeHead(script ? 200 : 404, { "content-type": "text/javascript" }).end(script);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    port = typeof address === "object" ? (address?.port ?? 0) : 0;
    browser = await chromium.launch({ ...launchOptions, headless: true });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Runs a program in a page of its own. */
  async function inPage<T>(path: string, program: string): Promise<T> {
    const page = await browser.newPage();
    try {
      await page.goto(`http://localhost:${port}${path}`);
      return await page.evaluate<T>(`(async () => { ${beginning} ${program} })()`);
    } finally {
      await page.close();
    }
  }

  test("trains with two threads where the page is isolated, to the bits of one, and the page draws meanwhile", async () => {
    const program = (threads: number) => `
      const trainer = await start({ device: "wasm", threads: ${threads}, seed: 1 });
      const task = await create(trainer);
      const count = () => { seen.frames++; requestAnimationFrame(count); };
      requestAnimationFrame(count);
      seen.messages = 0;
      const { steps } = await task.train(reviews, { epochs: 60, batch: 1, validation: 0 });
      const result = { ...seen, info: trainer.info, losses: steps.map(({ loss }) => loss) };
      trainer.close();
      return result;`;
    type Result = { messages: number; frames: number; info: string; losses: number[] };
    const two = await inPage<Result>("/isolated", program(2));
    expect(two.info).toContain(", 2 threads");
    expect(two.losses.length).toBe(2400);
    expect(two.losses.at(-1)).toBeLessThan(two.losses[0] ?? 0);
    expect(two.frames).toBeGreaterThan(2);
    // Each epoch arrives at once, and steps are gathered.
    expect(two.messages).toBeLessThan(two.losses.length / 8);
    const one = await inPage<Result>("/isolated", program(1));
    expect(one.losses).toEqual(two.losses);
  });

  test("trains all kinds of task, two workers at once, to the same bits", async () => {
    const [one, other] = await inPage<Record<string, { losses: number[]; answers: number }>[]>(
      "/",
      `
      const works = (${taskWorks})(sg);
      return Promise.all([1, 2].map(async () => {
        const trainer = await start({ device: "wasm", seed: 1 });
        const results = {};
        for (const [kind, [create, examples, options, inputs]] of Object.entries(works)) {
          const task = await trainer.tasks[kind].create(...create);
          const { steps } = await task.train(examples, { ...options, seed: 3 });
          results[kind] = { losses: steps.map(({ loss }) => loss), answers: (await task.predict(inputs)).length };
        }
        trainer.close();
        return results;
      }));`,
    );
    expect(Object.keys(one ?? {})).toHaveLength(7);
    for (const { losses, answers } of Object.values(one ?? {})) {
      expect(losses.length).toBeGreaterThan(1);
      expect(answers).toBeGreaterThan(0);
    }
    expect(other).toEqual(one);
  });

  test("that is terminated in the middle of a step is reported to all who wait, and to later calls", async () => {
    const errors = await inPage<{ code: string; message: string }[]>(
      "/",
      `
      const [trainer, other] = [await start({ device: "wasm" }), await start({ device: "wasm" })];
      const task = await create(trainer);
      const run = task.train(reviews, { epochs: 100000, validation: 0 });
      await run.next();
      const waiting = [said(run.next().then(async () => { for (;;) if ((await run.next()).done) return; })), said(task.predict(["a film"]))];
      workers[0].terminate();
      const later = [said(task.evaluate(reviews)), said(create(trainer)), said(trainer.memory())];
      const errors = await Promise.all([...waiting, ...later]);
      const { value } = await said(create(other).then((task) => task.predict(["a film"])));
      if (value.length !== 1) throw new Error("the other worker does not answer");
      return errors;`,
    );
    expect(errors.length).toBe(5);
    for (const { code, message } of errors) {
      expect(code).toBe("state");
      expect(message).toContain("Start another with worker.start()");
    }
  });

  test("starts from a file where the page's policy forbids blob:, and names the policy where it has no file", async () => {
    const [refused, answer, missing] = await inPage<{ code: string; message: string; value: number }[]>(
      "/strict",
      `
      const refused = await said(start({ device: "wasm" }));
      const trainer = await start({ device: "wasm", url: "/worker.min.js" });
      const answer = await said(create(trainer).then((task) => task.predict(["a film"])).then(({ length }) => length));
      trainer.close();
      return [refused, answer, await said(start({ url: "/none.js" }))];`,
    );
    expect(refused).toMatchObject({ code: "state", message: expect.stringContaining("worker-src blob:") });
    expect(answer).toEqual({ value: 1 });
    expect(missing).toMatchObject({ code: "state", message: expect.stringContaining("/none.js could not be loaded") });
  });

  test("starts in a page without an origin, which has no locks", async () => {
    const answer = await inPage<object>(
      "/sandboxed",
      `
      const trainer = await start({ device: "wasm" });
      return said(create(trainer).then((task) => task.predict(["a film"])).then(({ length }) => length));`,
    );
    expect(answer).toEqual({ value: 1 });
  });

  test("of another origin is refused by name", async () => {
    const refused = await inPage<object>("/", `return said(start({ url: "http://127.0.0.1:${port}/worker.min.js" }));`);
    expect(refused).toMatchObject({ name: "SeqgradError", code: "state", message: expect.stringContaining("127.0.0.1") });
  });

  full(() =>
    test("has level memory from step 1,000 to step 5,000 of a run that saves, and so has the page", async () => {
      const own = await launch({ ...launchOptions!, headless: true });
      try {
        const page = await own.newPage();
        await page.goto(`http://localhost:${port}/`);
        await page.evaluate(`(async () => {
          const sg = await import("/index.js");
          const trainer = await sg.worker.start({ device: "wasm", seed: 1 });
          const text = "the cat sat on the mat. the dog sat on the log. ".repeat(20);
          const task = await trainer.tasks.LanguageModel.create(text, { arch: "lstm", hidden: 16, context: 8 });
          const run = task.train(text, { steps: 5000, batch: 2, checkpoint: { store: sg.io.opfsStore("memory"), every: 250 } });
          globalThis.report = () => trainer.memory();
          globalThis.goTo = async (step) => {
            for (;;) {
              const { value, done } = await run.next();
              if (done || (value.type === "step" && value.step === step)) return !done;
            }
          };
        })()`);
        const [session, [worker]] = [await page.createCDPSession(), page.workers()];
        const at = async (step: number) => {
          expect(await page.evaluate(`goTo(${step})`)).toBe(true);
          const { peak: _, ...tensors } = (await page.evaluate("report()")) as Record<string, unknown>;
          return { tensors, page: await bytesOf(session), worker: await bytesOf(worker!.client) };
        };
        const before = await at(1000);
        const after = await at(5000);
        expect(after.tensors).toEqual(before.tensors);
        expect(before.worker.wasm).toBeGreaterThan(65_536);
        expect(after.worker.wasm).toBeLessThanOrEqual(before.worker.wasm);
        expect(after.page.wasm).toBeLessThanOrEqual(before.page.wasm);
        // A leak of 64 bytes a step would be 256 kB.
        expect(after.worker.heap - before.worker.heap).toBeLessThan(256_000);
        expect(after.page.heap - before.page.heap).toBeLessThan(256_000);
      } finally {
        await own.close();
      }
    }),
  );
});

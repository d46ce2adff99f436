import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { thinly } from "../helpers/full.js";

const root = new URL("../../", import.meta.url);
const launchOptions = findChromium();
const missing = !launchOptions ? noChromium : existsSync(new URL("dist/index.js", root)) ? "" : "no dist/: run `npm run build`";

const EVERY = 5;
const STEPS = 80;

/** Trains from where the store stands, as a page does that is opened again. */
const program = `
import * as sg from "/dist/index.js";
export async function train(kind, name, report) {
  await sg.init({ deterministic: true });
  sg.manualSeed(1);
  const store = sg.io[kind](name);
  const text = "the cat sat on the mat. the dog sat on the log. ".repeat(20);
  const files = await store.list();
  const options = { arch: "gru", hidden: 32, embed: 16, context: 16, dropout: 0.2, unit: "characters" };
  const isThere = files.includes("config.json");
  const task = isThere ? await sg.tasks.load(store) : sg.tasks.LanguageModel.create(text, options);
  if (!isThere) await task.save(store);
  const checkpoint = { store, every: ${EVERY}, resume: files.includes("training_state.safetensors") };
  for await (const { type, step } of task.train(text, { steps: ${STEPS}, batch: 4, evaluateEvery: 20, checkpoint })) report(type + " " + step);
  const bytes = sg.io.writeSafetensors(await task.model.stateDict());
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  report("done " + Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join(""));
}`;
const files: Readonly<Record<string, string>> = {
  "/": "<!doctype html><title>crash</title>",
  "/program.js": program,
  "/worker.js": `import { train } from "/program.js";
    onmessage = ({ data: [kind, name] }) => train(kind, name, (line) => postMessage(line)).catch((error) => postMessage("failed " + error));`,
};

describe.skipIf(missing)(`a run in a tab that ends in the middle${missing && ` (${missing})`}`, () => {
  let server: Server;
  let browser: Browser;
  let context: BrowserContext;
  let address: string;

  beforeAll(async () => {
    server = createServer(async ({ url = "/" }, response) => {
      const isBuilt = /^\/dist\/[\w./-]+\.js$/.test(url) && !url.includes("..");
      const content = files[url] ?? (isBuilt ? await readFile(new URL(`.${url}`, root)).catch(() => undefined) : undefined);
      response.writeHead(content ? 200 : 404, { "content-type": url === "/" ? "text/html" : "text/javascript" }).end(content);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    address = `http://localhost:${(server.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ ...launchOptions!, headless: true });
    context = await browser.newContext();
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens the page and trains, in the page or a worker of it, until the end, or until `act` is done after `count` lines. */
  async function visit(
    store: string,
    name: string,
    inWorker: boolean,
    count = Number.POSITIVE_INFINITY,
    act?: (page: Page) => Promise<void>,
  ) {
    const page = await context.newPage();
    const lines: string[] = [];
    try {
      await new Promise<void>((resolve, reject) => {
        page.on("console", (message) => {
          const line = message.text();
          lines.push(line);
          if (line.startsWith("failed")) reject(new Error(line));
          if (line.startsWith("done")) resolve();
          if (lines.length === count) act!(page).then(resolve, reject);
        });
        const start = inWorker
          ? `globalThis.worker = new Worker("/worker.js", { type: "module" });
             worker.onmessage = ({ data }) => console.log(data);
             worker.postMessage(["${store}", "${name}"]);`
          : `import("/program.js").then(({ train }) => train("${store}", "${name}", console.log)).catch((error) => console.log("failed " + error)); 0`;
        page
          .goto(address)
          .then(() => page.evaluate(start), reject)
          .catch(() => {}); // a crash ends it
      });
    } finally {
      await page.close();
    }
    return lines;
  }

  async function crash(page: Page): Promise<void> {
    const gone = page.waitForEvent("crash");
    const session = await context.newCDPSession(page);
    session.send("Page.crash").catch(() => {}); // no answer comes from a tab that has crashed
    await gone;
  }

  const steps = (lines: readonly string[]) => lines.filter((line) => line.startsWith("step ")).map((line) => Number(line.slice(5)));
  let whole: Promise<string[]> | undefined;
  let count = 0;
  /** The visits that did not come to their end. */
  let cut = 0;
  const moments = Array.from({ length: 40 }, (_, i) => ({
    i,
    store: i % 4 === 3 ? "indexedDbStore" : "opfsStore",
    end: i % 2 === 0 ? "the tab crashes" : "its worker is terminated",
    // Lines spread over the run, and milliseconds that reach from an update into the saving after it.
    after: 1 + ((i * 17) % 88),
    wait: (i * 7) % 12,
  }));

  thinly(
    moments,
    (_, i) => i === 2 || i === 7 || i === 9,
    (chosen) =>
      test.each(chosen)(
        "ends in the same bits on the next visit: $store, $end after line $after and $wait ms",
        async ({ store, end, after, wait }) => {
          whole ??= visit("opfsStore", "whole", false);
          const [reference, name] = [await whole, `run-${count++}`];
          expect(steps(reference)).toHaveLength(STEPS);
          const crashes = end === "the tab crashes";
          const before = await visit(store, name, !crashes || after % 3 === 0, after, async (page) => {
            await new Promise((done) => setTimeout(done, wait));
            await (crashes ? crash(page) : page.evaluate("worker.terminate()"));
          });
          const again = await visit(store, name, !crashes);
          expect(again.at(-1)).toBe(reference.at(-1));
          if (steps(again).length > 0) cut++;
          const [reached, resumed] = [steps(before).at(-1) ?? 0, (steps(again)[0] ?? STEPS + 1) - 1];
          expect(reached - resumed).toBeLessThanOrEqual(EVERY);
          expect(resumed % EVERY).toBe(0);
        },
      ),
  );

  test("most visits end before their runs do", () => expect(cut).toBeGreaterThanOrEqual(count / 2));
});

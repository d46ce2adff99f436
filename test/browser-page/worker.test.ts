import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const launchOptions = findChromium();
const policy = "default-src 'self'; script-src 'self' 'unsafe-eval'; worker-src 'self'";

/** Trains in two workers at once, while the page counts its frames; a text, as a page has nothing of this module. */
const train = `(async () => {
  const sg = await import("/index.js");
  const text = "the cat sat on the mat. ".repeat(20);
  let frames = 0;
  const count = () => { frames++; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  const losses = await Promise.all([1, 2].map(async () => {
    const trainer = await sg.worker.start({ device: "wasm", threads: 1, seed: 1 });
    const task = await trainer.tasks.LanguageModel.create(text, { hidden: 16 });
    const { steps } = await task.train(text, { steps: 60, seed: 1 });
    trainer.close();
    return steps.map(({ loss }) => loss);
  }));
  return { frames, losses };
})()`;
const begin = (options: string) => `import("/index.js").then((sg) => sg.worker.start(${options}))
  .then((trainer) => trainer.info, ({ code, message }) => code + ": " + message)`;

describe.skipIf(!launchOptions)(`a worker in a page${launchOptions ? "" : ` (${noChromium})`}`, () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = createServer(async ({ url = "" }, response) => {
      if (url === "/strict") response.setHeader("content-security-policy", policy);
      if (!url.endsWith(".js")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
      const script = await readFile(`${dist}${url.slice(1)}`).catch(() => undefined);
      response.writeHead(script ? 200 : 404, { "content-type": "text/javascript" }).end(script);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    browser = await chromium.launch({ ...launchOptions, headless: true });
  }, 60_000);

  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  async function inPage<T>(path: string, script: string): Promise<T> {
    const address = server.address();
    const page = await browser.newPage();
    await page.goto(`http://localhost:${typeof address === "object" ? address?.port : ""}${path}`);
    const result = await page.evaluate<T>(script);
    await page.close();
    return result;
  }

  test("two train at once to the same bits, while the page draws", async () => {
    const { frames, losses } = await inPage<{ frames: number; losses: number[][] }>("/", train);
    expect(frames).toBeGreaterThan(0);
    expect(losses[0]).toHaveLength(60);
    expect(losses[1]).toEqual(losses[0]);
  });

  test("starts by its address where blob: is forbidden, and says what to do without it", async () => {
    expect(await inPage("/strict", begin(`{ url: "/worker.min.js", device: "wasm" }`))).toContain("WebAssembly");
    expect(await inPage("/strict", begin(`{ device: "wasm" }`))).toMatch(/^state: .*worker-src blob:/);
  });
});

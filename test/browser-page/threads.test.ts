import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findChromium, noChromium } from "../helpers/chromium.js";

const dist = fileURLToPath(new URL("../../dist/", import.meta.url));
const launchOptions = findChromium();

/** Trains a Transformer until the workers have long been there; a text, as a page of its own has nothing of this module. */
const train = (threads: string) => `(async () => {
  const sg = await import("/index.js");
  await sg.init({ device: "wasm", threads: ${threads} });
  sg.manualSeed(1);
  const model = new sg.models.TransformerLM({ vocab: 20, context: 32, layers: 2, heads: 2, hidden: 64 });
  const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 1e-3, clipNorm: 1 });
  const tokens = Int32Array.from({ length: 2000 }, (_, i) => (i * i) % 20);
  const windows = new sg.data.RandomWindows(tokens, { batch: 8, context: 32, seed: 1 });
  const losses = [];
  for (let step = 0; step < 60; step++) {
    losses.push(await optimizer.step(() => model.loss(windows.batch(step)).loss).read());
    // Workers start between tasks of the page.
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { losses, info: sg.defaultDevice().info };
})()`;

describe.skipIf(!launchOptions)(`threads in a page${launchOptions ? "" : ` (${noChromium})`}`, () => {
  let server: Server;
  let browser: Browser;

  beforeAll(async () => {
    server = createServer(async ({ url = "" }, response) => {
      if (url.startsWith("/isolated"))
        response.setHeader("cross-origin-opener-policy", "same-origin").setHeader("cross-origin-embedder-policy", "require-corp");
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

  async function inPage(path: string, threads: string): Promise<{ losses: number[]; info: string }> {
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const page = await browser.newPage();
    await page.goto(`http://localhost:${port}${path}`);
    const result = await page.evaluate<{ losses: number[]; info: string }>(train(threads));
    await page.close();
    return result;
  }

  test("start by themselves where the page is isolated, and losses have the same bits", async () => {
    const two = await inPage("/isolated", "2");
    expect(two.info).toContain(", 2 threads");
    const one = await inPage("/isolated", "1");
    expect(one.info).toContain(", one thread");
    expect(two.losses).toEqual(one.losses);
    expect(two.losses.at(-1)).toBeLessThan(two.losses[0] ?? 0);
  });

  test("are one thread where it is not, and the device says what the page must send", async () => {
    const { info } = await inPage("/", '"auto"');
    expect(info).toContain("one thread (this page is not cross-origin isolated: send the headers COOP and COEP");
  });
});

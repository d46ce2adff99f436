import { existsSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { chromium } from "playwright";
import { expect, test } from "vitest";
import { init, tasks } from "../../src/index.js";
import { fileStore } from "../../src/io/file-store.js";
import { findChromium, noChromium } from "../helpers/chromium.js";
import { temporaryFolder } from "../helpers/temporary-folder.js";

const root = new URL("../../", import.meta.url);
const launchOptions = findChromium();
const missing = !launchOptions ? noChromium : existsSync(new URL("dist/index.js", root)) ? "" : "no dist/: run `npm run build`";

test.skipIf(missing)(`the page of the guide answers with a model from a server${missing && ` (${missing})`}`, async () => {
  await init();
  const rows = [
    { text: "a fine film", label: "good" },
    { text: "a dull film", label: "bad" },
  ];
  const task = tasks.TextClassifier.create(rows, { minCount: 1, hidden: 8 });
  await task.train(rows, { epochs: 20, lr: 0.05, validation: 0 });
  const folder = await temporaryFolder();
  await task.save(fileStore(folder));
  const [[best]] = (await task.predict(["a fine film"])) as [[{ label: string; probability: number }]];

  const [, page = ""] = /```html\n([\s\S]*?)```/.exec(readFileSync(new URL("docs/take-a-model-into-a-page.md", root), "utf8")) ?? [];
  const map = `<script type="importmap">{ "imports": { "seqgrad": "/dist/index.js" } }</script>`;
  const server = createServer(async ({ url = "/" }, response) => {
    const [, name] = /^\/my-model\/([\w.-]+)$/.exec(url) ?? [];
    const path = name ? `${folder}/${name}` : /^\/dist\/[\w./-]+\.js$/.test(url) && !url.includes("..") ? new URL(`.${url}`, root) : "";
    const content = url === "/" ? page.replace("<p", `${map}<p`) : path && (await readFile(path).catch(() => undefined));
    const type = url === "/" ? "text/html" : name ? "application/octet-stream" : "text/javascript";
    response.writeHead(content ? 200 : 404, { "content-type": type }).end(content);
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const browser = await chromium.launch({ ...launchOptions!, headless: true });
  try {
    const tab = await browser.newPage();
    await tab.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await tab.getByText(/^good|^bad/).waitFor({ timeout: 60_000 });
    expect(await tab.locator("#answer").textContent()).toBe(`${best.label}, ${best.probability.toFixed(2)}`);
  } finally {
    await browser.close();
    server.close();
  }
});

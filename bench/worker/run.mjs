// What training in a worker costs a page and spares it, in headless Chromium and in Node: see bench/NOTES.md. The package must be built.
// `npm run bench:worker -- [--rounds 3] [--json FILE]`
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { chromium } from "playwright";

const { values } = parseArgs({ options: { rounds: { type: "string", default: "3" }, json: { type: "string" } } });
const dist = fileURLToPath(new URL("../../dist/", import.meta.url));

/** Trains the same model `rounds` times here and in a worker, in turns; what a page shows meanwhile is counted. Runs in the page too. */
async function compare(address, rounds, threads) {
  const sg = await import(address);
  const text = "the cat sat on the mat, and the dog on the log. ".repeat(400);
  const [create, train] = [
    { arch: "lstm", hidden: 128, embed: 32 },
    { steps: 150, batch: 8, validation: 0, seed: 1 },
  ];
  const frame = globalThis.requestAnimationFrame;
  /** Seconds of the steps, the longest task of the page in milliseconds, and its frames a second. */
  const watched = async (task) => {
    let [longest, frames, isOn] = [0, 0, true];
    const observer =
      frame && new PerformanceObserver((list) => list.getEntries().map(({ duration }) => (longest = Math.max(longest, duration))));
    observer?.observe({ type: "longtask" });
    const count = () => {
      frames++;
      if (isOn) frame(count);
    };
    if (frame) frame(count);
    const start = performance.now();
    let first = 0;
    for await (const event of task.train(text, train)) if (event.type === "step" && event.step === 30) first = performance.now();
    const end = performance.now();
    isOn = false;
    observer?.disconnect();
    return { seconds: (end - first) / 1000, longest, rate: (1000 * frames) / (end - start) };
  };
  await sg.init({ device: "wasm", threads });
  const begin = performance.now();
  const trainer = await sg.worker.start({ device: "wasm", threads });
  const there = await trainer.tasks.LanguageModel.create(text, create);
  for await (const { type } of there.train(text, train)) if (type === "step") break;
  const firstStep = performance.now() - begin;
  const here = sg.tasks.LanguageModel.create(text, create);
  const rows = { here: [], there: [] };
  for (let round = 0; round < rounds; round++) {
    rows.here.push(await watched(here));
    rows.there.push(await watched(there));
  }
  trainer.close();
  sg.defaultDevice().destroy();
  const best = (list) => Math.min(...list.map(({ seconds }) => seconds));
  const most = (list) => Math.max(...list.map(({ longest }) => longest));
  const least = (list) => Math.min(...list.map(({ rate }) => rate));
  return {
    "worker / here, time of a step": best(rows.there) / best(rows.here),
    "start() to first step, ms": firstStep,
    ...(frame && {
      "longest task here, ms": most(rows.here),
      "longest task with a worker, ms": most(rows.there),
      "frames a second here": least(rows.here),
      "frames a second with a worker": least(rows.there),
    }),
  };
}

const server = createServer(async ({ url = "" }, response) => {
  response.setHeader("cross-origin-opener-policy", "same-origin").setHeader("cross-origin-embedder-policy", "require-corp");
  if (!url.endsWith(".js")) return response.setHeader("content-type", "text/html").end("<!doctype html>");
  const script = await readFile(`${dist}${url.slice(1)}`).catch(() => undefined);
  response.writeHead(script ? 200 : 404, { "content-type": "text/javascript" }).end(script);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const executablePath = process.env.CHROMIUM_PATH ?? "/usr/bin/chromium";
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const rows = [];
for (const threads of [1, 2]) {
  rows.push({ place: `Node ${process.versions.node}`, threads, ...(await compare(`${dist}index.js`, Number(values.rounds), threads)) });
  const page = await browser.newPage();
  await page.goto(`http://localhost:${server.address().port}/`);
  const found = await page.evaluate(`(${compare})("/index.js", ${Number(values.rounds)}, ${threads})`);
  rows.push({ place: `Chromium ${browser.version()}`, threads, ...found });
  await page.close();
}
await browser.close();
server.close();
for (const row of rows)
  console.log(
    Object.entries(row)
      .map(([name, value]) => `${name}: ${typeof value === "number" ? Number(value.toPrecision(3)) : value}`)
      .join("; "),
  );
if (values.json) await writeFile(values.json, `${JSON.stringify({ processor: cpus()[0]?.model, rows }, null, 1)}\n`);
process.exit();

// What seqgrad's kernels and training steps cost on WebGPU, in Node and in a page, there also beside others: see bench/NOTES.md.
// In the page, too, what two threads of WebAssembly gain: with CHROMIUM_ARGS=--js-flags=--wasm-revectorize on wide kernels.
// `npm run bench:webgpu -- [--in node,page] [--only gemm,kernels,steps,host,threads,peers] [--quick] [--json FILE]`

import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { arch, cpus, platform } from "node:os";
import { parseArgs } from "node:util";
import { chromium } from "playwright";
import { createDevice } from "../../src/tensor/device.js";
import { findChromium, noChromium } from "../../test/helpers/chromium.js";
import { dawn } from "../../test/helpers/dawn.js";
import { format, type Table } from "../table.js";
import type { PageOptions } from "./page.js";
import { gpuOf, gpuSections, measureGpu } from "./sections.js";

const everything = [...gpuSections, "threads", "peers"];
const pageOnly = ["threads", "peers"];
const { values } = parseArgs({
  options: {
    in: { type: "string", default: "node,page" },
    only: { type: "string", default: everything.join() },
    quick: { type: "boolean", default: false },
    json: { type: "string" },
  },
});
const { quick } = values;
const [places, sections] = [values.in.split(","), values.only.split(",")];
for (const [option, given, known] of [
  ["in", places, ["node", "page"]],
  ["only", sections, everything],
] as const) {
  const unknown = given.find((name) => !(known as readonly string[]).includes(name));
  if (unknown !== undefined) throw new Error(`--${option} ${unknown}: there is only ${known.join(", ")}`);
}

interface Result {
  readonly place: string;
  device: string;
  readonly tables: Table[];
}

const results: Result[] = [];

function begin(place: string): Result {
  const result: Result = { place, device: "", tables: [] };
  results.push(result);
  console.log(`# In ${place}\n`);
  return result;
}

const report =
  ({ tables }: Result) =>
  (table: Table) => {
    tables.push(table);
    console.log(format(table));
  };

async function inNode(): Promise<void> {
  const result = begin(`Node ${process.versions.node}`);
  const device = await createDevice({ device: "webgpu", gpu: await dawn() });
  result.device = device.info;
  console.log(`${device.info}\n`);
  await measureGpu(gpuOf(device, quick), sections, report(result));
  device.destroy();
}

/** Serves the bundle of page.ts on a free port of this machine, which is a secure context. */
async function serve(): Promise<{ address: string; close: () => void }> {
  const server = createServer(async ({ url = "" }, response) => {
    response.setHeader("cross-origin-opener-policy", "same-origin").setHeader("cross-origin-embedder-policy", "require-corp");
    if (url === "/") return response.writeHead(200, { "content-type": "text/html" }).end('<script type="module" src="/page.js"></script>');
    const script = /^\/[\w.-]+\.js$/.test(url) ? await readFile(`build/bench/page${url}`).catch(() => undefined) : undefined;
    response.writeHead(script ? 200 : 404, { "content-type": "text/javascript" }).end(script);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  return { address: `http://localhost:${port}/`, close: () => server.close() };
}

async function inPage(): Promise<void> {
  const options = findChromium();
  if (!options) return console.log(`Left out, in a page: ${noChromium}.\n`);
  const { address, close } = await serve();
  const browser = await chromium.launch({ ...options, args: [...options.args, ...(process.env.CHROMIUM_ARGS?.split(" ") ?? [])] });
  try {
    const result = begin(`Chromium ${browser.version()}`);
    const page = await browser.newPage();
    page.on("pageerror", ({ message }) => console.error(message));
    page.on("console", (m) => console.error(m.text()));
    page.on("requestfailed", (r) => console.error(r.url(), r.failure()));
    await page.exposeFunction("report", report(result));
    await page.goto(address);
    await page.waitForFunction("globalThis.bench");
    result.device = await page.evaluate((given: PageOptions) => bench(given), { sections, quick });
    console.log(`${result.device}\n`);
  } finally {
    await browser.close();
    close();
  }
}

const machine = {
  date: new Date().toISOString(),
  processor: `${cpus()[0]?.model.trim()}, ${cpus().length} cores`,
  system: `${platform()} ${arch()}`,
};
console.log(`${Object.values(machine).join(", ")}\n`);
if (places.includes("node") && sections.some((name) => !pageOnly.includes(name))) await inNode();
if (places.includes("page")) await inPage();
if (values.json) await writeFile(values.json, `${JSON.stringify({ ...machine, quick, results }, null, 1)}\n`);
process.exit();

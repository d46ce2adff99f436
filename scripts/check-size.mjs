// Holds what a page loads to its sizes, minified and gzipped. `core` is a page that trains one LSTM, with the relaxed kernels, which it loads
// lazily, as Vite, Rollup, webpack and esbuild make it from the package. `core and Transformers` has every operation, layer and optimizer,
// and loads the extra kernels too. Prints the size of all of src/index.ts beside them. The package must be built before.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";
import { bundlers, sizeOfLoaded } from "./bundlers.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
// esbuild makes a chunk of what the page shares with code that it loads later; the names that the two exchange cost 3 to 4 kB.
const limits = { core: 60_000, "core by esbuild": 64_000, "core and Transformers": 107_000 };
const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

// Not at top level, where `await` would make webpack wrap each module in a function of its own.
const program = (lines) => `${lines}
  class Model extends Module {
    embedding = new Embedding(64, 16);
    lstm = new LSTM(16, 32);
    head = new Linear(32, 64);
    forward(x) {
      return this.head.forward(this.lstm.forward(this.embedding.forward(x)).output);
    }
  }
  async function train() {
    await init();
    manualSeed(1);
    const model = new Model();
    const optimizer = new AdamW(model.parameters(), { lr: 1e-3, clipNorm: 1 });
    const [x, y] = [0, 1].map((start) => tensor([start, 2, 3], [1, 3], { dtype: "int32" }));
    console.log(await optimizer.step(() => crossEntropy(model.forward(x), y)).read());
    console.log(noGrad(() => scope(() => model.forward(x))).shape, SeqgradError.name);
  }
  train();
`;
const flat = "init, manualSeed, scope, noGrad, tensor, crossEntropy, SeqgradError";
const whole = program(`import { ${flat}, nn, optim } from "seqgrad";
  const { Module, Embedding, LSTM, Linear } = { Module: nn.Module, Embedding: nn.Embedding, LSTM: nn.LSTM, Linear: nn.Linear };
  const AdamW = optim.AdamW;`);
const subpaths = program(`import { ${flat} } from "seqgrad";
  import { Module, Embedding, LSTM, Linear } from "seqgrad/nn";
  import { AdamW } from "seqgrad/optim";`);

for (const [name, bundle] of Object.entries(bundlers)) {
  // esbuild keeps a namespace that another module exports whole, so its users import from the subpaths.
  const { total, kernels } = sizeOfLoaded(await bundle(name === "esbuild" ? subpaths : whole));
  const limit = limits[`core by ${name}`] ?? limits.core;
  console.log(`core by ${name}: ${kB(total)} gzip, of which kernels ${kB(kernels)}; the limit is ${kB(limit)}.`);
  if (total > limit) process.exitCode = 1;
}

const everything = [
  "tensor/create",
  "tensor/device",
  "tensor/random",
  "tensor/scope",
  "autograd/tape",
  "optim/index",
  "ops/index",
  "nn/index",
];
const entries = { "core and Transformers": everything.map((name) => `export * from "./src/${name}.js";`).join("\n") };
const coreEntry = {
  name: "core-entry",
  resolveId: (id) => (entries[id] ? fileURLToPath(new URL(`../${id}.ts`, import.meta.url)) : undefined),
  load: (id) => Object.entries(entries).find(([name]) => id.endsWith(`/${name}.ts`))?.[1],
};

/** The size of the files that a page loads for an entry of the source, with the kernels of both chunks. */
async function fromSource(entry) {
  const [{ chunks }] = await build({
    ...{ config: false, entry: { main: entry }, plugins: [coreEntry], platform: "browser", target: "es2022", minify: true },
    ...{ hash: false, dts: false, write: false, clean: false, logLevel: "error" },
  });
  const files = new Map(chunks.map(({ fileName, code, imports }) => [fileName, { code, imports }]));
  return sizeOfLoaded({ files, entry: "main.js", lazy: ["relaxed.js", "relaxed-extra.js"] });
}

const all = await fromSource("core and Transformers");
console.log(
  `core and Transformers: ${kB(all.total)} gzip, of which kernels ${kB(all.kernels)}; the limit is ${kB(limits["core and Transformers"])}.`,
);
if (all.total > limits["core and Transformers"]) process.exitCode = 1;
console.log(`All of src/index.ts: ${kB((await fromSource("src/index.ts")).total)}.`);

// The worker's program has all tasks, and what a page with all of them may load, but kernels. What it adds is the rest of it, and the page's
// side.
const worker = { limit: 12_500, tasks: 'export * from "./src/tasks/index.js"; export { init } from "./src/tensor/device.js";' };
const isKernels = (name) => /^(simd|relaxed|wide|webgpu|engine-full)/.test(name);
async function allOf(entry) {
  const [{ chunks }] = await build({
    ...{ config: false, entry: { main: entry }, plugins: [coreEntry], platform: "browser", target: "es2022", minify: true },
    ...{ hash: false, dts: false, write: false, clean: false, logLevel: "error", deps: { onlyBundle: false } },
    inputOptions: { resolve: { mainFields: ["module", "main"] } },
  });
  const sizes = chunks.filter(({ fileName }) => !isKernels(fileName)).map(({ code }) => gzipSync(code, { level: 9 }).length);
  return sizes.reduce((total, size) => total + size, 0);
}
entries.tasks = worker.tasks;
const added = (await allOf("src/worker/index.ts")) - (await allOf("tasks"));
console.log(`A worker adds ${kB(added)} to a page with all tasks; the limit is ${kB(worker.limit)}.`);
if (added > worker.limit) process.exitCode = 1;

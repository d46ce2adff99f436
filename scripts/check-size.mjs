// Holds what a page loads to its sizes, minified and gzipped: `core` is a page that trains one LSTM, with the relaxed kernels, which it
// loads lazily; `core and Transformers` has every operation, layer and optimizer, and loads the extra kernels too. Prints the size of
// all of src/index.ts beside them. The package must be built before.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const limits = { core: 60_000, "core and Transformers": 100_000 };

// What a page imports from the package that trains one LSTM with a step of its own.
const lstm = `
  export { init, manualSeed, scope, noGrad, tensor, crossEntropy, SeqgradError } from "./dist/index.js";
  import { nn, optim } from "./dist/index.js";
  export const { Module, Embedding, LSTM, Linear } = { Module: nn.Module, Embedding: nn.Embedding, LSTM: nn.LSTM, Linear: nn.Linear };
  export const AdamW = optim.AdamW;
`;
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
const entries = {
  core: lstm,
  "core and Transformers": everything.map((name) => `export * from "./src/${name}.js";`).join("\n"),
};
const coreEntry = {
  name: "core-entry",
  resolveId: (id) => (entries[id] ? fileURLToPath(new URL(`../${id}.ts`, import.meta.url)) : undefined),
  load(id) {
    return Object.entries(entries).find(([name]) => id.endsWith(`/${name}.ts`))?.[1];
  },
};

/** The gzipped sizes of what a page loads for an entry, lazy chunks but the relaxed kernels left out. */
async function sizeOf(entry, kernels = ["relaxed.js", "relaxed-extra.js"]) {
  const [{ chunks }] = await build({
    config: false,
    entry: { main: entry },
    plugins: [coreEntry],
    platform: "browser",
    target: "es2022",
    minify: true,
    hash: false,
    dts: false,
    write: false,
    clean: false,
    logLevel: "warn",
  });
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
  const loaded = new Set(["main.js", ...kernels]);
  for (const name of loaded) for (const next of byName.get(name).imports) loaded.add(next);
  const sizes = new Map(Array.from(loaded, (name) => [name, gzipSync(byName.get(name).code, { level: 9 }).length]));
  const sum = (names) => names.reduce((total, name) => total + sizes.get(name), 0);
  return { total: sum([...loaded]), kernels: sum(kernels) };
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const [name, limit] of Object.entries(limits)) {
  const { total, kernels } = await sizeOf(name, name === "core" ? ["relaxed.js"] : undefined);
  console.log(`${name}: ${kB(total)} gzip, of which kernels ${kB(kernels)}; the limit is ${kB(limit)}.`);
  if (total > limit) process.exitCode = 1;
}
console.log(`All of src/index.ts: ${kB((await sizeOf("src/index.ts")).total)}.`);

// Holds the core to its size, minified and gzipped: tensors, autograd, operations, layers and optimizers, and the relaxed kernels, which
// a page loads lazily. What all of src/index.ts weighs is printed beside it.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";
import { stripSamples } from "./strip-samples.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const limit = 60_000;

const core = ["tensor/create", "tensor/device", "tensor/random", "tensor/scope", "autograd/tape", "ops/index", "nn/index", "optim/index"];
const source = core.map((name) => `export * from "./src/${name}.js";`).join("\n");
const coreEntry = {
  name: "core-entry",
  resolveId: (id) => (id === "core" ? fileURLToPath(new URL("../core.ts", import.meta.url)) : undefined),
  load: (id) => (id.endsWith("/core.ts") ? source : undefined),
};

/** The gzipped sizes of what a page loads for an entry, lazy chunks but the relaxed kernels left out. */
async function sizeOf(entry) {
  const [{ chunks }] = await build({
    config: false,
    entry: { main: entry },
    plugins: [coreEntry, stripSamples],
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
  const loaded = new Set(["main.js", "relaxed.js"]);
  for (const name of loaded) for (const next of byName.get(name).imports) loaded.add(next);
  const sizes = new Map(Array.from(loaded, (name) => [name, gzipSync(byName.get(name).code, { level: 9 }).length]));
  return { total: [...sizes.values()].reduce((a, b) => a + b), kernels: sizes.get("relaxed.js") };
}

const kB = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
const { total, kernels } = await sizeOf("core");
const whole = await sizeOf("src/index.ts");
console.log(
  `core: ${kB(total)} gzip, of which kernels ${kB(kernels)}; the limit is ${kB(limit)}. All of src/index.ts: ${kB(whole.total)}.`,
);
if (total > limit) process.exitCode = 1;

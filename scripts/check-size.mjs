// Holds to their sizes, minified and gzipped, what a page loads that trains a recurrent network: tensors, autograd, operations, layers and
// optimizers, with all relaxed kernels, which it loads lazily; and the same with all that Transformers and structured losses add, which
// a bundler leaves out where nobody asks for it. What all of src/index.ts weighs is printed beside.
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";
import { stripSamples } from "./strip-samples.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const limits = { core: 60_000, "core and Transformers": 72_000 };

const base = ["tensor/create", "tensor/device", "tensor/random", "tensor/scope", "autograd/tape", "optim/index"];
/** Files of src/ops and src/nn that recurrent networks have no part in. */
const beyond =
  /attention|attend|alignment|transformer|key-value|feed-forward|positions|pooling|rotary|swiglu|rms-norm|batch-norm|crf|ctc|log-sum-exp/;
const files = ["ops", "nn"].flatMap((folder) => readdirSync(`src/${folder}`).map((name) => `${folder}/${name.replace(/\.ts$/, "")}`));
const entries = {
  core: [...base, ...files.filter((name) => !beyond.test(name) && !name.endsWith("/index"))],
  "core and Transformers": [...base, "ops/index", "nn/index"],
};
const coreEntry = {
  name: "core-entry",
  resolveId: (id) => (entries[id] ? fileURLToPath(new URL(`../${id}.ts`, import.meta.url)) : undefined),
  load(id) {
    const names = Object.entries(entries).find(([name]) => id.endsWith(`/${name}.ts`))?.[1];
    // Of the norms a recurrent network may have that of its layers.
    const partOf = (name) => (id.endsWith("/core.ts") && name === "nn/norm" ? "{ LayerNorm }" : "*");
    return names?.map((name) => `export ${partOf(name)} from "./src/${name}.js";`).join("\n");
  },
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
for (const [name, limit] of Object.entries(limits)) {
  const { total, kernels } = await sizeOf(name);
  console.log(`${name}: ${kB(total)} gzip, of which kernels ${kB(kernels)}; the limit is ${kB(limit)}.`);
  if (total > limit) process.exitCode = 1;
}
console.log(`All of src/index.ts: ${kB((await sizeOf("src/index.ts")).total)}.`);

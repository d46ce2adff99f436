import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type RolldownChunk, type UserConfig } from "tsdown";
import { stripSamples } from "./scripts/strip-samples.mjs";

// `index` is free of Node; `node` and `cli` are not. One build makes all three, so that they share what has state: the default device.
const entry = { index: "src/index.ts", node: "src/node.ts", cli: "src/cli.ts" };
const { index, node } = entry;

const shared: UserConfig = {
  // Not "node", which would give what a page loads an import of node:module.
  platform: "neutral",
  inputOptions: { resolve: { mainFields: ["module", "main"] }, external: [/^node:/, "stream"] },
  // The package has no dependencies; what it needs becomes part of it.
  deps: { onlyBundle: false },
  target: "es2022",
  fixedExtension: false,
  hash: false,
  logLevel: "warn",
  checks: { pluginTimings: false },
};

/** Copies the licence of every package of which the bundle holds code. */
function writeLicences(chunks: readonly RolldownChunk[]): void {
  const modules = chunks.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
  const folders = new Set(modules.flatMap((id) => id.match(/^.*\/node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[sc]e/i.test(name));
    if (!file) throw new Error(`${folder} has no licence file, and its code is in the bundle`);
    return `${folder.split("/node_modules/").at(-1)}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  writeFileSync("dist/THIRD-PARTY-LICENSES.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
}

export default defineConfig([
  {
    ...shared,
    entry,
    dts: false,
    plugins: [stripSamples],
    copy: ["build/simd.wasm", "build/relaxed.wasm"],
    hooks: { "build:done": ({ chunks }) => writeLicences(chunks) },
  },
  { ...shared, entry: { index, node }, clean: false, dts: { emitDtsOnly: true } },
]);

import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { defineConfig, type Rolldown, type RolldownChunk, type UserConfig } from "tsdown";

// `index` is free of Node; `node` and `cli` are not. One build makes all, so that they share what has state: the default device.
const [index, node] = ["src/index.ts", "src/node.ts"];
// Each namespace is a module of its own: bundlers drop what a page does not use of a module, but nothing of an object. package.json lists them.
const { exports } = JSON.parse(readFileSync("package.json", "utf8")) as { exports: Record<string, unknown> };
const names = Object.keys(exports).flatMap((path) => path.match(/^\.\/(\w+)$/)?.[1] ?? []);
const namespaces = names.filter((name) => existsSync(`src/${name}/index.ts`));
const library = { index, node, ...Object.fromEntries(namespaces.map((name) => [`${name}/index`, `src/${name}/index.ts`])) };
const entry = { ...library, cli: "src/cli.ts", workerd: "src/workerd.ts", "nn/init": "src/nn/init.ts" };
// What a host brings, and the files of kernels, which a bundler for workerd takes as they are.
const isHost = (id: string) => /^node:|^stream$|\.wasm$/.test(id);
const isNamespace = (id: string, importer = "") =>
  /^\.\/\w+\/index\.js$/.test(id) ? /src.index\.ts$/.test(importer) && `${id.slice(2, -3)}` in entry : id === "./init.js";

/** For types of a program whose own settings have no Symbol.dispose. */
const disposable = '/// <reference lib="esnext.disposable" />';

/** One file holds one text of the worker's program: the larger one, which serves all devices. */
const oneEngine: Rolldown.Plugin = {
  name: "one-engine",
  resolveId(id, importer) {
    return id === "./generated/engine.js" ? this.resolve("./generated/engine-full.js", importer) : undefined;
  },
};

const shared: UserConfig = {
  // Not "node", which would give what a page loads an import of node:module.
  platform: "neutral",
  inputOptions: { resolve: { mainFields: ["module", "main"] }, external: isHost },
  // The package has no dependencies; what it needs becomes part of it.
  deps: { onlyBundle: false },
  target: "es2022",
  fixedExtension: false,
  hash: false,
  logLevel: "warn",
  checks: { pluginTimings: false },
};

/** Copies the license of every package of which the bundle holds code. */
function writeLicenses(chunks: readonly RolldownChunk[]): void {
  const modules = chunks.flatMap((chunk) => (chunk.type === "chunk" ? chunk.moduleIds : []));
  const folders = new Set(modules.flatMap((id) => id.match(/^.*\/node_modules\/(@[^/]+\/)?[^/]+/)?.[0] ?? []));
  const texts = [...folders].sort().map((folder) => {
    const file = readdirSync(folder).find((name) => /^licen[sc]e/i.test(name));
    if (!file) throw new Error(`${folder} has no license file, and its code is in the bundle`);
    return `${folder.split("/node_modules/").at(-1)}\n\n${readFileSync(`${folder}/${file}`, "utf8").trim()}\n`;
  });
  writeFileSync("dist/THIRD-PARTY-LICENSES.txt", texts.join(`\n${"-".repeat(80)}\n\n`));
}

const [packageDoc] = readFileSync(index, "utf8").match(/^\/\*\*[\s\S]*?\*\//) ?? [""];

export default defineConfig([
  {
    ...shared,
    entry,
    inputOptions: { ...shared.inputOptions, external: (id, importer) => isHost(id) || isNamespace(id, importer) },
    outputOptions: { chunkFileNames: "chunks/[name].js" },
    dts: false,
    copy: ["build/simd.wasm", "build/relaxed.wasm", "build/wide.wasm", "build/worker.min.js"],
    hooks: { "build:done": ({ chunks }) => writeLicenses(chunks) },
  },
  // For require(), as Jest calls it.
  {
    ...shared,
    entry: library,
    format: "cjs",
    outDir: "dist/cjs",
    outExtensions: () => ({ js: ".cjs", dts: ".d.cts" }),
    outputOptions: {
      chunkFileNames: "chunks/[name].cjs",
      banner: ({ fileName }: { fileName: string }) => (fileName.endsWith(".d.cts") ? disposable : ""),
    },
    dts: true,
  },
  // Everything in one file: for a script tag, and as a module.
  ...(["iife", "esm"] as const).map((format) => ({
    ...shared,
    entry: { seqgrad: index },
    format,
    globalName: "seqgrad",
    plugins: [oneEngine],
    platform: "browser" as const,
    // Names of classes stand in summaries and messages.
    minify: { mangle: { keepNames: { class: true, function: false } }, compress: { keepNames: { class: true, function: false } } },
    clean: false,
    outputOptions: { codeSplitting: false, entryFileNames: format === "iife" ? "seqgrad.min.js" : "seqgrad.min.mjs" },
    dts: false,
  })),
  {
    ...shared,
    ...{ entry: library, clean: false, dts: { emitDtsOnly: true } },
    outputOptions: {
      chunkFileNames: "chunks/[name].js",
      // What a reader of the types sees first: the doc of the package, which the bundler drops.
      banner: ({ fileName }: { fileName: string }) => (fileName === "index.d.ts" ? `${disposable}\n${packageDoc}` : disposable),
    },
  },
]);

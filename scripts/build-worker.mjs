// Bundles the program of the worker, src/worker/engine.ts, as a classic script, and writes it as a text into modules of its own, which a page
// loads when it starts a worker: one for all devices, and one for WebAssembly alone. Kernels for WebAssembly are left out: the page has them as
// chunks, and sends them over. `build/worker.min.js` is the same script for a page that must load it by its address.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

/** Asks the page for kernels where the library imports them. */
const kernelsFromPage = {
  name: "kernels-from-page",
  transform: (code, id) =>
    /backend.wasm.(modules|fusing)\.ts$/.test(id)
      ? code.replace(/import\("\.\/generated\/([\w-]+)\.js"\)/g, 'seqgradChunk("$1")')
      : undefined,
};
/** WebAssembly is then the only device. */
const wasmAlone = {
  name: "wasm-alone",
  load(id) {
    if (/backend.webgpu.open\.ts$/.test(id)) return "export const createWebGpuBackend = undefined;";
    return /reference.reference-backend\.ts$/.test(id) ? "export const ReferenceBackend = undefined;" : undefined;
  },
};

async function engine(plugins) {
  const [{ chunks }] = await build({
    ...{ config: false, entry: { worker: "src/worker/engine.ts" }, plugins, format: "iife", platform: "browser", target: "es2022" },
    // Names of classes stand in summaries and messages.
    minify: { mangle: { keepNames: { class: true, function: false } }, compress: { keepNames: { class: true, function: false } } },
    ...{ dts: false, write: false, clean: false, hash: false, logLevel: "error" },
    inputOptions: { resolve: { mainFields: ["module", "main"] } },
    outputOptions: { codeSplitting: false },
    deps: { onlyBundle: false },
  });
  if (chunks.length !== 1) throw new Error(`the worker's program is in ${chunks.length} files; expected one`);
  const { code } = chunks[0];
  if (/\bimport\(|seqgradChunk\("\$/.test(code))
    throw new Error("the worker's program imports a file, which a classic script of no address cannot");
  return code;
}

const texts = { "engine-full": await engine([kernelsFromPage]), engine: await engine([kernelsFromPage, wasmAlone]) };
mkdirSync("src/worker/generated", { recursive: true });
mkdirSync("build", { recursive: true });
for (const [name, text] of Object.entries(texts))
  writeFileSync(`src/worker/generated/${name}.ts`, `export default ${JSON.stringify(text)};\n`);
writeFileSync("build/worker.min.js", texts["engine-full"]);

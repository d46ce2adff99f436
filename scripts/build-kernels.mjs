// Compiles assembly/index.ts three times, as the variants `simd`, `relaxed` and `wide`, into build/ and into the TypeScript modules that the
// package imports lazily: base64 of gzip, which a server's own gzip then shrinks to a third less than base64 of the bare bytes;
// by Zopfli, which packs a twentieth closer than zlib. A variant makes two modules: its core, and the kernels of assembly/extra.ts.
// `node scripts/build-kernels.mjs --text` writes .wat files beside them; `--bench` compiles assembly/bench/index.ts instead, for the bench.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import asc from "assemblyscript/asc";
import binaryen from "binaryen";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const generated = "src/backend/wasm/generated";
await Promise.all([mkdir("build", { recursive: true }), mkdir(generated, { recursive: true })]);

const bench = process.argv.includes("--bench");
const source = bench ? "assembly/bench/index.ts" : "assembly/index.ts";
const exported = (await readFile("assembly/extra.ts", "utf8")).matchAll(/^export \{ (.*?) \}/gm);
const extraNames = new Set(Array.from(exported, ([, names]) => names.split(", ")).flat());
const relaxed = ["--enable", "simd,relaxed-simd"];
const variants = {
  simd: ["--enable", "simd", "--use", "ASC_WIDE=0"],
  relaxed: [...relaxed, "--use", "ASC_WIDE=0"],
  wide: [...relaxed, "--use", "ASC_WIDE=1"],
};
const made = {};
for (const [variant, features] of Object.entries(variants)) {
  const name = bench ? `bench-${variant}` : variant;
  const binary = `build/${name}.wasm`;
  const text = process.argv.includes("--text") ? ["--textFile", `build/${name}.wat`] : [];
  const bytes = await compile(source, binary, [...features, ...text]);
  if (!bench) {
    const [core, extra] = split(bytes);
    made[variant] = { extra, data: dataOf(bytes) };
    await embed(variant, core);
    if (variant !== "wide") await embed(`${variant}-extra`, extra);
  }
  process.stderr.write(`${binary} ${bytes.length} bytes\n`);
}

if (!bench) {
  // A device switches from one to the other over the same memory, and both have one second module.
  if (made.relaxed.data !== made.wide.data) fail("the static data of relaxed and wide differ");
  if (Buffer.compare(made.relaxed.extra, made.wide.extra) !== 0) fail("the kernels of assembly/extra.ts differ in relaxed and wide");
  await embed("probe", await compile("assembly/probe.ts", "build/probe.wasm", variants.wide));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

async function compile(source, binary, options) {
  const { error, stderr } = await asc.main([source, "--config", "asconfig.json", "--outFile", binary, ...options]);
  if (error) fail(stderr.toString());
  return readFile(binary);
}

/** The data of a module, as a text. */
function dataOf(bytes) {
  return binaryen
    .readBinary(bytes)
    .emitText()
    .match(/^ \(data .*$/gm)
    .join("\n");
}

/** Two modules: the kernels of the core, and those of assembly/extra.ts, which call functions of the core. They share one memory. */
function split(bytes) {
  const [core, extra] = [cut(bytes, false), cut(bytes, true)];
  const inCore = new Set(functionsOf(core).map(({ name }) => name));
  const owned = settersOf(extra);
  for (const { name, params, results } of functionsOf(extra).filter(({ name }) => inCore.has(name) && !owned.has(name))) {
    extra.removeFunction(name);
    extra.addFunctionImport(name, "core", name, params, results);
  }
  extra.runPasses(["remove-unused-module-elements"]);
  for (const { name, module } of functionsOf(extra)) if (module === "core") core.addFunctionExport(name, name);
  return [core.emitBinary(), extra.emitBinary()];
}

/** The functions that set a global variable, themselves or by calls. A module has its own globals: who reads them must call its own. */
function settersOf(module) {
  const texts = functionsOf(module).map(({ name, body }) => [name, body ? binaryen.emitText(body) : ""]);
  const setters = new Set();
  for (let before = -1; before < setters.size; ) {
    before = setters.size;
    for (const [name, text] of texts) {
      const called = Array.from(text.matchAll(/\(call \$(\S+)/g), ([, callee]) => callee.replace(/\)$/, ""));
      if (text.includes("(global.set") || called.some((callee) => setters.has(callee))) setters.add(name);
    }
  }
  return setters;
}

/** The module with the kernels of assembly/extra.ts alone, or without them. Static data stay where they are. */
function cut(bytes, isExtra) {
  const module = binaryen.readBinary(bytes);
  module.setFeatures(binaryen.Features.All);
  const names = Array.from({ length: module.getNumExports() }, (_, i) => binaryen.getExportInfo(module.getExportByIndex(i)).name);
  for (const name of names) if (extraNames.has(name) !== isExtra) module.removeExport(name);
  module.runPasses(["remove-unused-module-elements"]);
  return module;
}

function functionsOf(module) {
  return Array.from({ length: module.getNumFunctions() }, (_, i) => binaryen.getFunctionInfo(module.getFunctionByIndex(i)));
}

async function embed(name, bytes) {
  const packed = await zopfli.gzipAsync(bytes, { numiterations: 5 });
  await writeFile(`${generated}/${name}.ts`, `export default "${Buffer.from(packed).toString("base64")}";\n`);
}

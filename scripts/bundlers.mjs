// A page bundled by Vite, Rollup, webpack and esbuild, as their users would: each returns the files that it makes, by name, and which of them
// the page loads first.
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { build, transform } from "esbuild";
import { rollup } from "rollup";
import { build as viteBuild } from "vite";
import webpack from "webpack";

const project = fileURLToPath(new URL("..", import.meta.url));
const folder = join(project, "build/size");
const target = "es2022";
const isNode = /^node:/; // behind conditions that a page does not meet

/** The path of a page with this code, in a folder in which the package is installed. */
function pageOf(code) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(join(folder, "node_modules"), { recursive: true });
  symlinkSync(project, join(folder, "node_modules/seqgrad"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "page.js"), code);
  return join(folder, "page.js");
}

const ofChunks = (chunks) => ({
  files: new Map(chunks.map(({ fileName, code, imports }) => [fileName, { code, imports: imports.filter((name) => !isNode.test(name)) }])),
  entry: chunks.find(({ isEntry }) => isEntry).fileName,
});

async function byVite(code) {
  const options = { write: false, target, rolldownOptions: { input: pageOf(code) } };
  const { output } = await viteBuild({ configFile: false, root: folder, logLevel: "error", build: options });
  return ofChunks(output.filter(({ type }) => type === "chunk"));
}

async function byRollup(code) {
  const bundle = await rollup({ input: pageOf(code), plugins: [nodeResolve({ browser: true })], external: isNode });
  const { output } = await bundle.generate({ format: "es" });
  const minified = async (chunk) => ({ ...chunk, code: (await transform(chunk.code, { minify: true, format: "esm", target })).code });
  return ofChunks(await Promise.all(output.map(minified)));
}

/** Of webpack's default minimizer, for the one file that a page loads first. */
function minimizer() {
  const Minimizer = createRequire(createRequire(import.meta.url).resolve("webpack"))("minimizer-webpack-plugin");
  return [new Minimizer({ include: /^page\.js$/, parallel: false, extractComments: false })];
}

async function byWebpack(code) {
  const [entry, path] = [pageOf(code), join(folder, "webpack")];
  const compiler = webpack({
    ...{ mode: "production", context: folder, target: ["web", target], externals: [isNode], performance: false },
    ...{ entry: { page: entry }, output: { path, filename: "page.js" }, optimization: { minimizer: minimizer() } },
  });
  const stats = await new Promise((resolve, reject) => compiler.run((error, stats) => (error ? reject(error) : resolve(stats))));
  if (stats.hasErrors()) throw new Error(stats.toString({ all: false, errors: true }));
  // Chunks that are loaded together belong to one group.
  const groups = stats.compilation.chunkGroups.map(({ chunks }) => chunks.flatMap((chunk) => [...chunk.files]));
  const read = (name) => ({
    code: readFileSync(join(path, name), "utf8"),
    imports: groups.filter((files) => files.includes(name)).flat(),
  });
  const names = new Set(groups.flat());
  return { files: new Map(Array.from(names, (name) => [name, read(name)])), entry: "page.js" };
}

async function byEsbuild(code) {
  const shared = { bundle: true, splitting: true, format: "esm", minify: true, metafile: true, write: false, target };
  const { metafile, outputFiles } = await build({
    ...shared,
    ...{ entryPoints: [pageOf(code)], outdir: join(folder, "esbuild"), absWorkingDir: folder, external: ["node:*"] },
  });
  const textOf = (name) => outputFiles.find(({ path }) => path.endsWith(name)).text;
  const importsOf = ({ imports }) =>
    imports.filter(({ kind, external }) => kind === "import-statement" && !external).map(({ path }) => path);
  const files = Object.entries(metafile.outputs).map(([name, output]) => [name, { code: textOf(name), imports: importsOf(output) }]);
  return { files: new Map(files), entry: "esbuild/page.js" };
}

export const bundlers = { Vite: byVite, Rollup: byRollup, webpack: byWebpack, esbuild: byEsbuild };

/** The start of the relaxed kernels, by which their chunk is found whatever its name. */
const relaxed = /[\w+/]{200}/.exec(readFileSync(join(project, "dist/chunks/relaxed.js"), "utf8"))[0];

/** The gzipped bytes of the files that a page loads: the entry, the chunks of kernels, and what they import. */
export function sizeOfLoaded({ files, entry, lazy = [[...files].find(([, { code }]) => code.includes(relaxed))[0]] }) {
  const loaded = new Set([entry, ...lazy]);
  for (const name of loaded) for (const next of files.get(name).imports) loaded.add(next);
  const sizeOf = (name) => gzipSync(files.get(name).code, { level: 9 }).length;
  const sum = (names) => Array.from(names, sizeOf).reduce((total, size) => total + size, 0);
  return { total: sum(loaded), kernels: sum(lazy) };
}

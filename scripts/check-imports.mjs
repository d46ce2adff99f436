// Checks the house's order: imports go down only and never in a circle, the library needs no Node and prints nothing, no file is long.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));

// From the ground up. A name is a folder of src or a file in it; it may import those of the rows before its own, and itself.
const rows = [
  ["util"],
  ["backend"],
  ["tensor"],
  ["autograd"],
  ["ops"],
  ["nn", "optim"],
  ["models"],
  ["train", "decode"],
  ["tasks"],
  ["index"],
  ["node"],
  ["cli", "site"],
];
// These stand beside: they know rows up to `tensor` and not each other; `models` and what is above may know them.
const beside = ["text", "data", "metrics", "io"];
// Packages that the library may bundle. Progress bars and prompts are for cli and site.
const packages = ["wasm-feature-detect", "@huggingface/tokenizers", "papaparse"];
const maxLines = 500;

const problems = [];
const rowOf = (name) => rows.findIndex((row) => row.includes(name));

function mayImport(from, to) {
  if (from === to) return true;
  if (beside.includes(from)) return rowOf(to) >= 0 && rowOf(to) <= rowOf("tensor");
  if (beside.includes(to)) return rowOf(from) >= rowOf("models");
  return rowOf(to) < rowOf(from);
}

/** Every file below a folder, but generated and installed ones. */
function filesIn(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return ["generated", "node_modules"].includes(entry.name) ? [] : filesIn(path);
    return [path];
  });
}

/** The file that a relative import names; undefined for a generated one. */
function resolve(from, specifier) {
  const base = join(dirname(from), specifier).replace(/\.js$/, "");
  const found = [`${base}.ts`, join(base, "index.ts")].find(existsSync);
  if (!found && !base.includes("/generated/")) problems.push(`${from} imports ${specifier}, which is not there.`);
  return found?.includes("/generated/") ? undefined : found;
}

/** file -> { files, modules } it imports, by `import`, `export from`, `import()` or `import type`. */
const graph = new Map();
for (const path of [...filesIn("src"), ...filesIn("assembly")].filter((path) => path.endsWith(".ts"))) {
  const specifiers = ts.preProcessFile(readFileSync(path, "utf8"), true, true).importedFiles.map((file) => file.fileName);
  const [own, others] = [specifiers.filter((s) => s.startsWith(".")), specifiers.filter((s) => !s.startsWith("."))];
  graph.set(path, { files: own.map((s) => resolve(path, s)).filter(Boolean), modules: others });
}

function checkLayers() {
  const nameOf = (path) => relative("src", path).split("/")[0].replace(/\.ts$/, "");
  for (const [path, { files, modules }] of graph) {
    if (!path.startsWith("src/")) continue;
    const from = nameOf(path);
    if (rowOf(from) < 0 && !beside.includes(from)) problems.push(`${path}: scripts/check-imports.mjs does not know the place of ${from}.`);
    for (const file of files) {
      if (!mayImport(from, nameOf(file))) problems.push(`${path} imports ${file}: ${from} may not know ${nameOf(file)}.`);
    }
    for (const module of modules) {
      if (module.startsWith("node:") || packages.includes(module) || from === "cli" || from === "site") continue;
      problems.push(`${path} imports the package ${module}, which the library does not bundle.`);
    }
  }
}

/** Reports one circle: mending it often mends others. */
function checkCycles() {
  const done = new Set();
  const circleFrom = (path, trail) => {
    if (trail.includes(path)) return [...trail.slice(trail.indexOf(path)), path];
    if (done.has(path)) return undefined;
    done.add(path);
    return firstOf(graph.get(path).files, (next) => circleFrom(next, [...trail, path]));
  };
  const circle = firstOf([...graph.keys()], (path) => circleFrom(path, []));
  if (circle) problems.push(`imports go in a circle: ${circle.join(" -> ")}.`);
}

/** The first answer that `find` has for one of the items. */
function firstOf(items, find) {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

/** A browser loads src/index.ts: nothing that it reaches may name a Node module. */
function checkBrowser() {
  const trails = new Map([["src/index.ts", ["src/index.ts"]]]);
  for (const [path, trail] of trails) {
    const { files, modules } = graph.get(path);
    const module = modules.find((name) => name.startsWith("node:"));
    if (module)
      problems.push(`src/index.ts reaches ${module}: ${[...trail, module].join(" -> ")}. What needs Node belongs behind src/node.ts.`);
    for (const next of files) if (!trails.has(next)) trails.set(next, [...trail, next]);
  }
}

function checkLength() {
  for (const path of ["src", "assembly", "test", "bench", "examples", "site", "scripts"].flatMap(filesIn)) {
    if (!/\.(ts|mts|js|mjs|py|wgsl|html|css)$/.test(path)) continue;
    const lines = readFileSync(path, "utf8").split("\n").length - 1;
    if (lines > maxLines) problems.push(`${path} has ${lines} lines; ${maxLines} is the most: split it.`);
  }
}

checkLayers();
checkCycles();
checkBrowser();
checkLength();
for (const problem of problems) console.error(problem);
if (problems.length) process.exitCode = 1;
else console.log(`imports: ${graph.size} files in order`);

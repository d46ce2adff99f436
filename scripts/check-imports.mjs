// Checks the house's order: imports go down only and never in a circle, the library needs no Node and prints nothing, no file is long.
// `node scripts/check-imports.mjs [FOLDER]` checks the project in another folder by the same floors.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

process.chdir(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));

// The floors of a folder, from the ground up. A room is a folder or a file, with what lies in it; "*" stands for the files of the folder
// that are not named. A room may import those of the floors below its own, and itself. Each folder stands in a room, and each room exists.
const floors = {
  src: [
    ["util"],
    ["backend"],
    ["tensor"],
    ["autograd"],
    ["ops"],
    ["nn", "optim"],
    ["models"],
    ["train", "decode"],
    ["tasks"],
    ["worker", "export"],
    ["index"],
    ["node", "workerd"],
    ["cli"],
  ],
  "src/backend": [["contract"], ["*"], ["reference", "wasm", "webgpu"]],
  "src/backend/wasm": [["threads"], ["*"]],
  "src/backend/webgpu": [["kernel", "gpu"], ["wgsl"], ["*"]],
  "src/optim": [
    ["refusal", "rule", "moments", "check-loss"],
    ["ledger"],
    ["arena", "state"],
    ["groups", "compose"],
    ["optimizer"],
    ["*"],
    ["index"],
  ],
  "src/train": [["pace"], ["run-control"], ["types", "loss", "checkpoint"], ["check-run"], ["run", "fit-run"], ["fit"], ["index"]],
  "src/text": [["*"], ["pipeline"], ["wordpiece-tokenizer"], ["load"], ["index"]],
  "src/cli": [
    ["flags", "version", "notes", "progress", "signals", "choice", "recorded"],
    ["options", "history"],
    ["judges", "training-run"],
    ["page"],
    ["tasks/reading"],
    ["tasks/kind"],
    ["conclusion"],
    ["report"],
    ["train"],
    ["tasks"],
    ["*"],
    ["main"],
  ],
  assembly: [
    ["simd"],
    ["gemm", "elementwise", "reduce", "indexing", "softmax", "norm", "random", "optim"],
    ["recurrent"],
    ["attention", "structured", "words"],
    ["extra", "bench", "probe"],
    ["index"],
  ],
};
// These stand beside the floors of src: they know those up to `tensor` and not each other; `models` and what is above may know them.
const beside = { rooms: ["text", "data", "metrics", "io"], know: "tensor", knownFrom: "models" };
// Packages that the library may bundle. Progress bars and prompts are for cli.
const packages = ["wasm-feature-detect", "@huggingface/tokenizers", "papaparse", "idb", "fflate"];
const maxLines = 500;

const problems = [];
const heightIn = (folder, room) => floors[folder].findIndex((rooms) => rooms.includes(room));
const isBeside = (folder, room) => folder === "src" && beside.rooms.includes(room);

/** The room of a folder in which a file lies, by its longest name; undefined if the floors do not name it. */
function roomOf(folder, path) {
  const parts = relative(folder, path).replace(/\.ts$/, "").split("/");
  const names = parts.map((_, i) => parts.slice(0, parts.length - i).join("/"));
  if (parts.length === 1) names.push("*");
  return names.find((name) => heightIn(folder, name) >= 0 || isBeside(folder, name));
}

function mayImport(folder, from, to) {
  if (from === to) return true;
  if (isBeside(folder, from)) return !isBeside(folder, to) && heightIn(folder, to) <= heightIn(folder, beside.know);
  if (isBeside(folder, to)) return heightIn(folder, from) >= heightIn(folder, beside.knownFrom);
  return heightIn(folder, to) < heightIn(folder, from);
}

/** Why a file may not import another: the first folder in whose floors the import does not go down. */
function misfitOf(path, imported) {
  const folders = Object.keys(floors).filter((folder) => [path, imported].every((file) => file.startsWith(`${folder}/`)));
  for (const folder of folders) {
    const [from, to] = [roomOf(folder, path), roomOf(folder, imported)];
    if (from && to && !mayImport(folder, from, to)) return `in ${folder}, ${from} may not know ${to === "*" ? "the files beside it" : to}`;
  }
  return undefined;
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

/** The file that a relative import names; undefined for a generated one, and for kernels, which the build puts beside the bundle. */
function resolve(from, specifier) {
  if (specifier.endsWith(".wasm")) return undefined;
  const base = join(dirname(from), specifier).replace(/\.js$/, "");
  const found = [`${base}.ts`, join(base, "index.ts")].find(existsSync);
  if (!found && !base.includes("/generated/")) problems.push(`${from} imports ${specifier}, which is not there.`);
  return found?.includes("/generated/") ? undefined : found;
}

/** file -> { files, modules } it imports, by `import`, `export from`, `import()` or `import type`. */
const graph = new Map();
for (const path of [...filesIn("src"), ...filesIn("assembly")].filter((path) => /(?<!\.d)\.ts$/.test(path))) {
  const specifiers = ts.preProcessFile(readFileSync(path, "utf8"), true, true).importedFiles.map((file) => file.fileName);
  const [own, others] = [specifiers.filter((s) => s.startsWith(".")), specifiers.filter((s) => !s.startsWith("."))];
  graph.set(path, { files: own.map((s) => resolve(path, s)).filter(Boolean), modules: others });
}

function checkRooms() {
  for (const [folder, rows] of Object.entries(floors)) {
    const rooms = [...rows.flat(), ...(folder === "src" ? beside.rooms : [])].filter((name) => name !== "*");
    for (const path of rooms.map((name) => join(folder, name)))
      if (![path, `${path}.ts`].some(existsSync)) problems.push(`scripts/check-imports.mjs has a floor for ${path}, which is not there.`);
  }
  for (const path of graph.keys()) {
    // A folder without floors of its own has files alone.
    const folders = [...Object.keys(floors), dirname(dirname(path))].filter((folder) => path.startsWith(`${folder}/`));
    const isKnown = folders.every((folder) => floors[folder] && roomOf(folder, path));
    if (!isKnown) problems.push(`${path}: scripts/check-imports.mjs does not know its floor.`);
  }
}

function checkFloors() {
  for (const [path, { files }] of graph) {
    for (const file of files) {
      const misfit = misfitOf(path, file);
      if (misfit) problems.push(`${path} imports ${file}: imports go down, and ${misfit}.`);
    }
  }
}

function checkPackages() {
  for (const [path, { modules }] of graph) {
    if (!path.startsWith("src/") || roomOf("src", path) === "cli") continue;
    for (const module of modules) {
      if (module.startsWith("node:") || packages.includes(module)) continue;
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
    const { files, modules } = graph.get(path) ?? { files: [], modules: [] };
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

checkRooms();
checkFloors();
checkPackages();
checkCycles();
checkBrowser();
checkLength();
for (const problem of problems) console.error(problem);
if (problems.length) process.exitCode = 1;
else console.log(`imports: ${graph.size} files in order`);

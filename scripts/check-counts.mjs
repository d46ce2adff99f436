// Counts what must not grow, prints it, and fails above a ceiling of scripts/counts.json; `--lower` writes today's counts there. A ceiling
// may only fall. Counted are casts but `as const`, non-null assertions and `any` in src, the lines of the longest function outside WGSL, and
// the files that the last example of each kind touches: its page, and every list of its kind; a file of nothing but exports is an export.
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const listed = "scripts/counts.json";
const goals = { any: 0, casts: 60, nonNullAssertions: 500, longestFunction: 60 };
const most = { "composed operation": 1, "fused operation": 5, layer: 1, model: 1, optimizer: 1, task: 1 };

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.includes("generated"))
    .map((name) => join(folder, name));
const sources = new Map(["src", "assembly", "bench"].flatMap(filesIn).map((path) => [path, readFileSync(path, "utf8")]));

/** Counts in the syntax of a file of src. */
function countIn(path, counts) {
  const source = ts.createSourceFile(path, sources.get(path), ts.ScriptTarget.Latest, true);
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node) => {
    if (ts.isAsExpression(node) && !ts.isConstTypeReference(node.type)) counts.casts++;
    if (ts.isNonNullExpression(node)) counts.nonNullAssertions++;
    if (node.kind === ts.SyntaxKind.AnyKeyword) counts.any++;
    if (ts.isFunctionLike(node) && node.body && !path.includes("/wgsl/")) {
      const lines = lineAt(node.end) - lineAt(node.getStart()) + 1;
      if (lines > counts.longestFunction) [counts.longestFunction, where] = [lines, `${path}:${lineAt(node.getStart()) + 1}`];
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
}

/** The files that a file imports or exports from, as paths from the root. */
const importsOf = (path) =>
  ts.preProcessFile(sources.get(path)).importedFiles.flatMap(({ fileName }) => {
    const base = join(dirname(path), fileName).replace(/\.js$/, "");
    return [`${base}.ts`, join(base, "index.ts")].filter((file) => sources.has(file));
  });
const imports = new Map(Array.from(sources.keys(), (path) => [path, importsOf(path)]));

/** True for a file that holds nothing but exports from others, as an index.ts does. */
const isIndex = (path) => {
  const { statements } = ts.createSourceFile(path, sources.get(path), ts.ScriptTarget.Latest);
  return statements.length > 0 && statements.every((one) => ts.isExportDeclaration(one) && one.moduleSpecifier !== undefined);
};

/** Files of a folder that its index exports, itself or by a list that it exports, the one that came last first. */
function pagesOf(folder) {
  const log = ["log", "--diff-filter=A", "--name-only", "--no-renames", "--format=", "--", folder];
  const added = execFileSync("git", log, { encoding: "utf8" }).split("\n");
  const exported = imports.get(`${folder}/index.ts`).flatMap((path) => (isIndex(path) ? imports.get(path) : [path]));
  return [...new Set([...added, ...exported])].filter((path) => exported.includes(path));
}

/** The kernels that an operation calls and no other operation does. */
function ownKernels(path) {
  const called = (text) => Array.from(text.matchAll(/\brun\(\s*"(\w+)"/g), ([, name]) => name);
  const others = [...sources].filter(([other]) => other.startsWith("src/ops/") && other !== path).flatMap(([, text]) => called(text));
  return called(sources.get(path)).filter((name) => !others.includes(name));
}

const isList = (path, folder) => imports.get(path).filter((file) => dirname(file) === folder).length > pagesOf(folder).length / 2;
const importers = (page) => [...imports].flatMap(([path, files]) => (files.includes(page) ? [path] : []));

/** True for a file of a folder with a page for most of a kind, as the command line has for tasks. */
function isInSet(path, kind) {
  const siblings = [...imports].filter(([other]) => dirname(other) === dirname(path)).flatMap(([, files]) => files);
  return new Set(siblings.filter((file) => dirname(file) === kind)).size > pagesOf(kind).length / 2;
}

/** The page, the lists of its kind, and what names its kernels. */
function touched(page) {
  const folder = dirname(page);
  const isCommand = (path) => path.startsWith("src/cli/") && isInSet(path, folder);
  const lists = importers(page).filter((path) => isIndex(path) || isList(path, folder) || isCommand(path));
  const kernels = ownKernels(page);
  const any = kernels.join("|");
  const named =
    kernels.length === 0
      ? []
      : [...sources].filter(([, text]) =>
          new RegExp(`"(?:${any})"|\\b(?:${any}): |[{,] (?:${any})(?=[,( ])|function (?:${any})\\b`).test(text),
        );
  // A page of the command line is exported by an index of its own.
  const exporters = lists.filter(isCommand).flatMap(importers).filter(isIndex);
  const files = [...new Set([page, ...lists, ...exporters, ...named.map(([path]) => path)])];
  return { page, files: files.filter((path) => !isIndex(path)), exports: files.filter(isIndex) };
}

const holds = (pattern) => (path) => pattern.test(sources.get(path));
const examples = {
  "composed operation": () => touched(pagesOf("src/ops").find((path) => !holds(/\brun\(|defineOp\(/)(path))),
  "fused operation": () => touched(pagesOf("src/ops").find((path) => holds(/\bcompose\b/)(path) && ownKernels(path).length > 0)),
  layer: () => touched(pagesOf("src/nn").find(holds(/^export class \w+ extends (?:Module|Unary)/m))),
  model: () => touched(pagesOf("src/models").find(holds(/^export class \w+ extends /m))),
  // One with a kernel of its own is a fused operation too.
  optimizer: () =>
    touched(pagesOf("src/optim").find((path) => holds(/= defineRule\(|^export class \w+ extends /m)(path) && !holds(/\brun\(/)(path))),
  task: () => touched(pagesOf("src/tasks").find(holds(/^export class /m))),
};

let where = "";
const counts = { any: 0, casts: 0, nonNullAssertions: 0, longestFunction: 0 };
for (const path of sources.keys()) if (path.startsWith("src/")) countIn(path, counts);
const found = Object.fromEntries(Object.entries(examples).map(([kind, count]) => [kind, count()]));
for (const [kind, { files }] of Object.entries(found)) counts[kind] = files.length;

const ceilings = JSON.parse(readFileSync(listed, "utf8"));
if (process.argv.includes("--lower")) {
  for (const name in counts) ceilings[name] = Math.min(ceilings[name] ?? counts[name], counts[name]);
  writeFileSync(listed, `${JSON.stringify(ceilings, null, 2)}\n`);
}
for (const [name, goal] of Object.entries({ ...goals, ...most })) {
  const { page, files, exports } = found[name] ?? {};
  const detail = page
    ? `; exports ${exports.length}; the last one is ${page}: ${files.join(", ")}`
    : name === "longestFunction"
      ? ` lines, ${where}`
      : "";
  console.log(`counts: ${name} ${counts[name]}${detail} (ceiling ${ceilings[name]}, goal ${goal})`);
  if (counts[name] <= ceilings[name]) continue;
  console.error(
    `${name}: ${counts[name]}; expected ${ceilings[name]} at most. Write code that needs less; the ceilings of ${listed} only fall.`,
  );
  process.exitCode = 1;
}

/** The ceilings as they were at a commit; none where the history does not reach. */
function ceilingsAt(commit) {
  try {
    return JSON.parse(execFileSync("git", ["show", `${commit}:${listed}`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  } catch {
    return {};
  }
}
for (const [name, earlier] of [...Object.entries(ceilingsAt("HEAD")), ...Object.entries(ceilingsAt("HEAD^"))])
  if (ceilings[name] > earlier) {
    console.error(`${listed}: the ceiling of ${name} rose from ${earlier} to ${ceilings[name]}; it may only fall.`);
    process.exitCode = 1;
  }

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { withUsual } from "../../site/docs/usual.js";

/** A piece of code in a docstring or a page, which a reader would type in. */
export interface DocExample {
  /** Where it stands: `src/ops/views.ts:12`. */
  readonly place: string;
  readonly code: string;
}

/** True if code is for a user of the package; the example of an inner function is not. */
export const usesPackage = (code: string): boolean => /\bsg\.|from "seqgrad/.test(code);

/** The examples of every docstring under a folder that a user of the package can run. */
export function docstringExamples(folder: string): DocExample[] {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
  return files.sort().flatMap((name) => {
    const source = readFileSync(join(folder, name), "utf8");
    return Array.from(source.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm), ({ 1: lines, index }) => ({
      place: `${folder}/${name.replaceAll("\\", "/")}:${source.slice(0, index).split("\n").length}`,
      code: lines!.replace(/^ *\* ?/gm, ""),
    }))
      .filter(({ code }) => usesPackage(code))
      .map(({ place, code }) => ({ place, code: withUsual(code) }));
  });
}

const lines = (count: number, line: (i: number) => string): string => Array.from({ length: count }, (_, i) => `${line(i)}\n`).join("");
const cycle = (rows: readonly string[]) => (i: number) => rows[i % rows.length]!;

/** The small files that the pages read, by name. */
const files: Readonly<Record<string, string>> = {
  "reviews.tsv": lines(40, cycle(["good\ta fine film", "bad\ta dull film", "good\ta fine cast", "bad\ta dull cast"])),
  "names.conll": lines(40, cycle(["Sarah\tB-person\nsmiles\tO\n", "rain\tO\nfell\tO\n"])),
  "days.csv": `day,temperature\n${lines(120, (i) => `${new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10)},${20 + 5 * Math.sin(i)}`)}`,
  "pairs.tsv": lines(40, cycle(["we sing\tnous chantons", "we go\tnous allons", "I sing\tje chante", "I go\tje vais"])),
  "scenes.tsv": lines(40, cycle(["a dot above\t1 0; 0 0", "a dot below\t0 0; 1 0"])),
  "sounds.tsv": lines(40, cycle(["ab\t0 1; 0 1; 1 0", "ba\t1 0; 1 0; 0 1"])),
  "book.txt": "the cat sat on the mat. the dog sat on the log. ".repeat(40),
};

/** The JavaScript of a Markdown page, as one program: later blocks use what earlier ones define. */
export function pageExample(path: string): DocExample {
  const blocks = Array.from(readFileSync(path, "utf8").matchAll(/^```(?:js|ts)\n([\s\S]*?)^```/gm), ([, code]) => code!);
  return { place: path, code: blocks.join("\n") };
}

/**
 * A program that runs every example in turn and prints `[error or null, ...]` as its last line. In an example a line `EXPRESSION; // = VALUE`
 * is checked: a tensor against nested arrays, numbers to 4 digits.
 */
export function programOf(examples: readonly DocExample[]): string {
  const functions = examples.map(({ code }) => {
    const checked = code.replace(/^( *)(.+); \/\/ = (.+)$/gm, "$1check(await ($2), $3);");
    const imports = checked
      .replace(/^import \* as sg from "seqgrad";$/gm, "")
      .replace(/^import (\{.*\}) from (".*");$/gm, "const $1 = await import($2);");
    const javascript = ts.transpileModule(`(async () => {${imports}\n})`, {
      compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext },
    });
    return javascript.outputText.replace(/;\s*$/, "");
  });
  return `${prelude}\nconst examples = [${functions.join(",\n")}];\n${finish}`;
}

const prelude = `
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as sg from "seqgrad";
const folder = mkdtempSync(join(tmpdir(), "seqgrad-docs-"));
process.chdir(folder); // where examples may write
for (const [name, text] of Object.entries(${JSON.stringify(files)})) writeFileSync(name, text);
await sg.init();
console.log = () => {};
const write = process.stdout.write.bind(process.stdout);
process.stdout.write = () => true;

const nest = (data, shape) =>
  shape.length === 0 ? data[0] : Array.from({ length: shape[0] }, (_, i) => {
    const size = data.length / shape[0];
    return nest(data.slice(i * size, (i + 1) * size), shape.slice(1));
  });
const plain = (value) =>
  value instanceof sg.Tensor ? plain(nest(Array.from(value.dataSync()), value.shape))
  : ArrayBuffer.isView(value) || Array.isArray(value) ? Array.from(value, plain)
  : typeof value === "number" ? Number(value.toPrecision(4))
  : value;
const check = (got, expected) => assert.deepEqual(plain(got), plain(expected));
`;

const finish = `
const results = [];
for (const example of examples) {
  sg.manualSeed(0);
  results.push(await example().then(() => null, (error) => String(error.stack)));
}
process.chdir("/");
rmSync(folder, { recursive: true });
write(JSON.stringify(results));
`;

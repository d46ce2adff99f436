// Installs the packed package in an empty folder, as a user would, and runs the README's code and the command there.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { clean, restore } from "./packed.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const folder = mkdtempSync(join(tmpdir(), "seqgrad-smoke-"));
const run = (command, ...args) => execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

/** The packed package, without a build: this one is checked. */
function pack() {
  clean();
  try {
    return JSON.parse(execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", folder], { encoding: "utf8" }));
  } finally {
    restore();
  }
}

function check(condition, message) {
  if (condition) return;
  console.error(`smoke: ${message}`);
  process.exitCode = 1;
}

const first = "nn.LSTM === LSTM, await new LSTM(2, 3).forward(sg.zeros([1, 2, 2])).output.data().then(({ length }) => length)";
// Types must be whole without those of a page or of Node, whatever a program's compiler checks.
const compilerOptions = { strict: true, skipLibCheck: false, lib: ["es2022"], types: [], target: "es2022", module: "nodenext" };
const programs = {
  "types.mts": `import * as sg from "seqgrad";
    import { LSTM } from "seqgrad/nn";
    import { CharTokenizer } from "seqgrad/text";
    import { DataLoader } from "seqgrad/data";
    import { beamSearch } from "seqgrad/decode";
    export const same = [CharTokenizer === sg.text.CharTokenizer, DataLoader === sg.data.DataLoader, beamSearch === sg.decode.beamSearch];
    import type { Store } from "seqgrad/io";
    import { fileStore } from "seqgrad/node";
    declare const console: { log(...values: unknown[]): void };
    const { nn } = sg;
    const device: sg.Device = await sg.init({ device: "wasm" });
    export const store: Store = fileStore(device.type);
    console.log(${first});`,
  "typed.cts": `import sg = require("seqgrad");
    export const ready: Promise<sg.Device> = sg.init();`,
  "required.cjs": `const sg = require("seqgrad");
    const { LSTM } = require("seqgrad/nn");
    const { nn } = sg;
    sg.init({ device: "wasm" }).then(async () => console.log(${first}));`,
  "tag.cjs": `const { readFileSync } = require("node:fs");
    const sg = require("node:vm").runInThisContext(readFileSync("node_modules/seqgrad/dist/seqgrad.min.js", "utf8") + ";seqgrad");
    const { nn } = sg;
    const { LSTM } = nn;
    sg.init({ device: "wasm" }).then(async () => console.log(${first}));`,
  "tsconfig.json": JSON.stringify({ compilerOptions, files: ["types.mts", "typed.cts"] }),
};

try {
  const [{ filename, files, size }] = pack();
  const manifest = JSON.parse(readFileSync("package.json", "utf8"));
  const always = ["README.md", "LICENSE", "package.json"];
  const isListed = (path) => [...manifest.files, ...always].some((entry) => path === entry || path.startsWith(`${entry}/`));
  const strangers = files.filter(({ path }) => !isListed(path));
  check(strangers.length === 0, `the package holds ${strangers.map(({ path }) => path).join(", ")}`);
  const named = JSON.stringify([manifest.exports, manifest.bin, manifest.main, manifest.module, manifest.types, manifest.unpkg]);
  const pages = ["CHANGELOG.md", "docs/guide.md", "docs/hosts.md", "docs/benchmarks.md", "examples/gpt.mjs"];
  for (const path of [...always, ...pages, ...Array.from(named.matchAll(/"\.\/(dist\/[^"]+)"/g), ([, path]) => path)])
    check(path in Object.fromEntries(files.map((file) => [file.path, file])), `the package lacks ${path}`);

  run("npm", "init", "--yes");
  run("npm", "install", "--no-audit", "--no-fund", `./${filename}`);
  const published = JSON.parse(readFileSync(join(folder, "node_modules/seqgrad/package.json"), "utf8"));
  check(!published.scripts && !published.devDependencies, "the packed package.json has scripts or tools of this repository");
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8"));
  const installed = Object.keys(packages).filter(Boolean);
  check(installed.length === 1, `installing it brings ${installed.join(", ")}`);

  const blocks = Array.from(readFileSync("README.md", "utf8").matchAll(/^```js\n(.*?)^```$/gms), ([, code]) => code);
  writeFileSync(join(folder, "readme.mjs"), blocks.join("\n"));
  const output = run(process.execPath, "readme.mjs");
  process.stdout.write(output);
  check(output.includes("[ 'good', 'bad' ]"), "the README's classifier does not answer as the page says");

  for (const [name, code] of Object.entries(programs)) writeFileSync(join(folder, name), code);
  const typescript = fileURLToPath(new URL("../node_modules/typescript/bin/tsc", import.meta.url));
  run(process.execPath, typescript, "--project", ".");
  const answers = ["types.mjs", "required.cjs", "tag.cjs"].map((name) => run(process.execPath, name).trim());
  check(
    answers.every((answer) => answer === "true 6"),
    `the package as a module, by require() and in a script tag answers ${answers.join(", ")}`,
  );

  process.stdout.write(run("npx", "--no", "seqgrad", "doctor"));
  console.log(`smoke: ${files.length} files, ${(size / 1000).toFixed(0)} kB packed`);
} finally {
  rmSync(folder, { recursive: true });
}

// A program of CommonJS, which calls require().
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/host-tools.mjs";

/** The program with require() and without `import` and `export`. */
export const required = (folder) =>
  readFileSync(join(folder, "train.js"), "utf8")
    .replace(/^import (.*) from (.*);/, "const $1 = require($2);")
    .replaceAll("export ", "");

export async function answers(folder) {
  writeFileSync(join(folder, "program.cjs"), `${required(folder)}answer().then(console.log);`);
  return { "require()": await run(folder, process.execPath, "program.cjs") };
}

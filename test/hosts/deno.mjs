// Deno, which finds the package in node_modules.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, run } from "../../scripts/host-tools.mjs";

export const tools = { deno: "2.9.6" };

export async function answers(folder) {
  writeFileSync(join(folder, "program.js"), 'import { answer } from "./train.js";\nconsole.log(await answer());\n');
  return { "deno run": await run(folder, bin(folder, "deno"), "run", "program.js") };
}

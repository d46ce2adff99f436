// Bun: a program, and a page that it builds.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bin, run, titleOf, withFiles } from "../../scripts/host-tools.mjs";

export const tools = { bun: "1.4.5" };

export async function answers(folder) {
  writeFileSync(join(folder, "program.js"), 'import { answer } from "./train.js";\nconsole.log(await answer());\n');
  const bun = bin(folder, "bun");
  const program = await run(folder, bun, "run", "program.js");
  await run(folder, bun, "build", "page.js", "--outdir", "dist", "--splitting");
  cpSync(join(folder, "index.html"), join(folder, "dist/index.html"));
  return { "bun run": program, "bun build": await withFiles(join(folder, "dist"), titleOf) };
}

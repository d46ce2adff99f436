// Leaves what only this repository needs out of the package.json that npm packs: `node scripts/packed.mjs clean` before, `restore` after.
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const path = fileURLToPath(new URL("../package.json", import.meta.url));
const kept = fileURLToPath(new URL("../build/package.json", import.meta.url));

/** Writes package.json without scripts and tools, and keeps the whole one. */
export function clean() {
  if (existsSync(kept)) restore(); // a run that was killed left it
  const text = readFileSync(path, "utf8");
  const { scripts, devDependencies, ...published } = JSON.parse(text);
  writeFileSync(kept, text);
  writeFileSync(path, `${JSON.stringify(published, null, 2)}\n`);
}

/** Puts the whole package.json back. */
export const restore = () => renameSync(kept, path);

if (process.argv[1] === fileURLToPath(import.meta.url)) ({ clean, restore })[process.argv[2]]();

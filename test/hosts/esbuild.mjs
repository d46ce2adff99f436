// esbuild, with chunks and in one file.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { ownBin, run, titleOf, withFiles } from "../../scripts/host-tools.mjs";

const ways = { "in chunks": ["--format=esm", "--splitting"], "in one file": ["--format=iife"] };

export async function answers(folder) {
  const found = {};
  for (const [way, flags] of Object.entries(ways)) {
    const out = join(folder, way);
    await run(folder, ownBin("esbuild"), "page.js", "--bundle", "--minify", `--outdir=${out}`, ...flags);
    cpSync(join(folder, "index.html"), join(out, "index.html"));
    found[way] = await withFiles(out, titleOf);
  }
  return found;
}

// webpack with no configuration but the name of the page's program.
import { cpSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import webpack from "webpack";
import { titleOf, withFiles } from "../../scripts/host-tools.mjs";

export async function answers(folder) {
  const found = {};
  for (const mode of ["development", "production"]) {
    const path = join(folder, mode);
    const stats = await promisify(webpack)({
      mode,
      context: folder,
      entry: "./page.js",
      output: { path, filename: "page.js" },
      performance: false,
    });
    if (stats.hasErrors() || stats.hasWarnings()) throw new Error(stats.toString({ all: false, errors: true, warnings: true }));
    cpSync(join(folder, "index.html"), join(path, "index.html"));
    found[mode] = await withFiles(path, titleOf);
  }
  return found;
}

// Runs every page of examples/ and shows what it prints. A page ends with an error when what it claims does not hold.
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const pages = readdirSync("examples").filter((name) => name.endsWith(".mjs"));
const failed = [];
for (const page of pages) {
  console.log(`\n== examples/${page}\n`);
  const { status } = spawnSync(process.execPath, [`examples/${page}`], { stdio: "inherit" });
  if (status !== 0) failed.push(page);
}
console.log(`\n${pages.length - failed.length} of ${pages.length} examples hold${failed.length > 0 ? `; not ${failed.join(", ")}` : ""}`);
process.exitCode = Number(failed.length > 0);

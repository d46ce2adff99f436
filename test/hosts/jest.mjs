// Jest: a test that calls require(), as it is set up by default, and one that is a module.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/host-tools.mjs";
import { required } from "./commonjs.mjs";

export const tools = { jest: "30.5.2" };

const test = (file) => `test("trains", async () => writeFileSync("${file}.json", await answer()), 60000);\n`;

export async function answers(folder) {
  writeFileSync(join(folder, "required.test.cjs"), `const { writeFileSync } = require("node:fs");\n${required(folder)}${test("required")}`);
  const imports = 'import { writeFileSync } from "node:fs";\nimport { answer } from "./train.js";\n';
  writeFileSync(join(folder, "imported.test.mjs"), `${imports}${test("imported")}`);
  const jest = join(folder, "node_modules/jest/bin/jest.js");
  await run(folder, process.execPath, jest, "required");
  await run(folder, process.execPath, "--experimental-vm-modules", jest, "imported");
  const read = (name) => readFileSync(join(folder, `${name}.json`), "utf8");
  return { "require()": read("required"), "a module": read("imported") };
}

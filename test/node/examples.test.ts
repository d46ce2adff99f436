import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { full } from "../helpers/full.js";

const missing = existsSync("dist/index.js") ? "" : " (cannot run: there is no dist/; run `npm run build`)";
const pages = readdirSync("examples").filter((name) => name.endsWith(".mjs"));
/** Pages that train for a second or less. */
const short = ["bidirectional.mjs", "character-model.mjs", "gates.mjs", "gradients.mjs", "self-attention.mjs"];

describe.skipIf(missing)(`examples${missing}`, () => {
  // One process for all; started in the package's folder, pages import the package by its name.
  let runner: ChildProcess;
  let stderr = "";
  beforeAll(() => {
    runner = fork("test/helpers/example-runner.mjs", { silent: true, execArgv: [] });
    runner.stderr!.on("data", (chunk) => {
      stderr += chunk;
    });
  });
  afterAll(() => {
    runner.kill();
  });

  const run = (chosen: readonly string[]) =>
    it.each(chosen)("%s holds what it claims", async (page) => {
      runner.send(`examples/${page}`);
      const ended = once(runner, "exit").then(([status]) => [{ error: `the process ends with status ${status}\n${stderr}`, output: "" }]);
      const [{ error, output }] = await Promise.race([once(runner, "message"), ended]);
      expect(error, output).toBeNull();
      expect(output + stderr).not.toMatch(/NaN|undefined|Warning/);
    });
  run(pages.filter((page) => short.includes(page)));
  full(() => run(pages.filter((page) => !short.includes(page))));
});

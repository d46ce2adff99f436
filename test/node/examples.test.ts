import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";

const missing = existsSync("dist/index.js") ? "" : " (cannot run: there is no dist/; run `npm run build`)";
const pages = readdirSync("examples").filter((name) => name.endsWith(".mjs"));

/** Runs a page as a reader would, and answers its exit status and what it printed. */
function run(page: string): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [`examples/${page}`], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk;
      });
    }
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, output }));
  });
}

describe.skipIf(missing)(`examples${missing}`, () => {
  // Two at once, for they come last, when a core has nothing else to do.
  it.concurrent.each(pages)(
    "%s holds what it claims",
    async (page) => {
      const { status, output } = await run(page);
      expect(status, output).toBe(0);
      expect(output).not.toMatch(/NaN|undefined|Warning/);
    },
    300_000,
  );
});

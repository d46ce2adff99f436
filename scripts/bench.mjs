// Bundles a bench that is written against src/, and a page.ts beside it, for a page. Runs it with relaxed SIMD on Node 20, and on one core
// where the system allows and it is not to have `--all-cores`. `node scripts/bench.mjs [--all-cores] bench/bench.ts [ARGUMENTS]`
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";
import { install } from "../bench/peers/install.mjs";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const wantsAll = process.argv[2] === "--all-cores";
const [source, ...args] = process.argv.slice(wantsAll ? 3 : 2);
// Threads asked for by name need cores of their own.
const allCores = wantsAll || args.some((arg) => /\bthreads\b/.test(arg));
// The bench goes through all operations, also those that no code names, by their samples, which an annotation lets bundlers drop.
const shared = {
  config: false,
  treeshake: { annotations: false, moduleSideEffects: true },
  fixedExtension: false,
  dts: false,
  logLevel: "error",
};
await build({
  ...shared,
  ...{ entry: { bench: source }, outDir: "build/bench", platform: "node" },
  deps: { neverBundle: ["playwright", "webgpu"], onlyBundle: false },
});
const page = `${dirname(source)}/page.ts`;
if (existsSync(page)) {
  install();
  // What tfjs asks for in Node alone.
  const deps = { neverBundle: ["crypto", "node-fetch", "util"], onlyBundle: false };
  await build({ ...shared, entry: { page }, outDir: "build/bench/page", platform: "browser", deps });
}

const flags = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];
const command = [process.execPath, ...flags, "build/bench/bench.js", ...args];
const pin = ["taskset", "--cpu-list", "0"];
const pinned = !allCores && spawnSync(pin[0], [...pin.slice(1), "true"]).status === 0 ? [...pin, ...command] : command;
process.exitCode = spawnSync(pinned[0], pinned.slice(1), { stdio: "inherit" }).status ?? 1;

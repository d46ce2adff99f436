// Bundles a bench that is written against src/ and runs it on one core where the system allows, with relaxed SIMD on Node 20.
// `node scripts/bench.mjs bench/bench.ts [ARGUMENTS]`
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { build } from "tsdown";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const [source, ...args] = process.argv.slice(2);
await build({
  config: false,
  entry: { bench: source },
  outDir: "build/bench",
  platform: "node",
  fixedExtension: false,
  dts: false,
  logLevel: "warn",
});

const flags = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];
const command = [process.execPath, ...flags, "build/bench/bench.js", ...args];
const pin = ["taskset", "--cpu-list", "0"];
const pinned = spawnSync(pin[0], [...pin.slice(1), "true"]).status === 0 ? [...pin, ...command] : command;
process.exitCode = spawnSync(pinned[0], pinned.slice(1), { stdio: "inherit" }).status ?? 1;

import { existsSync } from "node:fs";
import { defineConfig } from "tsdown";

// `index` is free of Node; `node` and `cli` are not. One build makes all three, so that they share what has state: the default device.
const entries = { index: "src/index.ts", node: "src/node.ts", cli: "src/cli.ts" };
const entry = Object.fromEntries(Object.entries(entries).filter(([, path]) => existsSync(path)));
const { cli: _, ...typed } = entry;

const shared = {
  platform: "node",
  target: "es2022",
  fixedExtension: false,
  hash: false,
  logLevel: "warn",
  checks: { pluginTimings: false },
} as const;

export default defineConfig([
  {
    ...shared,
    entry,
    dts: false,
    copy: ["build/simd.wasm", "build/relaxed.wasm"],
    // The package has no dependencies: these, and what they need, become part of it.
    deps: { onlyBundle: false },
  },
  { ...shared, entry: typed, clean: false, dts: { emitDtsOnly: true } },
]);

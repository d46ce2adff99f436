import { defineConfig } from "vitest/config";

// Node 20 has relaxed SIMD behind a flag.
const execArgv = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];

export default defineConfig({
  test: {
    projects: [{ test: { name: "node", include: ["test/**/*.test.ts"], exclude: ["test/browser/**"], execArgv } }],
  },
});

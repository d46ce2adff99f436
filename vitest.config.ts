import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { findChromium, noChromium } from "./test/helpers/chromium.js";
import { WebGpuReporter } from "./test/helpers/webgpu-reporter.js";

// Node 20 has relaxed SIMD behind a flag.
const execArgv = process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : [];
// A test fails for what it finds, not for a slow machine.
const testTimeout = 120_000;
const needsNode = ["test/node/**", "test/cli/**", "test/browser-page/**", "test/webgpu/**"];

const projects: TestProjectConfiguration[] = [
  { test: { name: "node", include: ["test/**/*.test.ts"], execArgv, testTimeout, maxConcurrency: 2 } },
];

const launchOptions = findChromium();
if (launchOptions) {
  projects.push({
    optimizeDeps: { include: ["fast-check", "wasm-feature-detect", "@huggingface/tokenizers", "papaparse"] },
    test: {
      name: "browser",
      include: ["test/**/*.test.ts"],
      exclude: needsNode,
      testTimeout,
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions }),
        instances: [{ browser: "chromium" }],
      },
    },
  });
} else if (process.env.SEQGRAD_BROWSER === "required") {
  throw new Error(noChromium);
} else {
  process.stderr.write(`The browser project is left out: ${noChromium}.\n`);
}

export default defineConfig({ test: { projects, reporters: ["default", new WebGpuReporter()] } });

import { existsSync, readdirSync, readFileSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { playwright } from "@vitest/browser-playwright";
import { defineConfig, type TestProjectConfiguration } from "vitest/config";
import { findChromium, noChromium } from "./test/helpers/chromium.js";
import { inPart, type Part, partOf } from "./test/helpers/part.js";
import { WebGpuReporter } from "./test/helpers/webgpu-reporter.js";

/**
 * The devices of a run: all; or of WebAssembly alone, those of relaxed SIMD with wide kernels in their place, or those of SIMD with two
 * threads, which share every call.
 */
type Kernels = "all" | "wide" | "threads";

declare module "vitest" {
  interface ProvidedContext {
    part: Part;
    /** Files of which a part takes some tests, chosen among all or among those that only the full suite has. Other files run whole. */
    divided: Record<string, "all" | "full">;
    kernels: Kernels;
  }
}

const part = partOf(process.env.SEQGRAD_TESTS);
const kernels = process.env.SEQGRAD_KERNELS === "wide" || process.env.SEQGRAD_KERNELS === "threads" ? process.env.SEQGRAD_KERNELS : "all";
const isPart = part !== "quick" && part !== "full";
if (isPart) process.stderr.write(`Part ${part} of the tests that the full suite has and the quick one has not\n`);

/** Of scripts/mutate.mjs: how the paths of the tests begin that may find its faults. They run in Node, in threads for StrykerJS. */
const mutating = process.env.SEQGRAD_MUTATE?.split(",");

const files = readdirSync("test", { recursive: true, encoding: "utf8" })
  .map((name) => `test/${name.replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".test.ts") && (!mutating || mutating.some((start) => name.startsWith(start))))
  .sort();
/** Files with tests that only the full suite has. */
const mixed = files.filter((name) => /\b(full|thinly)\(|\bfixtureDevices\b|"full /.test(readFileSync(name, "utf8")));

/** Files that need Node; all others run in Chromium too. */
const needsNode = /^test\/(node|cli|browser-page|webgpu|export|site)\//;
/** Of these the quick suite runs in Chromium what may differ there. */
const quickInChromium = /^test\/(backend|io)\/|^test\/(ops\/conformance|tensor\/tensor|train\/curves|nn\/state-dict)\.test/;

const divided = (how: (name: string) => "all" | "full") => Object.fromEntries(mixed.map((name) => [resolve(name), how(name)]));

/** Temporary folders lie in memory, where it can be had: what is trained there is written through to the disk after every epoch. */
function temporary(): string {
  const memory = "/dev/shm";
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 2 ** 30 ? memory : tmpdir();
}

const shared = {
  // A file shares modules, devices and their pipelines with those before it in its worker; setup.ts puts back what it may leave.
  isolate: false,
  setupFiles: ["test/helpers/setup.ts"],
  restoreMocks: true,
  unstubEnvs: true,
  unstubGlobals: true,
  // A test fails for what it finds, not for a slow machine.
  testTimeout: 300_000,
  hookTimeout: 300_000,
};

/** Node 20 has relaxed SIMD behind a flag; and under the second pair V8 fuses pairs of 128-bit operations, in all calls from the first on. */
const flags = [
  ...(!process.env.SEQGRAD_STRYKER && process.versions.node.startsWith("20.") ? ["--experimental-wasm-relaxed-simd"] : []),
  ...(kernels === "wide" ? ["--experimental-wasm-revectorize", "--no-liftoff"] : []),
];

const projects: TestProjectConfiguration[] = [
  {
    test: {
      ...shared,
      name: "node",
      provide: { part, kernels, divided: divided(() => "full") },
      include: isPart ? mixed : files,
      env: { TMPDIR: temporary() },
      execArgv: flags,
    },
  },
];

const launchOptions = mutating ? undefined : findChromium();
if (launchOptions) {
  const inChromium = files.filter((name) => !needsNode.test(name));
  const chosen = (name: string) => quickInChromium.test(name) !== isPart && (!isPart || inPart(name, part));
  projects.push({
    optimizeDeps: { include: ["fast-check", "wasm-feature-detect", "@huggingface/tokenizers", "papaparse", "idb", "fflate"] },
    test: {
      ...shared,
      name: "browser",
      // A page has addresses for some hundred memories of WebAssembly, and the whole suite makes more of them than it frees in time.
      isolate: part === "full",
      provide: { part, kernels, divided: divided((name) => (quickInChromium.test(name) ? "full" : "all")) },
      include: part === "full" ? inChromium : inChromium.filter((name) => chosen(name) || (isPart && mixed.includes(name))),
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
} else if (!mutating) {
  process.stderr.write(`The browser project is left out: ${noChromium}.\n`);
}

export default defineConfig({ test: { projects, maxWorkers: 2, reporters: ["default", new WebGpuReporter()] } });

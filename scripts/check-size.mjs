// Holds the core to its size, minified and gzipped: what a page loads for src/index.ts, and the relaxed kernels.
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "tsdown";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const limit = 60_000;

const [{ chunks }] = await build({
  config: false,
  entry: { core: "src/index.ts" },
  platform: "browser",
  target: "es2022",
  minify: true,
  hash: false,
  dts: false,
  write: false,
  clean: false,
  logLevel: "warn",
});

const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]));
const loaded = new Set(["core.js", "relaxed.js"]);
for (const name of loaded) for (const next of byName.get(name).imports) loaded.add(next);

const sizes = [...loaded].map((name) => ({ name, size: gzipSync(byName.get(name).code, { level: 9 }).length }));
const total = sizes.reduce((sum, { size }) => sum + size, 0);
const kB = (bytes) => (bytes / 1000).toFixed(1);
console.log(`core: ${kB(total)} kB gzip of ${kB(limit)} kB (${sizes.map(({ name, size }) => `${name} ${kB(size)}`).join(", ")})`);
if (total > limit) process.exitCode = 1;

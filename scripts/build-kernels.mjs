// Compiles assembly/index.ts twice, as the variants `simd` and `relaxed`, into build/ and into the TypeScript modules that the
// package imports lazily: base64 of gzip, which a server's own gzip then shrinks to a third less than base64 of the bare bytes.
// `node scripts/build-kernels.mjs --text` writes .wat files beside them.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const generated = "src/backend/wasm/generated";
await Promise.all([mkdir("build", { recursive: true }), mkdir(generated, { recursive: true })]);

const variants = { simd: ["--enable", "simd"], relaxed: ["--enable", "simd,relaxed-simd"] };
for (const [variant, features] of Object.entries(variants)) {
  const binary = `build/${variant}.wasm`;
  const text = process.argv.includes("--text") ? ["--textFile", `build/${variant}.wat`] : [];
  const { error, stderr } = await asc.main(["assembly/index.ts", "--config", "asconfig.json", "--outFile", binary, ...features, ...text]);
  if (error) {
    process.stderr.write(stderr.toString());
    process.exit(1);
  }
  const bytes = await readFile(binary);
  await writeFile(`${generated}/${variant}.ts`, `export default "${gzipSync(bytes, { level: 9 }).toString("base64")}";\n`);
  process.stderr.write(`${binary} ${bytes.length} bytes\n`);
}

// Compiles assembly/index.ts twice, as the variants `simd` and `relaxed`, into build/ and into the TypeScript modules
// (base64) that the package imports lazily. `node scripts/build-kernels.mjs --text` writes .wat files beside them.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
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
  await writeFile(`${generated}/${variant}.ts`, `export default "${bytes.toString("base64")}";\n`);
  process.stderr.write(`${binary} ${bytes.length} bytes\n`);
}

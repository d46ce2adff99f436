// Compiles assembly/index.ts twice, as the variants `simd` and `relaxed`, into build/ and into the TypeScript modules that the
// package imports lazily: base64 of gzip, which a server's own gzip then shrinks to a third less than base64 of the bare bytes;
// by Zopfli, which packs a twentieth closer than zlib.
// `node scripts/build-kernels.mjs --text` writes .wat files beside them; `--bench` compiles assembly/bench/index.ts instead, for the bench.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import zopfli from "@gfx/zopfli";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("..", import.meta.url)));
const generated = "src/backend/wasm/generated";
await Promise.all([mkdir("build", { recursive: true }), mkdir(generated, { recursive: true })]);

const bench = process.argv.includes("--bench");
const source = bench ? "assembly/bench/index.ts" : "assembly/index.ts";
const variants = { simd: ["--enable", "simd"], relaxed: ["--enable", "simd,relaxed-simd"] };
for (const [variant, features] of Object.entries(variants)) {
  const name = bench ? `bench-${variant}` : variant;
  const binary = `build/${name}.wasm`;
  const text = process.argv.includes("--text") ? ["--textFile", `build/${name}.wat`] : [];
  const { error, stderr } = await asc.main([source, "--config", "asconfig.json", "--outFile", binary, ...features, ...text]);
  if (error) {
    process.stderr.write(stderr.toString());
    process.exit(1);
  }
  const bytes = await readFile(binary);
  if (!bench) {
    const packed = await zopfli.gzipAsync(bytes, { numiterations: 5 });
    await writeFile(`${generated}/${variant}.ts`, `export default "${Buffer.from(packed).toString("base64")}";\n`);
  }
  process.stderr.write(`${binary} ${bytes.length} bytes\n`);
}

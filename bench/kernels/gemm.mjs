// GFLOP/s of the matrix product, and its share of what multiply-adds without any load reach in the same run.
// `node bench/kernels/gemm.mjs [simd | relaxed]`; relaxed needs Node 22, or 20 with --experimental-wasm-relaxed-simd.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const variant = process.argv[2] ?? "relaxed";
const folder = await mkdtemp(join(tmpdir(), "gemm-"));
const outFile = join(folder, "bench.wasm");
const features = variant === "relaxed" ? "simd,relaxed-simd" : "simd";
const { error, stderr } = await asc.main([
  "assembly/bench/gemm.ts",
  "--config",
  "asconfig.json",
  "--enable",
  features,
  "--outFile",
  outFile,
]);
if (error) throw new Error(stderr.toString());
const memory = new WebAssembly.Memory({ initial: 1024 });
const { instance } = await WebAssembly.instantiate(await readFile(outFile), { env: { memory } });
const { registerOnly, gemm, gemmPacked, packB } = instance.exports;
await rm(folder, { recursive: true });
new Float32Array(memory.buffer).forEach((_, i, x) => {
  x[i] = Math.sin(i);
});

const shapes = [
  { m: 256, n: 256, k: 256 },
  { m: 512, n: 512, k: 512 },
  { m: 1024, n: 1024, k: 1024 },
  { m: 256, n: 256, k: 256, transB: 1 },
  { m: 1024, n: 1024, k: 1024, transB: 1 },
  { m: 1024, n: 320, k: 2048, transA: 1 },
  { m: 64, n: 64, k: 32, transB: 1, batch: 16 },
  { m: 8, n: 512, k: 128, transB: 1 },
  { m: 8, n: 512, k: 128, packed: true },
  { m: 32, n: 1024, k: 256, packed: true },
  { m: 3, n: 1024, k: 256, packed: true },
  { m: 2, n: 1024, k: 256, packed: true },
  { m: 1, n: 1024, k: 256, packed: true },
  { m: 1, n: 256, k: 64, packed: true },
];

/** A function that computes one shape, and its floating-point operations. */
function work({ m, n, k, transA = 0, transB = 0, batch = 1, packed = false }) {
  const a = 65536;
  const b = a + 4 * batch * m * k;
  const y = b + 4 * batch * k * n;
  const workspace = Math.ceil((y + 4 * batch * m * n) / 64) * 64;
  const flops = 2 * batch * m * n * k;
  if (packed) {
    packB(b, n, 0, k, n, workspace);
    return { flops, call: () => gemmPacked(a, k, workspace, m, n, k, y, n, 0) };
  }
  const strides = [transA ? m : k, transB ? k : n, n, m * k, k * n, m * n];
  return { flops, call: () => gemm(a, b, 0, y, workspace, batch, m, n, k, transA, transB, ...strides, 0, 0, batch * m, 1, 0) };
}

const steps = 40_000;
const limit = { flops: steps * 12 * 8, call: () => registerOnly(steps, 0.6, 0.6) };
const all = [limit, ...shapes.map(work)].map((w) => ({ ...w, calls: Math.ceil(4e7 / w.flops), best: Number.POSITIVE_INFINITY }));
for (const { call, flops } of all) for (let i = 0; i < Math.max(200, 2e8 / flops) && i * flops < 2e10; i++) call();
// Interleaved rounds, and the fastest of each: what shares the machine only adds time.
for (let round = 0; round < 30; round++) {
  for (const w of all) {
    const begin = performance.now();
    for (let i = 0; i < w.calls; i++) w.call();
    w.best = Math.min(w.best, (performance.now() - begin) / w.calls);
  }
}

const rate = (w) => w.flops / w.best / 1e6;
console.log(`Node ${process.versions.node}, ${variant}: registers only ${rate(all[0]).toFixed(1)} GFLOP/s`);
shapes.forEach((s, i) => {
  const kind = s.packed ? "gemmPacked" : `gemm ${s.transA ? "T" : "N"}${s.transB ? "T" : "N"}`;
  const name = `${s.batch ? `${s.batch} x ` : ""}[${s.m} x ${s.k}] [${s.k} x ${s.n}]`;
  const share = (100 * rate(all[i + 1])) / rate(all[0]);
  console.log(
    `${kind.padEnd(11)} ${name.padEnd(30)} ${rate(all[i + 1])
      .toFixed(1)
      .padStart(6)} GFLOP/s ${share.toFixed(0).padStart(4)} %`,
  );
});

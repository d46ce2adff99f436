// Milliseconds and GFLOP/s of one whole-sequence LSTM: forward, backward, weight gradient.
// `node bench/kernels/recurrent.mjs [variant] [seconds a size]`, after `node scripts/build-kernels.mjs`.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const [variant = "relaxed", seconds = "2"] = process.argv.slice(2);
const sizes = [
  { I: 64, H: 256, B: 32, T: 64 },
  { I: 64, H: 128, B: 8, T: 32 },
  { I: 32, H: 64, B: 1, T: 32 },
];

const file = fileURLToPath(new URL(`../../build/${variant}.wasm`, import.meta.url));
const memory = new WebAssembly.Memory({ initial: 2048 });
const { instance } = await WebAssembly.instantiate(await readFile(file), { env: { memory } });
const { lstmForward, lstmBackward, recurrentGradient } = instance.exports;

for (const { I, H, B, T } of sizes) {
  const G = 4 * H;
  let end = 65536;
  const floats = (n, scale = 0) => {
    const address = end;
    end = (end + 4 * n + 63) & ~63;
    const random = Float32Array.from({ length: scale ? n : 0 }, () => (Math.random() * 2 - 1) * scale);
    new Float32Array(memory.buffer, address, n).set(random);
    return address;
  };
  const scale = 1 / Math.sqrt(H);
  const [x, wIh, wHh, bIh, bHh] = [floats(B * T * I, 1), floats(G * I, scale), floats(G * H, scale), floats(G, scale), floats(G, scale)];
  const [y, hN, cN, gates, cells] = [floats(B * T * H), floats(B * H), floats(B * H), floats(T * B * G), floats(T * B * H)];
  const [dy, dx] = [floats(B * T * H, 1), floats(B * T * I)];
  const [dwIh, dwHh, dbIh, dbHh] = [floats(G * I), floats(G * H), floats(G), floats(G)];
  const workspace = floats(0);

  const passes = {
    forward: () => lstmForward(x, wIh, wHh, bIh, bHh, 0, 0, 0, 0, y, hN, cN, gates, cells, 0, workspace, B, T, I, H, H, 0, 0, B),
    backward: () => lstmBackward(wIh, wHh, 0, 0, 0, cells, dy, 0, 0, gates, dx, 0, 0, 0, workspace, B, T, I, H, H, 0, 0, B),
    gradient: () => recurrentGradient(gates, x, y, 0, 0, dwIh, dwHh, dbIh, dbHh, workspace, B, T, I, H, G, G, 0, 0, 0, G),
  };
  const times = Object.fromEntries(Object.keys(passes).map((name) => [name, []]));
  for (const until = performance.now() + 1000 * Number(seconds); performance.now() < until; ) {
    for (const [name, pass] of Object.entries(passes)) {
      const start = performance.now();
      pass();
      times[name].push(performance.now() - start);
    }
  }
  const flops = 2 * T * B * G * (I + H);
  const report = (name, ms, count) => {
    const rate = (count * flops) / ms / 1e6;
    console.log(`  ${name.padEnd(9)}${ms.toFixed(3).padStart(9)} ms ${rate.toFixed(1).padStart(6)} GFLOP/s`);
  };
  console.log(`LSTM I ${I} H ${H} B ${B} T ${T}, lower quartile of ${times.forward.length} runs`);
  let total = 0;
  for (const [name, all] of Object.entries(times)) {
    const quartile = all.sort((a, b) => a - b)[all.length >> 2];
    total += quartile;
    report(name, quartile, 1);
  }
  report("all", total, 3);
}

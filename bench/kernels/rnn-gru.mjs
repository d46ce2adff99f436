// Milliseconds and GFLOP/s of one whole-sequence RNN and GRU (both forms): forward and backward.
// `node bench/kernels/rnn-gru.mjs [variant] [seconds a kernel]`, after `node scripts/build-kernels.mjs`.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";

const [variant = "relaxed", seconds = "1"] = process.argv.slice(2);
const sizes = [
  { I: 64, H: 256, B: 32, T: 64 },
  { I: 64, H: 128, B: 8, T: 32 },
  { I: 32, H: 64, B: 1, T: 32 },
];

const file = fileURLToPath(new URL(`../../build/${variant}.wasm`, import.meta.url));
const memory = new WebAssembly.Memory({ initial: 2048 });
const { instance } = await WebAssembly.instantiate(await readFile(file), { env: { memory } });
const { rnnForward, rnnBackward, gruForward, gruBackward } = instance.exports;

/** Lower quartile of a pass's milliseconds; `prepare` runs before each, untimed. */
function measure(prepare, pass) {
  const times = [];
  for (const until = performance.now() + 1000 * Number(seconds); performance.now() < until; ) {
    prepare();
    const start = performance.now();
    pass();
    times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[times.length >> 2];
}

for (const { I, H, B, T } of sizes) {
  let end = 65536;
  const floats = (n, scale = 0) => {
    const address = end;
    end = (end + 4 * n + 63) & ~63;
    const random = Float32Array.from({ length: scale ? n : 0 }, () => (Math.random() * 2 - 1) * scale);
    new Float32Array(memory.buffer, address, random.length).set(random);
    return address;
  };
  const scale = 1 / Math.sqrt(H);
  const [x, wIh, wHh, bIh, bHh] = [B * T * I, 3 * H * I, 3 * H * H, 3 * H, 3 * H].map((n) => floats(n, scale));
  const [y, hN, gates, saved, dx] = [B * T * H, B * H, T * B * 4 * H, T * B * 4 * H, B * T * I].map((n) => floats(n));
  const dy = floats(B * T * H, scale);
  const workspace = floats(0);
  const restore = () => new Float32Array(memory.buffer).copyWithin(gates / 4, saved / 4, saved / 4 + T * B * 4 * H);

  console.log(`I ${I} H ${H} B ${B} T ${T}, lower quartiles`);
  const report = (name, gatesOfCell, ms) => {
    const rate = (2 * T * B * gatesOfCell * H * (I + H)) / ms / 1e6;
    console.log(`  ${name.padEnd(26)}${ms.toFixed(3).padStart(9)} ms ${rate.toFixed(1).padStart(6)} GFLOP/s`);
  };
  const nothing = () => {};
  const forwardRnn = () => rnnForward(x, wIh, wHh, bIh, bHh, 0, 0, y, hN, workspace, B, T, I, H, 0, 0, 0, B);
  const backwardRnn = () => rnnBackward(wIh, wHh, 0, y, dy, 0, gates, dx, 0, 0, workspace, B, T, I, H, 0, 0, 0, B);
  report("rnn forward", 1, measure(nothing, forwardRnn));
  report("rnn backward", 1, measure(nothing, backwardRnn));
  for (const resetBefore of [0, 1]) {
    const forward = () => gruForward(x, wIh, wHh, bIh, bHh, 0, 0, y, hN, gates, workspace, B, T, I, H, 0, resetBefore, 0, B);
    const backward = () => gruBackward(wIh, wHh, 0, 0, y, dy, 0, gates, dx, 0, 0, workspace, B, T, I, H, 0, resetBefore, 0, B);
    const name = `gru, reset ${resetBefore ? "before" : "after"}`;
    report(`${name}, forward`, 3, measure(nothing, forward));
    new Float32Array(memory.buffer).copyWithin(saved / 4, gates / 4, gates / 4 + T * B * 4 * H);
    report(`${name}, backward`, 3, measure(restore, backward));
  }
}

import { expect, test } from "vitest";
import { forEachDevice } from "../helpers/devices.js";
import { assembled, runKernel } from "../helpers/kernel.js";
import { expectClose } from "../helpers/numbers.js";

/** In words, of four bytes. */
const KiB = 256;
const sizes = [1, 64 * KiB, 256 * KiB, 256 * KiB + 1, 512 * KiB];
const contiguous = (n: number) => ({ d0: 1, d1: 1, d2: 1, d3: n, xs0: 0, xs1: 0, xs2: 0, xs3: 1, ys0: 0, ys1: 0, ys2: 0, ys3: 1 });

await forEachDevice(["webgpu"], "calls and writes take effect in their order:", ({ backend: gpu }) => {
  // Small writes go with the calls that are queued, large ones by themselves.
  test.each(sizes)("%i words over what a call fills", async (n) => {
    const y = gpu.alloc(n * 4);
    gpu.dispatch("fill", { y, n, value: 3 });
    gpu.write(y, new Float32Array(n).fill(5));
    const data = await gpu.read(y, n, "float32");
    expect(data.findIndex((value) => value !== 5)).toBe(-1);
    gpu.free(y);
  });

  test.each(sizes)("%i words over what a call reads", async (n) => {
    const [x, y] = [gpu.alloc(n * 4), gpu.alloc(n * 4)];
    gpu.write(x, new Float32Array(n).fill(3));
    gpu.dispatch("copyStrided", { x, y, ...contiguous(n) });
    gpu.write(x, new Float32Array(n).fill(5));
    gpu.dispatch("fill", { y: x, n: 1, value: 7 });
    const [copied, written] = [await gpu.read(y, n, "float32"), await gpu.read(x, n, "float32")];
    expect(copied.findIndex((value) => value !== 3)).toBe(-1);
    expect(written[0]).toBe(7);
    expect(written.findIndex((value, i) => i > 0 && value !== 5)).toBe(-1);
    gpu.free(x);
    gpu.free(y);
  });
});

await forEachDevice(["webgpu", "webgpu as in hardware"], "attention of one query whose keys are hidden", ({ backend: gpu }) => {
  // Each 256 keys are a part of their own in the form for hardware.
  const [S, E] = [600, 3];
  test.each([
    ["the first part", 0, 256],
    ["the middle part", 256, 512],
    ["the last part", 512, S],
    ["all parts", 0, S],
    ["none", 0, 0],
  ])("%s", async (_, from, to) => {
    const ones = (n: number) => new Float32Array(n).fill(1);
    const strides = {
      qB: 1,
      qN: 1,
      qT: 1,
      kB: S,
      kN: S,
      kS: 1,
      vB: S * E,
      vN: S * E,
      vS: E,
      yB: E,
      yN: E,
      yT: E,
      bB: 0,
      bN: 0,
      bT: 0,
      bS: 1,
    };
    const dims = { B: 1, N: 1, K: 1, T: 1, S, D: 1, E, causal: 0, offset: 0, ...strides, key0: 0, key1: 0, counter0: 0, counter1: 0 };
    const call = {
      ...{ ...dims, begin: 0, end: 1, scale: 1, p: 0, growth: 1, q: ones(1), k: ones(S) },
      v: Float32Array.from({ length: S * E }, (__, i) => Math.floor(i / E) / 100),
      bias: Float32Array.from({ length: S }, (__, s) => (s >= from && s < to ? Number.NEGATIVE_INFINITY : 0)),
      ...{ y: ones(E), largest: ones(1), total: ones(1) },
    };
    const { y, largest, total } = await runKernel(gpu, "attentionForward", assembled(call));
    const seen = Array.from({ length: S }, (__, s) => s).filter((s) => s < from || s >= to);
    const mean = seen.length > 0 ? seen.reduce((sum, s) => sum + s / 100, 0) / seen.length : 0;
    expectClose(y!, [mean, mean, mean], 1e-5);
    expectClose(total!, [seen.length], 1e-6);
    expectClose(largest!, [seen.length > 0 ? 1 : Number.POSITIVE_INFINITY], 1e-6);
  });
});

import { expect, test } from "vitest";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

const lengths = [1, 2, 3, 4, 5, 63, 256, 1001];
const keys = { key0: 0x1234567, key1: -5 };
/** Where the sum of counter and block number carries, and where not. */
const counters = [
  { counter0: 0, counter1: 0 },
  { counter0: -3, counter1: 7 },
  { counter0: -3, counter1: -1 },
];

await forEachDevice(["webgpu"], "random kernels", ({ backend: gpu }) => {
  test("philox gives the same words", async () => {
    for (const n of lengths) {
      for (const counter of counters) {
        const call = { y: new Int32Array(n), n, ...keys, ...counter, counter2: -1, counter3: 5 };
        expect(await runKernel(gpu, "philox", call)).toEqual(await runKernel(wasm, "philox", call));
      }
    }
  });

  test("randomUniform gives the same numbers", async () => {
    const ends = [
      [0, 1],
      [-0.3, 0.7],
      [-1, 0],
      [1, 1.0000001],
      [5, 5],
      [2, -1],
      [-4, -3.9999998],
      [0.1, 1e7],
    ] as const;
    for (const n of lengths) {
      for (const counter of counters) {
        for (const [low, high] of ends) {
          const call = { y: new Float32Array(n), n, ...keys, ...counter, low, high };
          const [actual, expected] = [await runKernel(gpu, "randomUniform", call), await runKernel(wasm, "randomUniform", call)];
          expect(actual, `${low} to ${high}`).toEqual(expected);
        }
      }
    }
  });

  test("randomNormal gives the same numbers up to rounding", async () => {
    for (const n of [...lengths, 100_000]) {
      for (const counter of counters) {
        const call = { y: new Float32Array(n), n, ...keys, ...counter, mean: 0.5, std: 1.5 };
        const [actual, expected] = [await runKernel(gpu, "randomNormal", call), await runKernel(wasm, "randomNormal", call)];
        expectClose(actual.y!, expected.y!, 2e-7);
      }
    }
  });

  test("dropout keeps the same elements", async () => {
    for (const n of lengths) {
      for (const p of [0, 0.3, 0.9, 1]) {
        const x = uniform(n, 1, 2, 3);
        if (p === 1) x[0] = Number.NaN;
        const call = { x, y: new Float32Array(n), n, ...keys, counter0: -3, counter1: 7, p, growth: p < 1 ? 1 / (1 - p) : 0 };
        const [{ y: actual }, { y: expected }] = [await runKernel(gpu, "dropout", call), await runKernel(wasm, "dropout", call)];
        expectClose(actual!, expected!, 2e-7);
        expect(Array.from(actual!, (v) => v === 0)).toEqual(Array.from(expected!, (v) => v === 0));
        expect(await runKernel(gpu, "dropout", { ...call, y: x })).toEqual({ y: actual });
      }
    }
  });
});

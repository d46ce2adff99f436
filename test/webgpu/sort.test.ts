import { expect, test } from "vitest";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

await forEachDevice(["webgpu"], "argsort is as on WebAssembly", ({ backend: gpu }) => {
  test.each([1, 2, 3, 5, 64, 65, 1000])("of rows of %i", async (n) => {
    const rows = 3;
    const rounded = uniform(rows * n, -4, 4, n).map((v) => Math.round(v));
    const x = Float32Array.from(rounded, (v, i) => [Number.NaN, -0, -Infinity][i % 17] ?? v);
    for (const descending of [0, 1]) {
      for (const integer of [0, 1]) {
        const data = integer ? Int32Array.from(rounded) : x;
        const call = { x: data, index: new Int32Array(rows * n), rows, n, integer, descending };
        expect((await runKernel(gpu, "argsort", call)).index).toEqual((await runKernel(wasm, "argsort", call)).index);
      }
    }
  });
});

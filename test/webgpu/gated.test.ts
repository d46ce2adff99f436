import { test } from "vitest";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

await forEachDevice(["webgpu"], "rotary embedding and the gated unit equal those of WebAssembly", ({ backend: gpu }) => {
  test.each([
    [1, 1],
    [3, 7],
    [9, 64],
  ] as const)("swiglu of [%i, 2 x %i]", async (rows, cols) => {
    const n = rows * cols;
    const [x, sizes] = [normals(2 * n, 1, 0, 4), { rows, cols }];
    const forward = { x, y: new Float32Array(n), ...sizes };
    expectClose((await runKernel(gpu, "swigluForward", forward)).y!, (await runKernel(wasm, "swigluForward", forward)).y!, 1e-6, "y");
    const backward = { x, dy: normals(n, 2), dx: new Float32Array(2 * n), ...sizes };
    expectClose(
      (await runKernel(gpu, "swigluBackward", backward)).dx!,
      (await runKernel(wasm, "swigluBackward", backward)).dx!,
      1e-6,
      "dx",
    );
  });

  test.each([
    [1, 1, 2, 1, 2],
    [2, 3, 33, 3, 10],
    [2, 5, 64, 2, 16],
  ] as const)("rotary of [%i, %i, %i], %i heads of %i", async (B, T, cols, heads, D) => {
    for (const interleaved of [0, 1]) {
      for (const inverse of [0, 1]) {
        const n = B * T * cols;
        const call = { x: normals(n, 1), table: normals(T * D, 2), y: new Float32Array(n), B, T, cols, heads, D, interleaved, inverse };
        expectClose((await runKernel(gpu, "rotary", call)).y!, (await runKernel(wasm, "rotary", call)).y!, 1e-6, "y");
      }
    }
  });
});

import { expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

const sizes = [
  [1, 1, true],
  [3, 7, false],
  [65, 66, true],
  [1100, 5, true],
  [5, 200, true],
] as const;

function suite({ backend: gpu }: Device): void {
  test.each(sizes)("layer normalization of [%i, %i], with parameters: %s", async (rows, cols, affine) => {
    const n = rows * cols;
    const x = normals(n, 1, 5, 2);
    const parameters = { ...(affine && { gamma: normals(cols, 2, 1, 0.1), beta: normals(cols, 3) }), rows, cols };
    const results = { y: new Float32Array(n), mean: new Float32Array(2 * rows), rstd: new Float32Array(rows) };
    const forward = (on: Backend) => runKernel(on, "layerNormForward", { x, ...parameters, ...results, begin: 0, end: rows, eps: 1e-5 });
    const [actual, expected] = [await forward(gpu), await forward(wasm)];
    for (const [name, data] of Object.entries(expected)) expectClose(actual[name]!, data, 5e-6, name);

    const { gamma } = parameters as { gamma?: Float32Array };
    const sums = affine ? { dGamma: normals(cols, 4), dBeta: normals(cols, 5) } : {};
    for (const results of [{ dx: new Float32Array(n), ...sums }, { dx: new Float32Array(n) }, ...(affine ? [sums] : [])]) {
      const backward = (on: Backend) =>
        runKernel(on, "layerNormBackward", {
          ...{ x, ...(gamma && { gamma }), mean: expected.mean!, rstd: expected.rstd!, dy: normals(n, 6) },
          ...{ ...results, rows, cols },
        });
      const [dActual, dExpected] = [await backward(gpu), await backward(wasm)];
      for (const [name, data] of Object.entries(dExpected)) expectClose(dActual[name]!, data, 5e-6, name);
    }
  });

  test.each(sizes)("root mean square normalization of [%i, %i], with gamma: %s", async (rows, cols, affine) => {
    const n = rows * cols;
    const saved = { x: normals(n, 1, 0.5, 2), ...(affine && { gamma: normals(cols, 2, 1, 0.1) }), rows, cols };
    const results = { y: new Float32Array(n), rstd: new Float32Array(rows) };
    const forward = (on: Backend) => runKernel(on, "rmsNormForward", { ...saved, ...results, eps: 1e-5 });
    const [actual, expected] = [await forward(gpu), await forward(wasm)];
    for (const [name, data] of Object.entries(expected)) expectClose(actual[name]!, data, 5e-6, name);

    const sums = affine ? { dGamma: normals(cols, 4) } : {};
    const backward = (on: Backend) =>
      runKernel(on, "rmsNormBackward", { ...saved, rstd: expected.rstd!, dy: normals(n, 6), dx: new Float32Array(n), ...sums });
    const [dActual, dExpected] = [await backward(gpu), await backward(wasm)];
    for (const [name, data] of Object.entries(dExpected)) expectClose(dActual[name]!, data, 5e-6, name);
  });

  test.each([
    [2, 1, true, 1],
    [7, 3, false, 1],
    [66, 65, true, 1],
    [1100, 5, true, 1],
    [5, 20, true, 0],
    [5, 20, false, 0],
  ] as const)("batch normalization of [%i, %i], with parameters: %s, in training: %i", async (rows, cols, affine, training) => {
    const n = rows * cols;
    const x = normals(n, 1, 5, 2);
    const gamma = affine ? { gamma: normals(cols, 2, 1, 0.1) } : {};
    const sizes = { training, rows, cols };
    const results = { y: new Float32Array(n), mean: new Float32Array(2 * cols), rstd: new Float32Array(cols) };
    const running = { runningMean: normals(cols, 7), runningVar: normals(cols, 8, 9), batches: Int32Array.of(3) };
    const inputs = { x, ...gamma, ...(affine && { beta: normals(cols, 3) }) };
    const forward = (on: Backend) =>
      runKernel(on, "batchNormForward", { ...inputs, ...results, ...running, ...sizes, eps: 1e-3, momentum: 0.2, kept: 0.8 });
    const [actual, expected] = [await forward(gpu), await forward(wasm)];
    expect(expected.batches).toEqual(Int32Array.of(3 + training));
    for (const [name, data] of Object.entries(expected)) expectClose(actual[name]!, data, 1e-5, name);

    const saved = { x, ...gamma, mean: expected.mean!, rstd: expected.rstd!, dy: normals(n, 6) };
    for (const sums of affine ? [{ dGamma: normals(cols, 4), dBeta: normals(cols, 5) }, {}] : [{}]) {
      const backward = (on: Backend) => runKernel(on, "batchNormBackward", { ...saved, dx: new Float32Array(n), ...sums, ...sizes });
      const [dActual, dExpected] = [await backward(gpu), await backward(wasm)];
      for (const [name, data] of Object.entries(dExpected)) expectClose(dActual[name]!, data, 1e-5, name);
    }
  });
}

await forEachDevice(["webgpu", "webgpu as in hardware"], "normalization equals that of WebAssembly", suite);

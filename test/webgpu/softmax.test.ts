import { expect, test } from "vitest";
import type { TensorData } from "../../src/backend/backend.js";
import type { KernelName } from "../../src/backend/kernels.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { assembled, runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

const shapes = [
  [1, 1],
  [3, 7],
  [65, 66],
  [5, 130],
  [3, 1000],
] as const;
const IGNORED = -100;

function suite({ backend: gpu }: Device): void {
  async function compare(kernel: KernelName, call: Record<string, number | TensorData>): Promise<void> {
    const [actual, expected] = [await runKernel(gpu, kernel, assembled(call)), await runKernel(wasm, kernel, assembled(call))];
    for (const [name, data] of Object.entries(expected)) expectClose(actual[name]!, data, 2e-6, `${kernel}: ${name}`);
  }

  test.each(shapes)("softmax and log-softmax of [%i, %i]", async (rows, cols) => {
    const n = rows * cols;
    const x = normals(n, 1, 0, 3);
    const dy = normals(n, 2);
    for (const kind of ["softmax", "logSoftmax"]) {
      await compare(`${kind}Forward` as KernelName, { x, y: new Float32Array(n), rows, cols });
      const { y } = await runKernel(wasm, "softmaxForward", { x, y: new Float32Array(n), rows, cols });
      const output = kind === "softmax" ? y! : Float32Array.from(y!, Math.log);
      await compare(`${kind}Backward` as KernelName, { y: output, dy, dx: new Float32Array(n), rows, cols });
      await compare(`${kind}Backward` as KernelName, { y: output, dy, dx: dy, rows, cols });
    }
    await compare("softmaxForward", { x, y: x, rows, cols });
  });

  for (const smoothing of [0, 0.1]) {
    test.each(["none", "mean", "sum"].flatMap((name, reduction) => shapes.map((shape) => [name, reduction, ...shape] as const)))(
      `cross-entropy, ${smoothing} smoothed, %s %i of [%i, %i]`,
      async (_, reduction, rows, cols) => {
        const logits = normals(rows * cols, 3, 50, 3);
        const targets = Int32Array.from({ length: rows }, (_, r) => (r % 4 === 1 ? IGNORED : (r * 7) % cols));
        const settings = { rows, cols, begin: 0, end: rows, ignoreIndex: IGNORED, reduction, smoothing, confidence: 1 - smoothing };
        const empty = { largest: new Float32Array(rows), total: new Float32Array(rows) };
        await compare("crossEntropyForward", { logits, targets, loss: new Float32Array(reduction ? 1 : rows), ...empty, ...settings });
        const { largest, total } = await runKernel(wasm, "crossEntropyForward", {
          ...{ logits, targets, loss: new Float32Array(reduction ? 1 : rows), ...empty, ...settings },
        });
        const dLoss = normals(reduction ? 1 : rows, 4);
        // In place of the logits too.
        for (const dLogits of [new Float32Array(rows * cols), logits])
          await compare("crossEntropyBackward", { logits, targets, largest: largest!, total: total!, dLoss, dLogits, ...settings });
      },
    );
  }

  test("the mean of no rows is 0", async () => {
    const settings = { rows: 2, cols: 3, begin: 0, end: 2, ignoreIndex: IGNORED, reduction: 1, smoothing: 0, confidence: 1 };
    const targets = Int32Array.of(IGNORED, IGNORED);
    const { loss } = await runKernel(gpu, "crossEntropyForward", {
      ...{ logits: normals(6, 1), targets, loss: new Float32Array(1), ...settings },
      ...{ largest: new Float32Array(2), total: new Float32Array(2) },
    });
    expect([...loss!]).toEqual([0]);
  });

  test("a target out of range is reported by the next read", async () => {
    const settings = { rows: 3, cols: 4, begin: 0, end: 3, ignoreIndex: IGNORED, reduction: 1, smoothing: 0, confidence: 1 };
    const saved = { largest: new Float32Array(3), total: new Float32Array(3) };
    const call = { logits: normals(12, 1), targets: Int32Array.of(0, 4, 1), loss: new Float32Array(1), ...saved };
    await expect(runKernel(gpu, "crossEntropyForward", { ...call, ...settings })).rejects.toThrow("targets[1] is out of range");
  });
}

await forEachDevice(["webgpu", "webgpu as in hardware"], "softmax and cross-entropy equal those of WebAssembly", suite);

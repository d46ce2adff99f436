import { expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import { activations } from "../../src/backend/kernels.js";
import type { Device } from "../../src/tensor/device.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

const { backend: wasm } = await openDevice("simd");

type Shape = readonly [batch: number, m: number, n: number, k: number];

interface Options {
  readonly transA?: number;
  readonly transB?: number;
  readonly beta?: number;
  readonly bias?: boolean;
  readonly activation?: number;
  /** Elements of each row of a, b and y beyond its columns. */
  readonly gap?: number;
  /** Every batch takes the same b. */
  readonly shared?: boolean;
  readonly begin?: number;
  readonly end?: number;
}

async function multiply(on: Backend, [batch, m, n, k]: Shape, options: Options): Promise<ArrayLike<number>> {
  const { transA = 0, transB = 0, beta = 0, bias, activation = 0, gap = 0, shared, begin = 0, end = batch * m } = options;
  const [lda, ldb, ldy] = [(transA ? m : k) + gap, (transB ? k : n) + gap, n + gap];
  const [strideA, strideB, strideY] = [(transA ? k : m) * lda, (transB ? n : k) * ldb, m * ldy];
  const y = normals(batch * strideY, 3);
  // With beta 0 what y held must not matter.
  if (beta === 0) y.fill(Number.NaN);
  const writes = await runKernel(on, "gemm", {
    ...{ a: normals(batch * strideA, 1, 0, 1 / Math.sqrt(k || 1)), b: normals((shared ? 1 : batch) * strideB, 2), y },
    ...(bias && { bias: normals(n, 4) }),
    ...{ batch, m, n, k, transA, transB, lda, ldb, ldy, strideA, strideB: shared ? 0 : strideB, strideY },
    ...{ activation, begin, end, alpha: 0.75, beta },
  });
  return writes.y!;
}

const shapes: Shape[] = [
  [1, 1, 1, 1],
  [1, 1, 9, 130],
  [1, 3, 5, 7],
  [1, 7, 66, 200],
  [2, 8, 3, 64],
  [1, 33, 17, 19],
  [3, 5, 4, 0],
  [2, 65, 70, 37],
  [1, 12, 20, 530],
];
const options: Options[] = [
  {},
  { transA: 1, bias: true, activation: activations.indexOf("tanh") },
  { transB: 1, beta: 0.5, gap: 3 },
  { transA: 1, transB: 1, bias: true, beta: 1 },
];

const suite =
  (tolerance = 2e-6) =>
  ({ backend: gpu }: Device): void => {
    const check = async (shape: Shape, o: Options) =>
      expectClose(await multiply(gpu, shape, o), await multiply(wasm, shape, o), tolerance, JSON.stringify({ shape, ...o }));

    test.each(shapes)("%i x [%i, %i, %i]", async (...shape) => {
      for (const o of options) await check(shape, o);
    });

    test.each(activations.map((name, i) => [name, i] as const))("activation %s", (_, activation) =>
      check([1, 9, 10, 11], { activation, bias: true }),
    );

    test("one b for all batches", () => check([4, 6, 5, 8], { shared: true, transB: 1 }));

    test("rows begin..end alone, with the bits of the whole", async () => {
      const shape: Shape = [2, 6, 5, 70];
      const whole = await multiply(gpu, shape, { beta: 1 });
      for (const [begin, end] of [
        [0, 0],
        [0, 5],
        [5, 8],
        [7, 12],
      ] as const) {
        const part = await multiply(gpu, shape, { beta: 1, begin, end });
        const before = normals(60, 3);
        for (let i = 0; i < 60; i++) {
          const row = Math.floor(i / 5);
          expect(part[i]).toBe(row >= begin && row < end ? whole[i] : before[i]);
        }
      }
    });
  };

await forEachDevice(["webgpu", "full webgpu as in hardware", "full webgpu without subgroups"], "gemm equals that of WebAssembly", suite());
await forEachDevice(["webgpu as in hardware", "webgpu without subgroups"], "gemm equals that of WebAssembly", ({ backend: gpu }) => {
  test.each([
    ["in tiles", [2, 65, 70, 37]],
    ["in slices of a long sum", [1, 7, 66, 200]],
  ] as const)("%s", async (_, shape) => {
    const o = { transA: 1, bias: true, beta: 0.5 };
    expectClose(await multiply(gpu, shape, o), await multiply(wasm, shape, o), 2e-6);
  });
});
// 11 bits of each factor.
await forEachDevice(["webgpu with f16"], "gemm of 16-bit factors is near that of WebAssembly", suite(1e-3));

await forEachDevice(["full webgpu as in hardware"], "gemm in tiles of", ({ backend: gpu }) => {
  // Enough batches to fill a GPU.
  test.each([
    [128, 256, 70, 66],
    [64, 100, 70, 66],
    [32, 4, 40, 34],
  ] as const)("%i", async (_, batch, m, n) => {
    for (const trans of [0, 1]) {
      const o = { transA: trans, transB: 1 - trans, shared: true, bias: true };
      const shape: Shape = [batch, m, n, 17];
      expectClose(await multiply(gpu, shape, o), await multiply(wasm, shape, o), 2e-6);
    }
  });
});

import { expect, test } from "vitest";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";
import { runKernel } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

/** Indices below n: spread evenly, most of them small, all the same, ascending, descending. */
const patterns: Record<string, (m: number, n: number) => Int32Array> = {
  even: (m, n) => Int32Array.from(uniform(m, 0, n, 3), (v) => Math.min(n - 1, Math.floor(v))),
  skewed: (m, n) => Int32Array.from(uniform(m, 0, 1, 4), (v) => Math.min(n - 1, Math.floor(n * v ** 6))),
  same: (m, n) => new Int32Array(m).fill(n - 1),
  ascending: (m, n) => Int32Array.from({ length: m }, (_, j) => Math.floor((j * n) / m)),
  descending: (m, n) => Int32Array.from({ length: m }, (_, j) => n - 1 - Math.floor((j * n) / m)),
};

/** [outer, n, inner, m]: few indices and many, a digit of the sort and several, blocks filled and not. */
const shapes = [
  [1, 1, 1, 1],
  [1, 5, 3, 4],
  [2, 16, 7, 100],
  [1, 9, 1, 257],
  [3, 15, 5, 300],
  [2, 16, 4, 1024],
  [1, 1000, 33, 2049],
] as const;

await forEachDevice(["webgpu"], "gather and scatter", ({ backend: gpu }) => {
  const cases = shapes.flatMap((shape) => Object.entries(patterns).map(([name, pattern]) => ({ shape, name, pattern })));
  // The largest shape runs long.
  const isQuick = ({ shape: [outer, n], name }: (typeof cases)[number]) => outer * n < 1000 || name === "skewed";
  thinly(cases, isQuick, (chosen) => {
    for (const {
      shape: [outer, n, inner, m],
      name,
      pattern,
    } of chosen) {
      const sizes = { outer, n, inner, m };
      const full = outer * m * inner;

      test(`rows of [${outer}, ${n}, ${inner}] at ${m} indices, ${name}`, async () => {
        const index = pattern(m, n);
        const words = Int32Array.from({ length: outer * n * inner }, (_, i) => i * 3 - 7);
        const call = { x: words, index, y: new Int32Array(full), ...sizes };
        expect(await runKernel(gpu, "gatherRows", call)).toEqual(await runKernel(wasm, "gatherRows", call));
        for (const skip of [-1, index[0]!]) {
          const add = { dy: normals(full, 2), index, dx: normals(outer * n * inner, 3), ...sizes, skip };
          const [actual, again, expected] = [
            await runKernel(gpu, "scatterAddRows", add),
            await runKernel(gpu, "scatterAddRows", add),
            await runKernel(wasm, "scatterAddRows", add),
          ];
          expectClose(actual.dx!, expected.dx!, 2e-6);
          expect(again).toEqual(actual);
        }
      });

      test(`elements of [${outer}, ${n}, ${inner}] at ${m} indices, ${name}`, async () => {
        const index = pattern(full, n);
        const words = Int32Array.from({ length: outer * n * inner }, (_, i) => i * 3 - 7);
        const call = { x: words, index, y: new Int32Array(full), ...sizes };
        expect(await runKernel(gpu, "gather", call)).toEqual(await runKernel(wasm, "gather", call));
        const add = { dy: normals(full, 2), index, dx: normals(outer * n * inner, 3), ...sizes };
        const [actual, expected] = [await runKernel(gpu, "scatterAdd", add), await runKernel(wasm, "scatterAdd", add)];
        expectClose(actual.dx!, expected.dx!, 2e-6);
      });
    }
  });

  const long = [
    { m: 100_000, inner: 8 },
    // More than fit into 4096 chunks of 64.
    { m: 300_001, inner: 2 },
  ];
  thinly(
    long,
    ({ m }) => m < 300_000,
    (chosen) =>
      test.each(chosen)("a gradient of $m rows of $inner for a table of 10000", async ({ m, inner }) => {
        const sizes = { outer: 1, n: 10_000, inner, m };
        const index = patterns.skewed!(m, 10_000);
        const add = { dy: normals(m * inner, 2), index, dx: new Float32Array(10_000 * inner), ...sizes, skip: 0 };
        const [actual, expected] = [await runKernel(gpu, "scatterAddRows", add), await runKernel(wasm, "scatterAddRows", add)];
        expectClose(actual.dx!, expected.dx!, 2e-6);
      }),
  );

  for (const m of [5, 300]) {
    for (const bad of [-1, 7, 2 ** 31 - 1, -(2 ** 31)]) {
      test(`index ${bad} of 7 among ${m} is an error of every kernel`, async () => {
        const sizes = { outer: 2, n: 7, inner: 3, m };
        const index = patterns.even!(2 * m * 3, 7);
        index[4] = bad;
        const x = new Float32Array(42);
        const y = new Float32Array(6 * m);
        await expect(runKernel(gpu, "gatherRows", { x, index, y, ...sizes })).rejects.toThrow(/gatherRows: index\[4\] is out of range/);
        await expect(runKernel(gpu, "gather", { x, index, y, ...sizes })).rejects.toThrow(/gather: index\[4\] is out of range/);
        const add = { dy: y, index, dx: x, ...sizes };
        await expect(runKernel(gpu, "scatterAddRows", { ...add, skip: -1 })).rejects.toThrow(/scatterAddRows: index\[4\] is out of range/);
        await expect(runKernel(gpu, "scatterAdd", add)).rejects.toThrow(/scatterAdd: index\[4\] is out of range/);
      });
    }
  }
});

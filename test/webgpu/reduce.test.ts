import { expect, test } from "vitest";
import { reduceOps } from "../../src/backend/kernels.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { thinly } from "../helpers/full.js";
import { runKernel } from "../helpers/kernel.js";
import { normals } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

/** One level of the tree and several, results for less than a workgroup and for more threads than a level uses. */
const shapes = [
  [1, 1, 1],
  [1, 64, 1],
  [1, 65, 1],
  [1, 100_001, 1],
  [3, 5000, 1],
  [2, 4100, 3],
  [1, 300, 70],
  [5, 7, 9],
  [200, 100, 100],
  [0, 5, 3],
] as const;

const floatOps = reduceOps.filter((op) => !op.endsWith("Int32"));

await forEachDevice(["webgpu"], "reductions", ({ backend: gpu }) => {
  // What a million numbers are drawn for runs long.
  thinly(
    shapes,
    ([outer, n, inner]) => outer * n * inner < 1e6,
    (chosen) =>
      chosen.forEach(([outer, n, inner]) => {
        const size = outer * n * inner;
        const mixed = normals(size, 3);
        const positive = uniform(size, 0, 1, 5);

        test(`reduce [${outer}, ${n}, ${inner}]`, async () => {
          for (const x of [mixed, positive]) {
            for (const op of floatOps) {
              const call = { x, y: new Float32Array(outer * inner).fill(0.75), op: reduceOps.indexOf(op), outer, n, inner };
              const [{ y: actual }, { y: expected }] = [await runKernel(gpu, "reduce", call), await runKernel(wasm, "reduce", call)];
              if (op === "max" || op === "min") expect(actual).toEqual(expected);
              // A sum's error is one of the sum of magnitudes.
              const unit = op === "sum" || op === "addSum" ? n : 1;
              expected!.forEach((e, i) => {
                expect(Math.abs(actual![i]! - e) / unit, `${op} ${i}`).toBeLessThanOrEqual(1.5e-7);
              });
            }
          }
        });

        test(`reduce int32 [${outer}, ${n}, ${inner}]`, async () => {
          const x = new Int32Array(mixed.slice().buffer);
          for (const op of ["sumInt32", "maxInt32", "minInt32"] as const) {
            const call = { x, y: new Int32Array(outer * inner), op: reduceOps.indexOf(op), outer, n, inner };
            expect(await runKernel(gpu, "reduce", call), op).toEqual(await runKernel(wasm, "reduce", call));
          }
        });

        test(`argmax [${outer}, ${n}, ${inner}]`, async () => {
          const ties = mixed.map((v) => Math.round(v));
          const unordered = mixed.map((v, i) => (i % 1013 === 500 ? Number.NaN : v));
          for (const x of [mixed, ties, unordered, new Float32Array(size).fill(-Infinity), ties.map((v) => v * 0)]) {
            const call = { x, y: new Int32Array(outer * inner), outer, n, inner };
            expect(await runKernel(gpu, "argmax", call)).toEqual(await runKernel(wasm, "argmax", call));
          }
        });
      }),
  );

  test("reduce: infinities, NaN and no terms at all", async () => {
    const rows = [
      [1, Infinity, 2],
      [-Infinity, 0, 1],
      [Infinity, -Infinity, 0],
      [Number.NaN, 1, 2],
      [1, 2, Number.NaN],
    ];
    for (const op of floatOps.keys()) {
      const call = { x: Float32Array.from(rows.flat()), y: new Float32Array(5), op, outer: 5, n: 3, inner: 1 };
      expect(await runKernel(gpu, "reduce", call)).toEqual(await runKernel(wasm, "reduce", call));
      const empty = { x: new Float32Array(0), y: new Float32Array(6), op, outer: 2, n: 0, inner: 3 };
      expect(await runKernel(gpu, "reduce", empty)).toEqual(await runKernel(wasm, "reduce", empty));
    }
  });

  test("reduce: a long sum keeps its accuracy", async () => {
    const n = 3_000_000;
    const call = { x: new Float32Array(n).fill(0.1), y: new Float32Array(1), op: 0, outer: 1, n, inner: 1 };
    const { y } = await runKernel(gpu, "reduce", call);
    expect(Math.abs(y![0]! / (n * Math.fround(0.1)) - 1)).toBeLessThan(2e-7);
  });

  thinly(
    [0, 1, 63, 64, 65, 4097, 1_000_000],
    (n) => n < 1e6,
    (chosen) =>
      test.each(chosen)("norm of %i", async (n) => {
        for (const scale of [0, 1e-30, 1, 1e18, 1e30]) {
          const x = normals(n, 7, 0.1, scale);
          const call = { x, y: new Float32Array(1), n };
          const [{ y: actual }, { y: expected }] = [await runKernel(gpu, "norm", call), await runKernel(wasm, "norm", call)];
          expect(Math.abs(actual![0]! - expected![0]!), `${n} of ${scale}`).toBeLessThanOrEqual(4e-7 * expected![0]!);
        }
      }),
  );

  test("norm: parts of very different size, and what is not finite", async () => {
    const apart = new Float32Array(300).fill(1e-20);
    apart[77] = 1e20;
    const infinite = new Float32Array(300).fill(1);
    infinite[250] = -Infinity;
    const unordered = new Float32Array(300).fill(1);
    unordered[10] = Number.NaN;
    for (const x of [apart, infinite, unordered, new Float32Array(200).fill(3e38)]) {
      const call = { x, y: new Float32Array(1), n: x.length };
      const [{ y: actual }, { y: expected }] = [await runKernel(gpu, "norm", call), await runKernel(wasm, "norm", call)];
      if (Number.isFinite(expected![0])) expect(Math.abs(actual![0]! / expected![0]! - 1)).toBeLessThan(4e-7);
      else expect(actual).toEqual(expected);
    }
  });
});

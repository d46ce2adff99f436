import { expect, test } from "vitest";
import type { TensorData } from "../../src/backend/backend.js";
import { type BinaryOp, binaryOps, type UnaryOp, unaryOps } from "../../src/backend/kernels.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { assembled, expectSameBits, runKernel } from "../helpers/kernel.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

const specials = [0, -0, 1, -1, 0.5, -2, 3, 2.5, 1e-4, 88, -88, 100, -120, 1e5, -3e7, 3e9, -3e9, 1e30, Infinity, -Infinity, NaN];
const smooth = new Float32Array([...uniform(200, -6, 6), ...uniform(100, -0.5, 0.5, 2), ...uniform(50, -1e4, 1e4, 3)]);

/** Expects |actual - expected| <= relative max(|expected|, floor) throughout; NaN and infinities match. */
function expectNear(actual: TensorData, expected: TensorData, relative: number, floor: number, what: string, inputs: TensorData[]): void {
  expect(actual.length, what).toBe(expected.length);
  expected.forEach((e, i) => {
    const a = actual[i]!;
    const near = Object.is(a, e) || a === e || Math.abs(a - e) <= relative * Math.max(Math.abs(e), floor);
    if (!near) expect.fail(`${what}(${inputs.map((input) => input[i])}): got ${a}, expected ${e}`);
  });
}

/** Where 1 + erf cancels, or in assembly/ 1 + tanh, the error is one of 1. */
const floorOf = (op: UnaryOp) => (op === "gelu" || op === "geluTanh" ? 1 : 1e-6);

/** The pairs of a and b that a function of one argument is tried with. */
const scalarsOf = (op: UnaryOp): [number, number][] => {
  if (op === "power") return [0, 1, 2, 3, 0.5, -1, -2, 4, 1.7, -0.3, 7].map((a) => [a, 0]);
  if (op === "clamp") return [[-1, 2]];
  return [[0.3, -1.2]];
};

const strides = (prefix: string, values: readonly number[]) => Object.fromEntries(values.map((value, d) => [prefix + d, value]));
const shape = (values: readonly number[]) => strides("d", values);

await forEachDevice(["webgpu"], "elementwise kernels", ({ backend: gpu }) => {
  test("fill", async () => {
    // The last is more than one row of workgroups may have.
    for (const n of [0, 1, 63, 64, 65, 1000, 65_535 * 64 + 1]) {
      const call = { y: new Float32Array(n + 1), n, value: -2.5 };
      expectSameBits(await runKernel(gpu, "fill", call), await runKernel(wasm, "fill", call));
    }
  });

  for (const op of unaryOps) {
    test(`unary ${op}`, async () => {
      const x =
        op === "toFloat32" ? Int32Array.from([0, 1, -1, 7, 16777217, 2 ** 31 - 1, -(2 ** 31)]) : new Float32Array([...specials, ...smooth]);
      const empty = () => (op === "toInt32" ? new Int32Array(x.length) : new Float32Array(x.length));
      for (const [a, b] of scalarsOf(op)) {
        const call = { x, y: empty(), op: unaryOps.indexOf(op), n: x.length, a, b };
        const [actual, expected] = [await runKernel(gpu, "unary", call), await runKernel(wasm, "unary", call)];
        expectNear(actual.y!, expected.y!, 1e-6, floorOf(op), `${op} a=${a}`, [x]);
      }
    });

    test(`unaryBackward ${op}`, async () => {
      const x = new Float32Array([...specials, ...smooth]);
      const dy = uniform(x.length, -2, 2, 4);
      for (const [a, b] of scalarsOf(op)) {
        const { y } = await runKernel(wasm, "unary", { x, y: new Float32Array(x.length), op: unaryOps.indexOf(op), n: x.length, a, b });
        const call = { x, y: y!, dy, dx: new Float32Array(x.length).fill(3), op: unaryOps.indexOf(op), n: x.length, a, b };
        const [actual, expected] = [await runKernel(gpu, "unaryBackward", call), await runKernel(wasm, "unaryBackward", call)];
        expectNear(actual.dx!, expected.dx!, 2e-6, floorOf(op), `${op}' a=${a}`, [x, dy]);
      }
    });
  }

  test("unary in place", async () => {
    const x = smooth;
    const call = { x, y: x, op: unaryOps.indexOf("square"), n: x.length, a: 0, b: 0 };
    expect(await runKernel(gpu, "unary", call)).toEqual(await runKernel(wasm, "unary", call));
  });

  const [integerOps, floatOps] = [true, false].map((expected) => binaryOps.filter((op) => op.endsWith("Int32") === expected)) as [
    BinaryOp[],
    BinaryOp[],
  ];
  test.each(integerOps)("binary %s", async (op) => {
    const bits = (x: Float32Array) => new Int32Array(x.buffer);
    const [a, b] = [bits(uniform(500, -5, 5, 3)), bits(uniform(500, -5, 5, 5))];
    b.set(a.subarray(0, 50));
    const flat = { ...shape([1, 1, 1, 500]), ...strides("as", [0, 0, 0, 1]), ...strides("bs", [0, 0, 0, 1]) };
    const call = assembled({ a, b, y: new Int32Array(500), op: binaryOps.indexOf(op), ...flat });
    expect(await runKernel(gpu, "binary", call)).toEqual(await runKernel(wasm, "binary", call));
  });

  for (const op of floatOps) {
    test(`binary ${op}`, async () => {
      const a = Float32Array.from([...specials.flatMap((v) => specials.map(() => v)), ...smooth]);
      const b = Float32Array.from([...specials.flatMap(() => specials), ...uniform(smooth.length, -5, 5, 5)]);
      // Magnitudes that pow takes to the ends of the range.
      const wide = op === "pow" ? uniform(500, 0.01, 3, 6) : new Float32Array();
      const far = op === "pow" ? uniform(500, -60, 60, 7) : new Float32Array();
      const x = Float32Array.from([...a, ...wide]);
      const z = Float32Array.from([...b, ...far]);
      const n = x.length;
      const flat = { ...shape([1, 1, 1, n]), ...strides("as", [0, 0, 0, 1]), ...strides("bs", [0, 0, 0, 1]) };
      const call = assembled({ a: x, b: z, y: new Float32Array(n), op: binaryOps.indexOf(op), ...flat });
      const [actual, expected] = [await runKernel(gpu, "binary", call), await runKernel(wasm, "binary", call)];
      expectNear(actual.y!, expected.y!, 1e-6, 1e-6, op, [x, z]);
    });
  }

  const layouts = {
    contiguous: [60, 20, 5, 1],
    "a row repeated": [0, 0, 5, 1],
    "a column repeated": [0, 0, 1, 0],
    "one number": [0, 0, 0, 0],
    transposed: [1, 2, 6, 24],
  };
  for (const [left, as] of Object.entries(layouts)) {
    for (const [right, bs] of Object.entries(layouts)) {
      test(`binary and where: ${left}, ${right}`, async () => {
        const [a, b] = [uniform(240, -1, 1, 8), uniform(240, -1, 1, 9)];
        const condition = Float32Array.from(a, (v) => (v > 0.3 ? v : -0));
        const dims = { ...shape([2, 3, 4, 5]), ...strides("as", as), ...strides("bs", bs) };
        const call = assembled({ a, b, y: new Float32Array(120), op: binaryOps.indexOf("sub"), ...dims });
        expect(await runKernel(gpu, "binary", call)).toEqual(await runKernel(wasm, "binary", call));
        const choice = assembled({ condition, a, b, y: new Float32Array(120), ...dims, ...strides("cs", as) });
        expect(await runKernel(gpu, "where", choice)).toEqual(await runKernel(wasm, "where", choice));
      });
    }
    test(`copyStrided: ${left}`, async () => {
      for (const ys of [
        [60, 20, 5, 1],
        [1, 2, 6, 24],
        [120, 40, 10, 2],
      ]) {
        const x = Int32Array.from({ length: 240 }, (_, i) => i * 7 - 100);
        const dims = { ...shape([2, 3, 4, 5]), ...strides("xs", as), ...strides("ys", ys) };
        const call = assembled({ x, y: new Int32Array(240).fill(9), ...dims });
        expect(await runKernel(gpu, "copyStrided", call)).toEqual(await runKernel(wasm, "copyStrided", call));
      }
    });
  }
});

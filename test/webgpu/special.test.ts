import { expect, test } from "vitest";
import { specialOps } from "../../src/backend/kernels.js";
import { forEachDevice, openDevice } from "../helpers/devices.js";
import { runKernel } from "../helpers/kernel.js";
import { uniform } from "../helpers/uniform.js";

const { backend: wasm } = await openDevice("simd");

const corners = [0, 1, -1, 0.5, 1.5, 2.5, -0.5, -2.5, 1e-7, -1e-7, 1e-4, 0.3, -0.25, 3.9, 88, -88, 1e30, Infinity, -Infinity, NaN];
const x = new Float32Array([...corners, ...uniform(200, -6, 6), ...uniform(100, -0.01, 0.01, 2)]);

const expectNear = (actual: ArrayLike<number>, expected: ArrayLike<number>, what: string) => {
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    const near = Object.is(a, e) || a === e || Math.abs(a - e) <= 1e-6 * Math.max(Math.abs(e), 1e-30);
    if (!near) expect.fail(`${what}, element ${i}: got ${a}, expected ${e}`);
  }
};

await forEachDevice(["webgpu"], "special functions are as on WebAssembly", ({ backend: gpu }) => {
  test.each(specialOps)("%s and its gradient", async (name) => {
    const op = specialOps.indexOf(name);
    const forward = { x, y: new Float32Array(x.length), op, n: x.length };
    const [actual, expected] = [await runKernel(gpu, "special", forward), await runKernel(wasm, "special", forward)];
    expectNear(actual.y!, expected.y!, name);
    const backward = { x, y: expected.y as Float32Array, dy: uniform(x.length, -2, 2, 4), dx: new Float32Array(x.length), op, n: x.length };
    const [slopes, same] = [await runKernel(gpu, "specialBackward", backward), await runKernel(wasm, "specialBackward", backward)];
    expectNear(slopes.dx!, same.dx!, `gradient of ${name}`);
  });

  test("remainder", async () => {
    const a = new Float32Array([...corners, ...uniform(200, -9, 9), ...uniform(100, -1e9, 1e9, 3)]);
    const b = new Float32Array([...uniform(a.length - 2, -3, 3, 5), 0, Infinity]);
    const n = a.length;
    const call = { a, b, y: new Float32Array(n), integer: 0, n };
    const [actual, expected] = [await runKernel(gpu, "remainder", call), await runKernel(wasm, "remainder", call)];
    expect(Array.from(actual.y!, (v) => v + 0)).toEqual(Array.from(expected.y!, (v) => v + 0));
    const whole = {
      a: Int32Array.of(7, -7, 7, -7, 5, -(2 ** 31), 2147483647),
      b: Int32Array.of(3, 3, -3, -3, 0, -1, -2),
      y: new Int32Array(7),
    };
    const ints = { ...whole, integer: 1, n: 7 };
    expect((await runKernel(gpu, "remainder", ints)).y).toEqual((await runKernel(wasm, "remainder", ints)).y);
  });
});

import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

function reference(x: Float32Array, dy: Float32Array, rows: number, cols: number) {
  const y: number[] = [];
  const dx = new Array<number>(2 * rows * cols);
  for (let i = 0; i < rows * cols; i++) {
    const at = 2 * i - (i % cols);
    const [a, b] = [x[at]!, x[at + cols]!];
    const s = 1 / (1 + Math.exp(-a));
    y.push(a * s * b);
    dx[at] = dy[i]! * b * s * (1 + a * (1 - s));
    dx[at + cols] = dy[i]! * a * s;
  }
  return { y, dx };
}

await forEachDevice(kernelDevices, "swiglu", ({ backend }) => {
  test.each(lengths)("forward and backward, %i columns", (cols) => {
    for (const rows of [1, 3]) {
      guarded(backend, (memory) => {
        const n = rows * cols;
        const [data, upstream] = [normals(2 * n, cols, 0, 4), normals(n, cols + 1)];
        const expected = reference(data, upstream, rows, cols);
        const [x, dy] = [memory.put(data), memory.put(upstream)];
        const [y, dx] = [memory.out(n), memory.out(2 * n)];
        backend.dispatch("swigluForward", { x, y, rows, cols });
        expectClose(memory.floats(y, n), expected.y, 1e-6, "y");
        backend.dispatch("swigluBackward", { x, dy, dx, rows, cols });
        expectClose(memory.floats(dx, 2 * n), expected.dx, 1e-6, "dx");
        const gradient = memory.floats(dx, 2 * n);
        backend.dispatch("swigluBackward", { x, dy, dx: x, rows, cols });
        expect(memory.floats(x, 2 * n), "dx over x").toEqual(gradient);
      });
    }
  });
});

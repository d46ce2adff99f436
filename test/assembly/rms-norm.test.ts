import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

const eps = 1e-5;
const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;

interface Case {
  x: Float32Array;
  gamma: Float32Array | undefined;
  dy: Float32Array;
  rows: number;
  cols: number;
}

function reference({ x, gamma, dy, rows, cols }: Case) {
  const out = { y: [] as number[], rstd: [] as number[], dx: [] as number[] };
  const dGamma = new Array<number>(cols).fill(0);
  for (let r = 0; r < rows; r++) {
    const row = Array.from(x.subarray(r * cols, (r + 1) * cols));
    const rstd = 1 / Math.sqrt(mean(row.map((v) => v * v)) + eps);
    const g = row.map((_, c) => dy[r * cols + c]! * (gamma?.[c] ?? 1));
    const product = mean(g.map((v, c) => v * row[c]! * rstd));
    out.rstd.push(rstd);
    row.forEach((v, c) => {
      out.y.push(v * rstd * (gamma?.[c] ?? 1));
      out.dx.push(rstd * (g[c]! - v * rstd * product));
      dGamma[c]! += dy[r * cols + c]! * v * rstd;
    });
  }
  return { ...out, dGamma };
}

await forEachDevice(kernelDevices, "rmsNorm", ({ backend }) => {
  test.each([...lengths, 2, 15, 16, 17, 24, 512])("forward and backward, rows of %i", (cols) => {
    for (const rows of [1, 5, 16, 33]) {
      for (const affine of [true, false]) {
        guarded(backend, (memory) => {
          const size = rows * cols;
          const gamma = affine ? normals(cols, 2, 1, 0.3) : undefined;
          const c: Case = { x: normals(size, cols, 0.5, 2), gamma, dy: normals(size, cols + 1), rows, cols };
          const expected = reference(c);
          const x = memory.put(c.x);
          const weight = gamma && memory.put(gamma);
          const [y, rstd] = [memory.out(size), memory.out(rows)];
          backend.dispatch("rmsNormForward", { x, gamma: weight, y, rstd, rows, cols, eps });
          const output = memory.floats(y, size);
          expectClose(output, expected.y, 1e-6, "y");
          expectClose(memory.floats(rstd, rows), expected.rstd, 1e-6, "rstd");

          const dy = memory.put(c.dy);
          const dx = memory.out(size);
          const start = normals(cols, 11);
          const dGamma = memory.put(start);
          const saved = { x, gamma: weight, rstd, rows, cols };
          backend.dispatch("rmsNormBackward", { ...saved, dy, dx, dGamma });
          const dInput = memory.floats(dx, size);
          // A row of small values has a large rstd, and dx is what is left of numbers of that size.
          expectClose(dInput, expected.dx, 3e-6 * Math.max(1, ...expected.rstd), "dx");
          const sums = memory.floats(dGamma, cols);
          const sum = expected.dGamma.map((v, i) => v + start[i]!);
          expectClose(sums, sum, 3e-6, "dGamma");

          const alone = memory.put(start);
          backend.dispatch("rmsNormBackward", { ...saved, dy, dGamma: alone });
          expect(memory.floats(alone, cols), "dGamma alone").toEqual(sums);
          backend.dispatch("rmsNormBackward", { ...saved, dy, dx: dy });
          expect(memory.floats(dy, size), "dx over dy").toEqual(dInput);
          backend.dispatch("rmsNormForward", { x, gamma: weight, y: x, rstd, rows, cols, eps });
          expect(memory.floats(x, size), "y over x").toEqual(output);
        });
      }
    }
  });

  test("a row of zeros gives zeros, also with a gradient", () => {
    guarded(backend, (memory) => {
      const x = memory.put(new Float32Array(20));
      const [y, rstd, dx] = [memory.out(20), memory.out(1), memory.out(20)];
      backend.dispatch("rmsNormForward", { x, y, rstd, rows: 1, cols: 20, eps: 0.25 });
      expect(memory.floats(y, 20)).toEqual(new Float32Array(20));
      backend.dispatch("rmsNormBackward", { x, rstd, dy: memory.put(new Float32Array(20).fill(3)), dx, rows: 1, cols: 20 });
      expect(memory.floats(dx, 20)).toEqual(new Float32Array(20).fill(6));
    });
  });
});

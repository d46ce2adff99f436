import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

const eps = 1e-5;
const mean = (x: number[]) => x.reduce((a, b) => a + b, 0) / x.length;

interface Case {
  x: Float32Array;
  gamma: Float32Array | undefined;
  beta: Float32Array | undefined;
  dy: Float32Array;
  rows: number;
  cols: number;
}

function reference({ x, gamma, beta, dy, rows, cols }: Case) {
  const out = { y: [] as number[], mean: [] as number[], rstd: [] as number[], dx: [] as number[] };
  const dGamma = new Array<number>(cols).fill(0);
  const dBeta = new Array<number>(cols).fill(0);
  for (let r = 0; r < rows; r++) {
    const row = Array.from(x.subarray(r * cols, (r + 1) * cols));
    const m = mean(row);
    const rstd = 1 / Math.sqrt(mean(row.map((v) => (v - m) ** 2)) + eps);
    const xhat = row.map((v) => (v - m) * rstd);
    const g = xhat.map((_, c) => dy[r * cols + c]! * (gamma?.[c] ?? 1));
    const meanG = mean(g);
    const meanGx = mean(g.map((v, c) => v * xhat[c]!));
    out.mean.push(m);
    out.rstd.push(rstd);
    xhat.forEach((v, c) => {
      out.y.push(v * (gamma?.[c] ?? 1) + (beta?.[c] ?? 0));
      out.dx.push(rstd * (g[c]! - meanG - v * meanGx));
      dGamma[c]! += dy[r * cols + c]! * v;
      dBeta[c]! += dy[r * cols + c]!;
    });
  }
  return { ...out, dGamma, dBeta };
}

await forEachDevice(kernelDevices, "layerNorm", ({ backend }) => {
  test.each([...lengths, 2, 16, 512])("forward and backward, rows of %i", (cols) => {
    for (const rows of [1, 5]) {
      for (const affine of [true, false]) {
        guarded(backend, (memory) => {
          const size = rows * cols;
          const c: Case = {
            x: normals(size, cols, 0.5, 2),
            gamma: affine ? normals(cols, 2, 1, 0.3) : undefined,
            beta: affine ? normals(cols, 3) : undefined,
            dy: normals(size, cols + 1),
            rows,
            cols,
          };
          const expected = reference(c);
          const x = memory.put(c.x);
          const gamma = c.gamma && memory.put(c.gamma);
          const beta = c.beta && memory.put(c.beta);
          const [y, meanOut, rstd] = [memory.out(size), memory.out(2 * rows), memory.out(rows)];
          backend.dispatch("layerNormForward", { x, gamma, beta, y, mean: meanOut, rstd, rows, cols, begin: 0, end: rows, eps });
          const output = memory.floats(y, size);
          expectClose(output, expected.y, 1e-6, "y");
          expectClose(memory.floats(meanOut, rows), expected.mean, 1e-6, "mean");
          expectClose(memory.floats(rstd, rows), expected.rstd, 1e-6, "rstd");

          const dy = memory.put(c.dy);
          const dx = memory.out(size);
          const start = normals(cols, 11);
          const [dGamma, dBeta] = [memory.put(start), memory.put(start)];
          const saved = { x, gamma, mean: meanOut, rstd, rows, cols };
          backend.dispatch("layerNormBackward", { ...saved, dy, dx, dGamma, dBeta });
          const dInput = memory.floats(dx, size);
          // A row of one or of close values has a large rstd, and dx is what is left of numbers of that size.
          const scale = Math.max(1, ...expected.rstd);
          expectClose(dInput, expected.dx, 3e-6 * scale, "dx");
          const added = (sums: number[]) => sums.map((v, i) => v + start[i]!);
          expectClose(memory.floats(dGamma, cols), added(expected.dGamma), 2e-6, "dGamma");
          expectClose(memory.floats(dBeta, cols), added(expected.dBeta), 2e-6, "dBeta");

          backend.dispatch("layerNormBackward", { ...saved, dy, dx: dy });
          expect(memory.floats(dy, size), "dx over dy").toEqual(dInput);
          backend.dispatch("layerNormForward", { x, gamma, beta, y: x, mean: meanOut, rstd, rows, cols, begin: 0, end: rows, eps });
          expect(memory.floats(x, size), "y over x").toEqual(output);
        });
      }
    }
  });

  test.each([1, 3])("any of the gradients of %i rows are what they are beside the others, dx over x as well", (rows) => {
    guarded(backend, (memory) => {
      const cols = 37;
      const values = normals(rows * cols, 1);
      const x = memory.put(values);
      const dy = memory.put(normals(rows * cols, 2));
      const gamma = memory.put(normals(cols, 3));
      const [y, mean, rstd] = [memory.out(rows * cols), memory.out(2 * rows), memory.out(rows)];
      backend.dispatch("layerNormForward", { x, gamma, y, mean, rstd, rows, cols, begin: 0, end: rows, eps });
      const saved = { gamma, mean, rstd, dy, rows, cols };
      const outputs = () => ({
        dx: memory.out(rows * cols),
        dGamma: memory.put(new Float32Array(cols)),
        dBeta: memory.put(new Float32Array(cols)),
      });
      const together = outputs();
      backend.dispatch("layerNormBackward", { ...saved, x, ...together });
      for (const names of [["dx"], ["dGamma"], ["dBeta"], ["dx", "dGamma"], ["dx", "dBeta"], ["dGamma", "dBeta"]] as const) {
        for (const over of [false, true]) {
          const input = memory.put(values);
          const own = { ...outputs(), ...(over ? { dx: input } : {}) };
          const expected = Object.fromEntries(names.map((name) => [name, own[name]]));
          backend.dispatch("layerNormBackward", { ...saved, x: input, ...expected });
          for (const name of names) {
            const n = name === "dx" ? rows * cols : cols;
            expect(memory.floats(own[name], n), `${name} of ${names}`).toEqual(memory.floats(together[name], n));
          }
        }
      }
    });
  });

  test.each([16, 255, 1000])("mean 1000, deviation 1, rows of %i: as accurate as around 0", (cols) => {
    guarded(backend, (memory) => {
      const x = normals(3 * cols, 21, 1000, 1);
      const expected = reference({ x, gamma: undefined, beta: undefined, dy: x, rows: 3, cols });
      const [y, mean, rstd] = [memory.out(3 * cols), memory.out(6), memory.out(3)];
      backend.dispatch("layerNormForward", { x: memory.put(x), y, mean, rstd, rows: 3, cols, begin: 0, end: 3, eps });
      expectClose(memory.floats(y, 3 * cols), expected.y, 1e-6, "y");
      expectClose(memory.floats(mean, 3), expected.mean, 1e-7, "mean");
      expectClose(memory.floats(rstd, 3), expected.rstd, 1e-6, "rstd");
    });
  });

  test("a constant row gives beta", () => {
    guarded(backend, (memory) => {
      const [y, mean, rstd] = [memory.out(100), memory.out(2), memory.out(1)];
      const beta = normals(100, 5);
      const x = memory.put(new Float32Array(100).fill(0.1));
      backend.dispatch("layerNormForward", { x, beta: memory.put(beta), y, mean, rstd, rows: 1, cols: 100, begin: 0, end: 1, eps });
      expectClose(memory.floats(y, 100), beta, 1e-6);
    });
  });
});

import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

const eps = 1e-3;
const momentum = 0.3;

interface Case {
  x: Float32Array;
  gamma: Float32Array | undefined;
  beta: Float32Array | undefined;
  runningMean: Float32Array;
  runningVar: Float32Array;
  dy: Float32Array;
  training: number;
  rows: number;
  cols: number;
}

function reference({ x, gamma, beta, runningMean, runningVar, dy, training, rows, cols }: Case) {
  const zeros = () => new Array<number>(cols).fill(0);
  const out = { mean: zeros(), rstd: zeros(), running: [zeros(), zeros()] as const, dGamma: zeros(), dBeta: zeros() };
  const [y, dx] = [new Array<number>(rows * cols), new Array<number>(rows * cols)];
  for (let c = 0; c < cols; c++) {
    const column = Array.from({ length: rows }, (_, r) => x[r * cols + c]!);
    const upstream = column.map((_, r) => dy[r * cols + c]!);
    const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / rows;
    const m = training ? mean(column) : runningMean[c]!;
    const v = training ? mean(column.map((value) => (value - m) ** 2)) : runningVar[c]!;
    const rstd = 1 / Math.sqrt(v + eps);
    const [scale, shift] = [gamma?.[c] ?? 1, beta?.[c] ?? 0];
    const xhat = column.map((value) => (value - m) * rstd);
    const product = mean(upstream.map((d, r) => d * xhat[r]!));
    for (let r = 0; r < rows; r++) {
      y[r * cols + c] = xhat[r]! * scale + shift;
      dx[r * cols + c] = scale * rstd * (upstream[r]! - (training ? mean(upstream) + xhat[r]! * product : 0));
    }
    out.mean[c] = m;
    out.rstd[c] = rstd;
    out.dGamma[c] = rows * product;
    out.dBeta[c] = rows * mean(upstream);
    out.running[0][c] = runningMean[c]! + momentum * (m - runningMean[c]!);
    out.running[1][c] = runningVar[c]! + momentum * ((v * rows) / (rows - 1) - runningVar[c]!);
  }
  return { ...out, y, dx };
}

await forEachDevice(kernelDevices, "batchNorm", ({ backend }) => {
  test.each([...lengths, 2, 12, 15, 16, 17])("forward and backward, %i columns", (cols) => {
    for (const rows of [2, 7, 8, 9, 16, 17, 50]) {
      for (const [affine, training] of [
        [true, 1],
        [false, 1],
        [true, 0],
      ] as const) {
        guarded(backend, (memory) => {
          const n = rows * cols;
          const c: Case = {
            x: normals(n, cols, 0.5, 2),
            gamma: affine ? normals(cols, 2, 1, 0.3) : undefined,
            beta: affine ? normals(cols, 3) : undefined,
            runningMean: normals(cols, 4),
            runningVar: normals(cols, 5).map((v) => 0.5 + Math.abs(v)),
            dy: normals(n, cols + 1),
            ...{ training, rows, cols },
          };
          const expected = reference(c);
          const put = (data?: Float32Array) => data && memory.put(data);
          const [x, gamma, runningMean, runningVar] = [put(c.x)!, put(c.gamma), put(c.runningMean)!, put(c.runningVar)!];
          const batches = memory.put(Int32Array.of(41));
          const sizes = { training, rows, cols };
          const [y, mean, rstd] = [memory.out(n), memory.out(2 * cols), memory.out(cols)];
          const forward = { x, gamma, beta: put(c.beta), mean, rstd, ...sizes, eps, momentum, kept: 1 - momentum };
          backend.dispatch("batchNormForward", { ...forward, y, runningMean, runningVar, batches });
          const output = memory.floats(y, n);
          // A column of close values has a large rstd.
          const scale = Math.max(1, ...expected.rstd);
          expectClose(output, expected.y, 1e-6 * scale, "y");
          expectClose(memory.floats(mean, cols), expected.mean, 1e-6, "mean");
          expectClose(memory.floats(rstd, cols), expected.rstd, 2e-6 * scale, "rstd");
          const [movedMean, movedVar] = training ? expected.running : [c.runningMean, c.runningVar];
          expectClose(memory.floats(runningMean, cols), movedMean, training ? 1e-6 : 0, "runningMean");
          expectClose(memory.floats(runningVar, cols), movedVar, training ? 1e-6 : 0, "runningVar");
          expect([...memory.ints(batches, 1)]).toEqual([41 + training]);

          const dy = memory.put(c.dy);
          const dx = memory.out(n);
          const start = normals(cols, 11);
          const [dGamma, dBeta] = [memory.put(start), memory.put(start)];
          const saved = { x, gamma, mean, rstd, ...sizes };
          backend.dispatch("batchNormBackward", { ...saved, dy, dx, dGamma, dBeta });
          const dInput = memory.floats(dx, n);
          expectClose(dInput, expected.dx, 4e-6 * scale, "dx");
          const added = (sums: number[]) => sums.map((v, i) => v + start[i]!);
          expectClose(memory.floats(dGamma, cols), added(expected.dGamma), 3e-6 * scale, "dGamma");
          expectClose(memory.floats(dBeta, cols), added(expected.dBeta), 3e-6, "dBeta");

          const alone = memory.put(start);
          backend.dispatch("batchNormBackward", { ...saved, dy, dGamma: alone });
          expect(memory.floats(alone, cols), "dGamma alone").toEqual(memory.floats(dGamma, cols));
          backend.dispatch("batchNormBackward", { ...saved, dy, dx: dy });
          expect(memory.floats(dy, n), "dx over dy").toEqual(dInput);
          // In evaluation the running statistics are as they were.
          backend.dispatch("batchNormForward", { ...forward, y: x, ...(training ? {} : { runningMean, runningVar }) });
          expect(memory.floats(x, n), "y over x").toEqual(output);
        });
      }
    }
  });

  test("mean 1000, deviation 1, many rows: as accurate as around 0", () => {
    guarded(backend, (memory) => {
      const [rows, cols] = [2000, 9];
      const x = normals(rows * cols, 21, 1000, 1);
      const still = { runningMean: new Float32Array(cols), runningVar: new Float32Array(cols), dy: x };
      const expected = reference({ x, gamma: undefined, beta: undefined, ...still, training: 1, rows, cols });
      const [y, mean, rstd] = [memory.out(rows * cols), memory.out(2 * cols), memory.out(cols)];
      backend.dispatch("batchNormForward", { x: memory.put(x), y, mean, rstd, training: 1, rows, cols, eps, momentum, kept: 1 });
      expectClose(memory.floats(y, rows * cols), expected.y, 2e-6, "y");
      expectClose(memory.floats(mean, cols), expected.mean, 1e-7, "mean");
      expectClose(memory.floats(rstd, cols), expected.rstd, 2e-6, "rstd");
    });
  });

  test("a channel that is not finite leaves its running statistics, and the others move", () => {
    guarded(backend, (memory) => {
      const x = memory.put(Float32Array.of(1, Infinity, 3, 4));
      const [y, mean, rstd] = [memory.out(4), memory.out(4), memory.out(2)];
      const [runningMean, runningVar] = [memory.put(Float32Array.of(0, 7)), memory.put(Float32Array.of(0, 8))];
      const sizes = { training: 1, rows: 2, cols: 2, eps, momentum: 0.5, kept: 0.5 };
      backend.dispatch("batchNormForward", { x, y, mean, rstd, runningMean, runningVar, ...sizes });
      expect([...memory.floats(runningMean, 2), ...memory.floats(runningVar, 2)]).toEqual([1, 7, 1, 8]);
    });
  });
});

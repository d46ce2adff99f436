import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, lengths, normals } from "../helpers/numbers.js";

type Row = ArrayLike<number>;

/** f over each row of [rows, cols]. */
function byRow(rows: number, cols: number, arrays: Float32Array[], f: (...row: Float32Array[]) => number[]): number[] {
  return Array.from({ length: rows }, (_, r) => f(...arrays.map((a) => a.subarray(r * cols, (r + 1) * cols)))).flat();
}

const sum = (x: number[]) => x.reduce((a, b) => a + b, 0);

function softmax(x: Row): number[] {
  const largest = Math.max(...Array.from(x));
  const e = Array.from(x, (v) => Math.exp(v - largest));
  const total = sum(e);
  return e.map((v) => v / total);
}

function logSoftmax(x: Row): number[] {
  const largest = Math.max(...Array.from(x));
  const logSum = Math.log(sum(Array.from(x, (v) => Math.exp(v - largest))));
  return Array.from(x, (v) => v - largest - logSum);
}

function softmaxGradient(y: Row, dy: Row): number[] {
  const dot = sum(Array.from(y, (v, i) => v * dy[i]!));
  return Array.from(y, (v, i) => v * (dy[i]! - dot));
}

function logSoftmaxGradient(y: Row, dy: Row): number[] {
  const total = sum(Array.from(dy));
  return Array.from(dy, (v, i) => v - Math.exp(y[i]!) * total);
}

await forEachDevice(kernelDevices, "softmax", ({ backend }) => {
  const kernels = [
    { forward: "softmaxForward", backward: "softmaxBackward", f: softmax, gradient: softmaxGradient },
    { forward: "logSoftmaxForward", backward: "logSoftmaxBackward", f: logSoftmax, gradient: logSoftmaxGradient },
  ] as const;

  for (const { forward, backward, f, gradient } of kernels) {
    test.each([...lengths, 2, 15, 16, 17, 1000])(`${forward} and ${backward}, rows of %i`, (cols) => {
      for (const rows of [1, 3]) {
        guarded(backend, (memory) => {
          const input = normals(rows * cols, cols, 0, 4);
          const x = memory.put(input);
          const y = memory.out(rows * cols);
          backend.dispatch(forward, { x, y, rows, cols });
          const output = memory.floats(y, rows * cols);
          expectClose(output, byRow(rows, cols, [input], f), 1e-6, forward);
          expect(memory.floats(x, rows * cols)).toEqual(input);
          backend.dispatch(forward, { x, y: x, rows, cols });
          expect(memory.floats(x, rows * cols), "y over x").toEqual(output);

          const upstream = normals(rows * cols, cols + 1);
          const dy = memory.put(upstream);
          const dx = memory.out(rows * cols);
          backend.dispatch(backward, { y, dy, dx, rows, cols });
          const dInput = memory.floats(dx, rows * cols);
          expectClose(dInput, byRow(rows, cols, [output, upstream], gradient), 3e-6, backward);
          backend.dispatch(backward, { y, dy, dx: dy, rows, cols });
          expect(memory.floats(dy, rows * cols), "dx over dy").toEqual(dInput);
          backend.dispatch(backward, { y, dy: memory.put(upstream), dx: y, rows, cols });
          expect(memory.floats(y, rows * cols), "dx over y").toEqual(dInput);
        });
      }
    });

    test(`${forward}: large values, -Infinity, NaN`, () => {
      guarded(backend, (memory) => {
        const inf = Number.POSITIVE_INFINITY;
        const cases = [
          [1000, 1001, 999, 1000.5, 998],
          [-1e30, 0, 1, -3e38, 2],
          [-inf, 0, 1, -inf, 2],
          [1, -inf, -inf, -inf, -inf],
          [-inf, -inf, -inf, -inf, -inf],
          [inf, 0, 0, 0, 0],
          [0, 1, 2, 3, Number.NaN],
        ];
        const y = memory.out(cases.length * 5);
        backend.dispatch(forward, { x: memory.put(Float32Array.from(cases.flat())), y, rows: cases.length, cols: 5 });
        const output = memory.floats(y, cases.length * 5);
        for (const [i, row] of cases.entries()) {
          const expected = i < 4 ? f(Float32Array.from(row)) : row.map(() => Number.NaN);
          // log-softmax of -3e38 is itself: only the finite, moderate elements bound the error.
          const atol = row.map((_, c) => 1e-6 * Math.max(1, Math.abs(Number.isFinite(expected[c]) ? expected[c]! : 1)));
          row.forEach((_, c) => {
            expectClose([output[i * 5 + c]!], [expected[c]!], atol[c]!, `row ${i}`);
          });
        }
      });
    });

    test(`${forward}: a row's bits do not depend on the rows beside it`, () => {
      guarded(backend, (memory) => {
        const input = normals(4 * 37, 5);
        const y = memory.out(4 * 37);
        backend.dispatch(forward, { x: memory.put(input), y, rows: 4, cols: 37 });
        const alone = memory.out(37);
        backend.dispatch(forward, { x: memory.put(input.subarray(74, 111)), y: alone, rows: 1, cols: 37 });
        expect(memory.floats(alone, 37)).toEqual(memory.floats(y + 74 * 4, 37));
      });
    });
  }

  test("the exponential of what lies below the largest is exact to 1e-7, and 0 from e^-88 on", () => {
    guarded(backend, (memory) => {
      const below = Float32Array.from({ length: 100_001 }, (_, i) => -i * 1e-3);
      // Of e^0 and e^x with their sum taken out again: the quotient of the two.
      const rows = Float32Array.from({ length: below.length * 2 }, (_, i) => (i % 2 === 0 ? 0 : below[i >> 1]!));
      const y = memory.out(rows.length);
      backend.dispatch("softmaxForward", { x: memory.put(rows), y, rows: below.length, cols: 2 });
      const output = memory.floats(y, rows.length);
      let worst = 0;
      for (const [i, x] of below.entries()) {
        const quotient = output[2 * i + 1]! / output[2 * i]!;
        const ends = x < -87.33 && x > -87.69 && quotient === 0;
        if (x < -87.69) expect(quotient).toBe(0);
        else if (!ends) worst = Math.max(worst, Math.abs(quotient / Math.exp(x) - 1));
      }
      // Each of the two was rounded once more.
      expect(worst).toBeLessThan(1e-7 + 2 ** -23);
    });
  });

  test("rows of a large vocabulary sum to 1", () => {
    guarded(backend, (memory) => {
      const cols = 50_257;
      const input = normals(cols, 9);
      const y = memory.out(cols);
      backend.dispatch("softmaxForward", { x: memory.put(input), y, rows: 1, cols });
      const output = memory.floats(y, cols);
      expect(Math.abs(sum(Array.from(output)) - 1)).toBeLessThan(1e-5);
      const expected = softmax(input);
      const worst = output.reduce((w, v, i) => Math.max(w, Math.abs(v / expected[i]! - 1)), 0);
      expect(worst).toBeLessThan(1e-5);
    });
  });
});

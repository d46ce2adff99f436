import { expect, test } from "vitest";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { guarded } from "../helpers/kernel.js";
import { expectClose, normals } from "../helpers/numbers.js";

interface Sizes {
  B: number;
  T: number;
  cols: number;
  heads: number;
  D: number;
}

function reference(x: Float32Array, table: Float32Array, { B, T, cols, heads, D }: Sizes, interleaved: boolean, inverse: boolean) {
  const y = Array.from(x);
  for (let r = 0; r < B * T; r++) {
    for (let h = 0; h < heads; h++) {
      for (let i = 0; i < D / 2; i++) {
        const at = r * cols + h * D;
        const [first, second] = interleaved ? [at + 2 * i, at + 2 * i + 1] : [at + i, at + D / 2 + i];
        const cos = table[(r % T) * D + i]!;
        const sin = table[(r % T) * D + D / 2 + i]! * (inverse ? -1 : 1);
        y[first] = x[first]! * cos - x[second]! * sin;
        y[second] = x[second]! * cos + x[first]! * sin;
      }
    }
  }
  return y;
}

await forEachDevice(kernelDevices, "rotary", ({ backend }) => {
  test.each([2, 4, 6, 8, 10, 14, 16, 18, 64])("heads of %i, both pairings, there and back", (D) => {
    const shapes: Sizes[] = [
      { B: 1, T: 1, cols: D, heads: 1, D },
      { B: 2, T: 3, cols: 3 * D, heads: 2, D },
      { B: 3, T: 2, cols: 2 * D + 5, heads: 2, D },
    ];
    for (const sizes of shapes) {
      for (const interleaved of [false, true]) {
        guarded(backend, (memory) => {
          const n = sizes.B * sizes.T * sizes.cols;
          const [data, angles] = [normals(n, D), normals(sizes.T * D, 2)];
          const [x, table, y] = [memory.put(data), memory.put(angles), memory.out(n)];
          for (const inverse of [false, true]) {
            const expected = reference(data, angles, sizes, interleaved, inverse);
            const call = { x, table, ...sizes, interleaved: Number(interleaved), inverse: Number(inverse) };
            backend.dispatch("rotary", { ...call, y });
            const output = memory.floats(y, n);
            expectClose(output, expected, 5e-7, `interleaved ${interleaved}, inverse ${inverse}`);
            const own = memory.put(data);
            backend.dispatch("rotary", { ...call, x: own, y: own });
            expect(memory.floats(own, n), "y over x").toEqual(output);
          }
        });
      }
    }
  });
});

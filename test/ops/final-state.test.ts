import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { everywhere, forEachDevice, startOn } from "../helpers/devices.js";

type Cell = (x: sg.Tensor, wIh: sg.Tensor, wHh: sg.Tensor) => { y: sg.Tensor; h: sg.Tensor; c?: sg.Tensor };
const cells: [name: string, cell: Cell, gates: number][] = [
  ["rnn", sg.rnn, 1],
  ["gru", sg.gru, 3],
  ["lstm", sg.lstm, 4],
];

await forEachDevice(everywhere, "the gradient at a final state", (device) => {
  describe.each([1, 2])("after %d steps", (T) => {
    test.each(cells)("is of the loss by that state alone: %s", async (_, cell, gates) => {
      const made = startOn(device, () => {
        const full = (shape: number[]) => sg.full(shape, 0.3, { requiresGrad: true });
        const { y, h, c } = cell(full([1, T, 1]), full([gates, 1]), full([gates, 1]));
        for (const x of [y, h, c]) if (x) sg.retainGrad(x);
        // dLoss/dy = 2, dLoss/dh = 5, dLoss/dc = 3, though y ends with h, which comes of c.
        const terms = [sg.affine(sg.sum(y), 2), sg.affine(sg.sum(h), 5), ...(c ? [sg.affine(sg.sum(c), 3)] : [])];
        terms.reduce((a, b) => sg.add(a, b)).backward();
        return [y, h, ...(c ? [c] : [])].map((x) => x.grad!);
      });
      const gradients = await Promise.all(made.map(async (x) => Array.from(await x.data())));
      expect(gradients).toEqual([new Array(T).fill(2), [5], [3]].slice(0, made.length));
    });
  });
});

import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { everywhere, forEachDevice, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

const ids = (...list: number[]) => sg.tensor(Int32Array.from(list));
const rows = (shape = [2, 3]) => sg.ones(shape, { requiresGrad: true });

/** Losses over nothing that counts, whose mean would be 0 / 0. */
const losses: Record<string, (x: sg.Tensor) => sg.Tensor> = {
  "crossEntropy, all ignored": (x) => sg.crossEntropy(x, ids(-100, -100)),
  "crossEntropy, smoothed, all ignored": (x) => sg.crossEntropy(x, ids(-100, -100), { labelSmoothing: 0.1 }),
  "crossEntropy, all of weight 0": (x) => sg.crossEntropy(x, ids(0, 0), { weight: sg.tensor([0, 1, 1]) }),
  "nllLoss, all ignored": (x) => sg.nllLoss(x, ids(-100, -100)),
  "ctcLoss without a path": (x) => sg.ctcLoss(sg.reshape(sg.logSoftmax(x), [1, 2, 3]), [[1, 1, 1]], { zeroInfinity: true }),
};
const empty: Record<string, (x: sg.Tensor) => sg.Tensor> = {
  crossEntropy: (x) => sg.crossEntropy(x, ids()),
  nllLoss: (x) => sg.nllLoss(x, ids()),
  mseLoss: (x) => sg.mseLoss(x, sg.zeros([0, 3])),
  l1Loss: (x) => sg.l1Loss(x, sg.zeros([0, 3])),
  huberLoss: (x) => sg.huberLoss(x, sg.zeros([0, 3])),
  binaryCrossEntropyWithLogits: (x) => sg.binaryCrossEntropyWithLogits(x, sg.zeros([0, 3])),
};

await forEachDevice(everywhere, "nothing", (device) => {
  const compute = async (make: () => sg.Tensor) => Array.from(await startOn(device, make).data());

  test.each(Object.entries(losses))("is a loss of 0 with gradients of 0: %s", async (_, loss) => {
    const x = startOn(device, () => {
      const given = rows();
      const y = loss(given);
      y.backward();
      return [y, given.grad!];
    }) as [sg.Tensor, sg.Tensor];
    expect(Array.from(await x[0].data())).toEqual([0]);
    expect(Array.from(await x[1].data(), Math.abs)).toEqual(new Array(6).fill(0));
  });

  test.each(Object.entries(empty))("is a loss of 0 in a batch without a row: %s", async (_, loss) => {
    expect(await compute(() => loss(rows([0, 3])))).toEqual([0]);
  });

  describe("has PyTorch's values", () => {
    test.each([
      ["sum", sg.sum, 0],
      ["mean", sg.mean, Number.NaN],
      ["variance", sg.variance, Number.NaN],
      ["norm", sg.norm, 0],
      ["logSumExp", sg.logSumExp, Number.NEGATIVE_INFINITY],
    ] as const)("%s", async (_, reduce, value) => {
      expect(await compute(() => reduce(sg.zeros([0])))).toEqual([value]);
      expect(await compute(() => reduce(sg.zeros([2, 0]), { axis: 1 }))).toEqual([value, value]);
      expect(await compute(() => reduce(sg.zeros([2, 0]), { axis: 0 }))).toEqual([]);
    });

    test("softmax and logSoftmax of rows without an element", async () => {
      for (const softmax of [sg.softmax, sg.logSoftmax]) {
        const y = startOn(device, () => softmax(sg.zeros([2, 0])));
        expect(y.shape).toEqual([2, 0]);
      }
    });
  });

  test("has no extremum, row of tags or step", () => {
    for (const extremum of [sg.max, sg.min, sg.argmax]) expectError("shape", () => startOn(device, () => extremum(sg.zeros([0]))));
    const scores = () => ({ transitions: sg.zeros([2, 2]), starts: sg.zeros([2]), ends: sg.zeros([2]) });
    expectError("shape", () => startOn(device, () => sg.crfLoss(sg.zeros([0, 2, 2]), [], scores())), "crfLoss");
    expectError("range", () => startOn(device, () => sg.crfLoss(sg.zeros([1, 2, 2]), [[]], scores())), "crfLoss");
    expectError("shape", () => startOn(device, () => sg.ctcLoss(sg.zeros([0, 2, 3]), [])), "ctcLoss");
  });
});

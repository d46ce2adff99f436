import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { internal } from "../../src/tensor/internal.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

const { POSITIVE_INFINITY: inf } = Number;
const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data));
const values = (x: sg.Tensor) => Array.from(x.dataSync());

await forEachDevice(immediate, "losses of distributions", (device) => {
  const run = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  run("probabilities as targets: one-hot ones are the classes, and what has none may be impossible", () => {
    const logits = sg.tensor([1, -2, 0.5, 0, 3, -1], [2, 3]);
    const classes = int32(2, 0);
    const oneHot = sg.oneHot(classes, 3);
    for (const reduction of ["mean", "sum", "none"] as const)
      expectClose(values(sg.crossEntropy(logits, oneHot, { reduction })), values(sg.crossEntropy(logits, classes, { reduction })), 1e-6);
    const hidden = sg.tensor([0, -inf, 0], [1, 3], { requiresGrad: true });
    const loss = sg.crossEntropy(hidden, sg.tensor([0.5, 0, 0.5], [1, 3]));
    expectClose(values(loss), [Math.LN2], 1e-6);
    loss.backward();
    expectClose(values(hidden.grad!), [0, 0, 0], 1e-6);
    expect(values(sg.crossEntropy(sg.zeros([0, 3]), sg.zeros([0, 3])))).toEqual([0]);
    expectError("value", () => sg.crossEntropy(logits, oneHot, { ignoreIndex: 1 }), "crossEntropy: ignoreIndex is for class indices");
    expectError("shape", () => sg.crossEntropy(logits, oneHot, { weight: sg.ones([2]) }), "crossEntropy: weight has shape [2]");
    expectError("dtype", () => sg.crossEntropy(logits, sg.ones([2])), "crossEntropy: the targets are float32");
  });

  run("a divergence counts nothing where the target is 0, and is 0 of a distribution from itself", () => {
    const p = sg.tensor([0.25, 0.75, 0, 1], [2, 2]);
    const x = sg.tensor([Math.log(0.25), Math.log(0.75), -inf, 0], [2, 2]);
    expectClose(values(sg.klDivLoss(x, p, { reduction: "none" })), [0, 0, 0, 0], 1e-6);
    expectError(
      "value",
      () => sg.klDivLoss(x, p, { reduction: "batchmean" as "batchMean" }),
      'klDivLoss: there is no reduction "batchmean"',
    );
    expectError("shape", () => sg.klDivLoss(x, sg.ones([2])), "klDivLoss: the prediction has shape [2, 2], the target [2]");
    expectError("value", () => sg.klDivLoss(x, p, { log_target: true } as object), '"log_target" is not an option');
  });

  run("a focal loss with gamma 0 is the cross-entropy, and ignores what that ignores", () => {
    const logits = sg.tensor([1, -2, 0.5, 0, 3, -1], [2, 3]);
    const targets = int32(2, -100);
    expectClose(values(sg.focalLoss(logits, targets, { gamma: 0 })), values(sg.crossEntropy(logits, targets)), 1e-6);
    expect(values(sg.focalLoss(logits, targets, { reduction: "none" }))[1]).toBe(0);
    expectError("range", () => sg.focalLoss(logits, targets, { gamma: -1 }), "focalLoss: gamma is -1");
    expectError("range", () => sg.focalLoss(logits, int32(3, 0)), "is 3; expected a number from 0 to 2");
    const [x, t] = [sg.tensor([0.3, -2]), sg.tensor([1, 0])];
    const plain = sg.binaryFocalLossWithLogits(x, t, { gamma: 0 });
    expectClose(values(plain), values(sg.binaryCrossEntropyWithLogits(x, t)), 1e-6);
    expectError("range", () => sg.binaryFocalLossWithLogits(x, t, { alpha: 2 }), "alpha is 2");
  });

  run("wrong arguments of the other losses are refused by name", () => {
    const x = sg.ones([2, 3]);
    expectError("shape", () => sg.gaussianNllLoss(x, x, sg.ones([2])), "gaussianNllLoss: shapes [2, 3] and [2] do not broadcast");
    expectError("shape", () => sg.gaussianNllLoss(x, x, sg.ones([4, 2, 3])), "gaussianNllLoss: the variance has shape [4, 2, 3]");
    expectError("range", () => sg.gaussianNllLoss(x, x, x, { eps: 0 }), "gaussianNllLoss: eps is 0");
    expectError("value", () => sg.poissonNllLoss(x, x, { logInput: 1 as unknown as boolean }), "poissonNllLoss: logInput is 1");
    expectError("range", () => sg.smoothL1Loss(x, x, { beta: -1 }), "smoothL1Loss: beta is -1");
    expect(values(sg.poissonNllLoss(x, internal(int32(1, 1, 1, 1, 1, 1)).view([2, 3], [3, 1], 0)))[0]).toBeCloseTo(Math.E - 1, 5);
  });
});

import { expect } from "vitest";
import { add, affine, log, mul, sqrt, sub, sum } from "../../src/ops/index.js";
import { AdamW, type Optimizer, RMSprop, SGD } from "../../src/optim/index.js";
import { tensor } from "../../src/tensor/create.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import type { SeqgradError } from "../../src/util/errors.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { Regression } from "../helpers/regression.js";

/** A loss with `value` in the gradient of the bias alone. */
const badBias = (model: Regression, value: number): Tensor => add(model.loss(), sum(mul(model.bias, tensor([0, value, 0]))));

function errorOf(run: () => unknown): SeqgradError & { step?: number; parameter?: Tensor } {
  try {
    run();
  } catch (error) {
    return error as SeqgradError;
  }
  throw new Error("nothing was thrown");
}

/** All that a step may change: parameters, the optimizer's tensors, its step count. */
async function everything(model: Regression, optimizer: Optimizer) {
  const { steps, lr, tensors } = await optimizer.stateDict();
  return { values: model.values(), steps, lr, tensors: Array.from(tensors, ([name, { data }]) => [name, [...data]]) };
}

await forEachDevice(immediate, "a step that is not finite changes nothing and says why:", (device) => {
  const it = on(device);
  const cases: [string, (model: Regression) => Tensor, RegExp][] = [
    ["a loss that is NaN", (model) => affine(model.loss(), Number.NaN), /the loss is NaN.*the gradient of weight \[3, 7\] is not finite/],
    [
      "a loss that is infinite",
      (model) => add(model.loss(), tensor([Number.POSITIVE_INFINITY], [])),
      /step 3: the loss is Infinity, the gradient's norm \d/,
    ],
    ["a loss of log(0)", (model) => sum(log(affine(model.bias, 0))), /the loss is -Infinity, .*the gradient of bias \[3\]/],
    ["a gradient that is NaN", (model) => badBias(model, Number.NaN), /the gradient of bias \[3\] is not finite; nothing was changed/],
  ];
  const optimizers: [string, (model: Regression) => Optimizer][] = [
    ["AdamW", (model) => new AdamW(model.named, { clipNorm: 1 })],
    ["SGD with clipValue", (model) => new SGD(model.named, { momentum: 0.9, clipValue: 0.1 })],
    ["RMSprop", (model) => new RMSprop(model.named)],
  ];
  for (const [what, bad, message] of cases) {
    for (const [name, make] of optimizers) {
      it(`${what}, ${name}`, async () => {
        const [model, twin] = [new Regression(), new Regression()];
        const [optimizer, other] = [make(model), make(twin)];
        for (let i = 0; i < 2; i++) {
          optimizer.step(model.loss);
          other.step(twin.loss);
        }
        const error = errorOf(() => optimizer.step(() => bad(model)));
        expect(error.code).toBe("not-finite");
        expect(error.message).toMatch(message);
        expect(error.step).toBe(3);
        expect(await everything(model, optimizer)).toEqual(await everything(twin, other));
        optimizer.step(model.loss);
        other.step(twin.loss);
        expect(await everything(model, optimizer)).toEqual(await everything(twin, other));
      });
    }
  }

  it("with advice that fits what was not finite, and whether anything was learned", () => {
    const messageOf = (bad: (model: Regression) => Tensor, steps: number) => {
      const model = new Regression();
      const optimizer = new SGD(model.named);
      for (let i = 0; i < steps; i++) optimizer.step(model.loss);
      return errorOf(() => optimizer.step(() => bad(model))).message;
    };
    const nanLoss = (model: Regression) => affine(model.loss(), Number.NaN);
    expect(messageOf(nanLoss, 0)).toMatch(
      /Nothing was learned yet: look for NaN or infinite values in the data, .* or a mean over nothing/,
    );
    expect(messageOf(nanLoss, 1)).toMatch(
      /If the loss grew before, lower lr or clip the gradient \(clipNorm\); else look .* in the data\.$/,
    );
    const rootOfZero = (model: Regression) => add(model.loss(), sum(sqrt(affine(model.bias, 0))));
    expect(messageOf(rootOfZero, 1)).toMatch(/Look at what is computed on the way to the loss: a square root/);
    const steep = (model: Regression) => affine(affine(sum(sub(model.bias, model.bias.detach())), 1e30), 1e30);
    if (device.type !== "reference")
      expect(messageOf(steep, 0)).toMatch(/a number is too large for float32.*limit the gradient \(clipValue\)/);
  });

  it("after a backward() of one's own, with the tensor on the error", () => {
    const model = new Regression();
    const optimizer = new SGD(model.params);
    optimizer.zeroGrad();
    scope(() => badBias(model, Number.POSITIVE_INFINITY).backward());
    const error = errorOf(() => optimizer.step());
    expect(error.message).toMatch(/^SGD: step 1: the gradient's norm Infinity; the gradient of parameter 1 \[3\] is not finite/);
    expect(error.parameter).toBe(model.bias);
  });
});

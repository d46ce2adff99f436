import { expect } from "vitest";
import { mul } from "../../src/ops/index.js";
import type { Optimizer } from "../../src/optim/index.js";
import { forEachDevice, on, startOn } from "../helpers/devices.js";
import { expectRejection } from "../helpers/errors.js";
import { optimizerKinds } from "../helpers/optimizers.js";
import { Regression } from "../helpers/regression.js";

/** Parameters, and all that the optimizer keeps. */
async function everything({ params }: Regression, optimizer: Optimizer) {
  const { tensors, ...counts } = await optimizer.stateDict();
  const values = await Promise.all(params.map((p) => p.data()));
  // `y` is where eval() of schedule-free AdamW keeps the parameters for train().
  const state = Array.from(tensors, ([name, { data }]) => [name, data] as const).filter(([name]) => !name.startsWith("y."));
  return { counts, values, state };
}

await forEachDevice(["webgpu"], "steps that are issued after one that is not finite", (device) => {
  for (const [name, make] of optimizerKinds)
    on(device)(`change nothing, and the next read undoes them: ${name}`, async () => {
      const [model, twin] = [new Regression(), new Regression()];
      const [optimizer, other] = [make(model.params, { clipNorm: 1 }), make(twin.params, { clipNorm: 1 })];
      for (const good of [0, 2]) {
        const numbers = startOn(device, () => {
          for (let i = 0; i < good; i++)
            for (const [o, m] of [
              [optimizer, model],
              [other, twin],
            ] as const)
              o.step(m.loss);
          const bad = optimizer.step(() => mul(model.loss(), Number.NaN));
          optimizer.step(model.loss);
          optimizer.eval();
          optimizer.train();
          return [bad, optimizer.step(model.loss)];
        });
        await Promise.all(numbers.map((number) => expectRejection("not-finite", number.read(), `step ${good + 1}:`)));
        expect(await everything(model, optimizer)).toEqual(await everything(twin, other));
      }
      startOn(device, () => [optimizer.step(model.loss), other.step(twin.loss)]);
      expect(await everything(model, optimizer)).toEqual(await everything(twin, other));
    });
});

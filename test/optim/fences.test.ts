import { expect, test } from "vitest";
import { startOn } from "../helpers/devices.js";
import { fencedDevice } from "../helpers/fence.js";
import { optimizerKinds } from "../helpers/optimizers.js";
import { Regression } from "../helpers/regression.js";

const { device, check } = await fencedDevice();

test.each([...optimizerKinds])("%s writes to its own memory alone", (name, make) => {
  startOn(device, () => {
    const model = new Regression();
    const optimizer = make(model.params, { clipNorm: 1 });
    // More than an optimizer keeps the numbers of.
    const steps = name === "SGD" ? 300 : 20;
    for (let i = 0; i < steps; i++) {
      const { readSync } = optimizer.step(model.loss);
      expect(readSync()).toBeGreaterThan(0);
    }
    check();
    optimizer.dispose();
  });
});

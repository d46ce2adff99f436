import { expect } from "vitest";
import { memory, parameter } from "../../src/index.js";
import { zeros } from "../../src/nn/init.js";
import { Adam, RMSprop, SGD } from "../../src/optim/index.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";

await forEachDevice(immediate, "the memory of an optimizer", (device) => {
  const it = on(device);
  for (const [Kind, states] of [
    [SGD, 0],
    [Adam, 2],
    [RMSprop, 1],
  ] as const)
    it(`of ${Kind.name}: gradients and states as large as the parameters, in whole lines of the cache`, () => {
      const before = memory(device).bytes;
      const optimizer = new Kind(
        [1, 16, 17, 1000].map((n) => parameter([n], zeros)),
        { lr: 0.1 },
      );
      const after = memory(device).bytes;
      const bytes = (16 + 16 + 32 + 1008) * 4;
      expect(after.gradient - before.gradient).toBe(bytes);
      // The state, and the numbers of the last steps beside it.
      const state = after.optimizer - before.optimizer;
      expect(state).toBeGreaterThanOrEqual(states * bytes);
      expect(state).toBeLessThan(states * bytes + 4096);
      optimizer.dispose();
      expect(memory(device).bytes.gradient).toBe(before.gradient);
      expect(memory(device).bytes.optimizer).toBe(before.optimizer);
    });
});

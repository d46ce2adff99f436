import { expect, test } from "vitest";
import { crossEntropy, slice } from "../../src/ops/index.js";
import { type AdamOptions, AdamW } from "../../src/optim/index.js";
import type { Device } from "../../src/tensor/device.js";
import { type CurveCase, loadGolden } from "../golden/golden.js";
import { forEachDevice, startOn } from "../helpers/devices.js";
import { toState, toTensor } from "../helpers/golden-tensors.js";
import { TokenModel, type TokenModelOptions } from "../helpers/token-model.js";

const golden = await loadGolden<CurveCase>("curves");

const suite = (device: Device) => {
  test.each(golden.cases)("$name", (c) =>
    startOn(device, async () => {
      const model = new TokenModel(c.args[0] as TokenModelOptions);
      model.loadStateDict(toState(golden.parameters(c)));
      const optimizer = new AdamW(model.parameters(), c.optimizer as AdamOptions);
      const batches = Array.from(golden.inputs(c).values(), toTensor);
      const losses = c.losses.map((_, step) =>
        optimizer.step(() => {
          const tokens = batches[step % batches.length]!;
          return crossEntropy(model.forward(slice(tokens, { axis: 1, end: -1 })), slice(tokens, { axis: 1, start: 1 }));
        }),
      );
      for (const [step, expected] of c.losses.entries())
        expect(Math.abs((await losses[step]!.read()) - expected) / expected, `step ${step}`).toBeLessThan(1e-4);
    }),
  );
};
await forEachDevice(["simd", "full relaxed"], "the loss after each of 50 training steps is PyTorch's", suite);
await forEachDevice(["full webgpu"], "the loss after each of 50 training steps is PyTorch's", suite);

import { expect, test } from "vitest";
import type { Backend } from "../../src/backend/backend.js";
import type { KernelName } from "../../src/backend/kernels.js";
import { crossEntropy } from "../../src/ops/index.js";
import { AdamW } from "../../src/optim/index.js";
import { tensor } from "../../src/tensor/create.js";
import { type Device, withDevice } from "../../src/tensor/device.js";
import { wasmDevice } from "../helpers/devices.js";
import { TokenModel } from "../helpers/token-model.js";

/** The device, and the names of the kernels that run on it. */
function observed(device: Device): { device: Device; log: KernelName[] } {
  const log: KernelName[] = [];
  const backend = new Proxy(device.backend, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        if (key === "dispatch") log.push(args[0] as KernelName);
        return value.apply(target, args);
      };
    },
  }) as Backend;
  return { device: { ...device, backend }, log };
}

test("a training step of embedding, LSTM, linear and cross-entropy is fewer than 20 kernel calls", async () => {
  const { device, log } = observed(await wasmDevice("simd"));
  withDevice(device, () => {
    const model = new TokenModel({ cell: "LSTM", vocabulary: 11, embed: 6, hidden: 10, outputs: 11 });
    const optimizer = new AdamW(model.parameters(), { clipNorm: 1 });
    const tokens = tensor(
      Int32Array.from({ length: 24 }, (_, i) => (i * 7) % 11),
      [4, 6],
    );
    log.length = 0;
    optimizer.step(() => crossEntropy(model.forward(tokens), tokens));
  });
  expect(log.length, log.join(", ")).toBeLessThan(20);
});

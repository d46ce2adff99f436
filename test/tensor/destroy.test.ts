import { describe, expect, it } from "vitest";
import { exp } from "../../src/ops/index.js";
import { parameter, tensor, zeros } from "../../src/tensor/create.js";
import { createDevice, memory, withDevice } from "../../src/tensor/device.js";
import { keep, scope } from "../../src/tensor/scope.js";
import { expectError, expectRejection } from "../helpers/errors.js";

describe.each(["wasm", "reference"] as const)("a %s device that is destroyed", (type) => {
  const message = `${type}: the device was destroyed; make another by init().`;

  it("says so wherever one of its tensors is used", async () => {
    const device = await createDevice({ device: type });
    const x = zeros([3], { device });
    device.destroy();
    expectError("device", () => x.dataSync(), message);
    await expectRejection("device", x.data(), message);
    expectError("device", () => x.write([1, 2, 3]), message);
    expectError("device", () => exp(x), message);
    expectError("device", () => zeros([3], { device }), message);
    expectError("device", () => zeros([0], { device }), message);
    x.dispose();
    device.destroy();
  });

  it("has nothing on its account, and leaves other devices alone", async () => {
    const [device, other] = [await createDevice({ device: type }), await createDevice({ device: type })];
    const mine = tensor([1, 2], [2], { device: other });
    withDevice(device, () => {
      parameter([1000], () => {});
      keep(scope(() => tensor([1, 2])));
    });
    device.destroy();
    expect(memory(device)).toMatchObject({ tensors: 0, inUse: 0, reserved: 0, bytes: { parameter: 0, other: 0, scope: 0 } });
    expect([...mine.dataSync()]).toEqual([1, 2]);
    expect(memory(other).tensors).toBe(1);
  });

  it("inside a scope of its tensors lets the scope end", async () => {
    const device = await createDevice({ device: type });
    const inner = scope(() => {
      zeros([5], { device });
      device.destroy();
      return 7;
    });
    expect(inner).toBe(7);
  });
});

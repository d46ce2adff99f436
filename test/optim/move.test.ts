import { describe, expect, it } from "vitest";
import { Linear } from "../../src/nn/index.js";
import { add, crossEntropy } from "../../src/ops/index.js";
import { AdamW, type Optimizer } from "../../src/optim/index.js";
import { ones, tensor } from "../../src/tensor/create.js";
import { createDevice, type Device, memory, withDevice } from "../../src/tensor/device.js";

/** Three of its steps on a device, where the model is. */
function train(device: Device, model: Linear, optimizer: Optimizer): void {
  withDevice(device, () => {
    const x = tensor([1, -2, 0.5, 3, 0.25, -1], [2, 3]);
    const y = tensor(Int32Array.of(0, 1), [2]);
    for (let i = 0; i < 3; i++) optimizer.step(() => crossEntropy(model.forward(x), y));
  });
}

describe("moving to another device", () => {
  it("an optimizer with its model continues where it stopped", async () => {
    const [first, second] = [await createDevice({ device: "wasm" }), await createDevice({ device: "wasm" })];
    const make = () => withDevice(first, () => new Linear(3, 2));
    const [model, twin] = [make(), make()];
    twin.loadStateDict(await model.stateDict());
    const [optimizer, other] = [new AdamW(model.parameters()), new AdamW(twin.parameters())];
    train(first, model, optimizer);
    train(first, twin, other);
    await optimizer.to(second);
    expect(optimizer.params.map((p) => p.backend)).toEqual([second.backend, second.backend]);
    train(second, model, optimizer);
    train(first, twin, other);
    expect(await model.stateDict()).toEqual(await twin.stateDict());
    expect(optimizer.steps).toBe(6);
  });

  it("a model alone, to float64 and back, with nothing left behind", async () => {
    const [wasm, reference] = [await createDevice({ device: "wasm" }), await createDevice({ device: "reference" })];
    const model = withDevice(wasm, () => new Linear(3, 2));
    const before = await model.stateDict();
    await model.to(reference);
    expect(memory(wasm).tensors).toBe(0);
    expect(model.weight.backend.type).toBe("reference");
    await model.to(wasm);
    expect(await model.stateDict()).toEqual(before);
    expect(memory(reference).tensors).toBe(0);
  });

  it("a tensor, and the error of an operation on two devices says how", async () => {
    const [wasm, reference] = [await createDevice({ device: "wasm" }), await createDevice({ device: "reference" })];
    const x = withDevice(wasm, () => tensor([1, 2, 3]));
    const y = withDevice(reference, () => ones([3]));
    expect(() => add(x, y)).toThrow("add: b is on another device (reference) than a (wasm); move one: await to(device) of the tensor");
    expect(await add(await x.to(reference), y).data()).toEqual(Float64Array.of(2, 3, 4));
  });

  it("a model without its optimizer, and says so", async () => {
    const [first, second] = [await createDevice({ device: "wasm" }), await createDevice({ device: "wasm" })];
    const model = withDevice(first, () => new Linear(3, 2));
    const optimizer = new AdamW(model.parameters());
    await model.to(second);
    expect(() => optimizer.step()).toThrow("it lies on another device; move both by optimizer.to(device)");
    await optimizer.to(second);
    train(second, model, optimizer);
    expect(optimizer.steps).toBe(3);
  });
});

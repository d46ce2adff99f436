import { expect } from "vitest";
import { mul, square, sum } from "../../src/ops/index.js";
import { SGD } from "../../src/optim/index.js";
import { parameter } from "../../src/tensor/create.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { optimizerKinds } from "../helpers/optimizers.js";

const make = (values: number[]) => parameter([values.length], (y) => y.write(values));
const lossOf = (...params: Tensor[]) => params.map((p) => sum(square(p))).reduce((a, b) => mul(a, b));

await forEachDevice(immediate, "a parameter without a gradient", (device) => {
  const it = on(device);
  for (const [name, kind] of optimizerKinds) {
    const optimizerOf = (params: Tensor[]) => kind(params, /^(SGD|RAdam)/.test(name) ? { lr: 1e-5 } : { lr: 0.1 });
    it(`stays as it is, and its state and step count too: ${name}`, async () => {
      const [a, b, c] = [make([1, 2, 3]), make([4, 5]), make([6])];
      const optimizer = optimizerOf([a, b, c]);
      optimizer.step(() => lossOf(a, b, c));
      const stateOf = async () => new Map([...(await optimizer.stateDict()).tensors].filter(([key]) => key.endsWith(".1")));
      const [before, state] = [[...b.dataSync()], await stateOf()];
      for (let i = 0; i < 3; i++) optimizer.step(() => lossOf(a, c));
      b.requiresGrad = false;
      for (let i = 0; i < 3; i++) optimizer.step(() => lossOf(a, b, c));
      expect([...b.dataSync()]).toEqual(before);
      expect(await stateOf()).toEqual(state);
      expect((await optimizer.stateDict()).skipped).toEqual([0, 6, 0]);
    });

    it(`and then one is updated as if those steps had not been: ${name}`, async () => {
      const [a, b, twin] = [make([1, 2, 3]), make([4, 5]), make([4, 5])];
      const [optimizer, alone] = [optimizerOf([a, b]), optimizerOf([twin])];
      for (const both of [false, false, true, false, true, true]) {
        optimizer.step(() => (both ? mul(lossOf(b), 1) : lossOf(a)));
        if (both) alone.step(() => lossOf(twin));
      }
      expect([...b.dataSync()]).toEqual([...twin.dataSync()]);
      const [resumed, fresh] = [[make([1, 2, 3]), make([4, 5])], make([4, 5])];
      for (const [i, p] of [a, b].entries()) resumed[i]!.write(p.dataSync());
      fresh.write(twin.dataSync());
      const [again, lone] = [optimizerOf(resumed), optimizerOf([fresh])];
      again.loadStateDict(await optimizer.stateDict());
      lone.loadStateDict(await alone.stateDict());
      again.step(() => lossOf(resumed[1]!));
      lone.step(() => lossOf(fresh));
      expect([...resumed[1]!.dataSync()]).toEqual([...fresh.dataSync()]);
    });
  }

  it("that was frozen after backward() is left out of the norm and of the update", () => {
    const [a, b] = [make([3]), make([100])];
    const optimizer = new SGD([a, b], { lr: 0.5, clipNorm: 6 });
    optimizer.zeroGrad();
    lossOf(a).backward();
    lossOf(b).backward();
    b.requiresGrad = false;
    optimizer.step();
    expect(optimizer.gradientNorm().readSync()).toBe(6);
    expect(a.dataSync()[0]).toBeCloseTo(0, 5);
    expect([...b.dataSync()]).toEqual([100]);
  });

  it("but with one written by hand is updated", () => {
    const [a, b] = [make([3]), make([100])];
    const optimizer = new SGD([a, b], { lr: 1 });
    optimizer.zeroGrad();
    b.grad!.write([1]);
    optimizer.step();
    expect([...a.dataSync(), ...b.dataSync()]).toEqual([3, 99]);
    optimizer.zeroGrad();
    optimizer.step();
    expect([...a.dataSync(), ...b.dataSync()]).toEqual([3, 99]);
  });
});

import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate, wasmDevice } from "../helpers/devices.js";

const MiB = 2 ** 20;
const LIMIT = 4 * MiB;
/** Ones that take this many MiB. */
const ones = (mebibytes: number) => sg.ones([(mebibytes * MiB) / 4]);

const makers = {
  wasm: () => wasmDevice("simd", LIMIT),
  reference: () => sg.createDevice({ device: "reference", memoryLimit: LIMIT }),
};

test.each(Object.entries(makers))("the reserve of the scopes goes to a tensor outside that fits only so: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    sg.scope(() => void ones(2.5));
    expect(sg.memory(device).inUse).toBeGreaterThanOrEqual(2.5 * MiB);
    const x = ones(2);
    expect(sg.sum(x).itemSync()).toBe(MiB / 2);
    x.dispose();
    // The scopes take it again.
    expect(sg.scope(() => sg.sum(ones(2)).itemSync())).toBe(MiB / 2);
  });
});

test.each(Object.entries(makers))("the part of the reserve that no open scope uses goes to a gradient outside: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    const x = ones(1);
    x.requiresGrad = true;
    sg.scope(() => {
      const inside = ones(0.5);
      const loss = sg.sum(x);
      sg.scope(() => void ones(2));
      loss.backward();
      expect(x.grad!.dataSync().every((v) => v === 1)).toBe(true);
      expect(inside.dataSync().every((v) => v === 1)).toBe(true);
    });
  });
});

test.each(Object.entries(makers))("a scope that fails gives back its memory: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    const { inUse } = sg.memory(device);
    const failing = () => sg.scope(() => [1, 1, 1, 1].map(ones));
    for (let i = 0; i < 3; i++) {
      expect(failing).toThrow("out of memory");
      expect(sg.memory(device).inUse).toBe(inUse);
    }
    const x = ones(2.5);
    expect(sg.sum(x).itemSync()).toBe((2.5 * MiB) / 4);
    x.dispose();
  });
});

test.each(Object.entries(makers))("after a scope within a scope failed, another cut of its memory fits: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () =>
    sg.scope(() => {
      const x = sg.ones([100]);
      const failing = () => sg.scope(() => [1, 1, 1, 1].map(ones));
      expect(failing).toThrow("out of memory");
      expect(sg.scope(() => sg.sum(ones(2)).itemSync())).toBe(MiB / 2);
      expect(sg.sum(x).itemSync()).toBe(100);
    }),
  );
});

await forEachDevice(immediate, "keep", (device) => {
  test("lets the gradient that a leaf has outlive the scope with it", () => {
    sg.withDevice(device, () => {
      const { tensors } = sg.memory(device);
      const seen: sg.Tensor[] = [];
      sg.scope(() => {
        sg.scope(() => {
          const x = sg.tensor([1, 2, 3], [3], { requiresGrad: true });
          sg.sum(sg.square(x)).backward();
          seen.push(sg.keep(x));
        });
        sg.scope(() => void sg.zeros([64]));
      });
      sg.scope(() => void sg.zeros([64]));
      const [x] = seen as [sg.Tensor];
      expect(Array.from(x.dataSync())).toEqual([1, 2, 3]);
      expect(Array.from(x.grad!.dataSync())).toEqual([2, 4, 6]);
      x.dispose();
      expect(sg.memory(device).tensors).toBe(tensors);
    });
  });
});

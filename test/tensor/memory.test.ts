import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate, wasmDevice } from "../helpers/devices.js";

const MiB = 2 ** 20;

const makers = {
  wasm: () => wasmDevice("simd", 4 * MiB),
  reference: () => sg.createDevice({ device: "reference", memoryLimit: 4 * MiB }),
};

test.each(Object.entries(makers))("out of memory names request, use and limit, and leaves everything as it was: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    const x = sg.tensor([1, 2, 3], [3], { requiresGrad: true });
    const { tensors } = sg.memory(device);
    const outside = () => sg.zeros([2 * MiB]);
    expect(outside).toThrow(/^out of memory: asked for 8 MiB with .* in use of at most 4 MiB\. Use a smaller batch/);
    const inside = () =>
      sg.scope(() => {
        const y = sg.sum(x);
        for (;;) sg.keep(sg.copyOf(sg.expand(y, [MiB / 8])));
      });
    for (let i = 0; i < 3; i++) expect(inside).toThrow("out of memory");
    expect(sg.memory(device).tensors).toBe(tensors);
    expect(Array.from(x.dataSync())).toEqual([1, 2, 3]);
    sg.scope(() => sg.sum(sg.square(x)).backward());
    expect(Array.from(x.grad!.dataSync())).toEqual([2, 4, 6]);
  });
});

test.each(Object.entries(makers))("a result that does not fit outside its scope is an error, not garbage: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    const { tensors } = sg.memory(device);
    const large = () => sg.scope(() => [sg.ones([64]), sg.ones([MiB / 2])]);
    // The scope's own 2 MiB are there, 2 more are not.
    expect(large).toThrow("out of memory");
    expect(sg.memory(device).tensors).toBe(tensors);
    expect(sg.scope(() => sg.sum(sg.ones([MiB / 2])).itemSync())).toBe(MiB / 2);
  });
});

test.each(Object.entries(makers))("out of memory in backward frees the graph and what it had made: %s", async (_, make) => {
  const device = await make();
  sg.withDevice(device, () => {
    const x = sg.ones([MiB / 8], { requiresGrad: true });
    const { tensors } = sg.memory(device);
    let filled = 0;
    const step = () =>
      sg.scope(() => {
        const y = sg.exp(sg.exp(x));
        try {
          for (; ; filled++) sg.copyOf(x.detach());
        } catch {
          sg.sum(y).backward();
        }
      });
    expect(step).toThrow("out of memory");
    expect(filled).toBeGreaterThan(0);
    expect(sg.memory(device).tensors).toBe(tensors);
    sg.scope(() => sg.sum(x).backward());
    expect(x.grad!.dataSync().every((v) => v === 1)).toBe(true);
  });
});

await forEachDevice(immediate, "memory()", (device) => {
  test("reports bytes by kind, in use and at most", () => {
    sg.withDevice(device, () => {
      const before = sg.memory(device);
      const w = sg.parameter([10], (y) => y.write(new Array(10).fill(1)));
      const x = sg.zeros([5]);
      sg.scope(() => {
        sg.sum(sg.mul(w, sg.ones([10]))).backward();
        const { bytes, tensors } = sg.memory(device);
        expect([bytes.parameter, bytes.gradient, bytes.other - before.bytes.other]).toEqual([40, 40, 20]);
        expect(bytes.scope).toBeGreaterThan(40);
        expect(tensors).toBeGreaterThan(before.tensors + 3);
      });
      const { bytes, inUse, peak, reserved, limit } = sg.memory(device);
      expect(bytes.scope).toBe(0);
      expect(inUse).toBeLessThanOrEqual(peak);
      expect(peak).toBeLessThanOrEqual(reserved);
      expect(reserved).toBeLessThanOrEqual(limit);
      for (const t of [w, x]) t.dispose();
      expect(sg.memory(device).bytes).toEqual(before.bytes);
    });
  });
});

test("debug mode says where what is left was made", async () => {
  const device = await sg.createDevice({ device: "reference" });
  const before = sg.leaks(); // of files that ran in this process
  sg.setDebug(true);
  try {
    const x = sg.withDevice(device, () => sg.zeros([3]));
    expect(sg.leaks().slice(before.length).join()).toContain("memory.test");
    x.dispose();
    expect(sg.leaks()).toEqual(before);
  } finally {
    sg.setDebug(false);
  }
});

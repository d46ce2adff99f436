import { expect } from "vitest";
import { concat, rotary, slice, sum } from "../../src/ops/index.js";
import { randn, tensor } from "../../src/tensor/create.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";
import { expectClose } from "../helpers/numbers.js";

await forEachDevice(immediate, "rotary embedding", (device) => {
  const it = on(device);

  it("turns by the exact angle, also at position 100,000", () => {
    const D = 64;
    for (const offset of [0, 1, 99_999]) {
      const data = Float32Array.from({ length: D }, (_, i) => (i < D / 2 ? 1 : 0));
      const y = rotary(tensor(data, [1, 1, D]), { heads: 1, offset }).dataSync();
      const angle = (i: number) => offset * 10000 ** ((-2 * i) / D);
      const exact = Array.from({ length: D }, (_, i) => (i < D / 2 ? Math.cos(angle(i)) : Math.sin(angle(i - D / 2))));
      expectClose(y, exact, 1e-7, `position ${offset}`);
    }
  });

  it("at an offset is what it is there in a longer sequence", () => {
    const x = randn([2, 80, 24]);
    const whole = rotary(x, { headDim: 8 });
    const part = rotary(slice(x, { axis: 1, start: 70 }), { headDim: 8, offset: 70 });
    expect(part.dataSync()).toEqual(slice(whole, { axis: 1, start: 70 }).dataSync());
  });

  it("lets what lies behind the heads pass, and its gradient", () => {
    const x = randn([2, 3, 20], { requiresGrad: true });
    const y = rotary(x, { heads: 2, headDim: 6 });
    const turned = rotary(slice(x, { axis: -1, end: 12 }), { heads: 2 });
    expectClose(y.dataSync(), concat([turned, slice(x, { axis: -1, start: 12 })], { axis: -1 }).dataSync(), 1e-7);
    sum(slice(y, { axis: -1, start: 12 })).backward();
    const passed = Array.from({ length: 120 }, (_, i) => (i % 20 < 12 ? 0 : 1));
    expectClose(x.grad!.dataSync(), passed, 0);
  });

  it("continues where a length beyond the table's made a longer one", () => {
    const x = randn([1, 3, 4], { requiresGrad: true });
    const y = rotary(x, { heads: 2, base: 77 });
    rotary(randn([1, 300, 4]), { heads: 2, base: 77 });
    sum(y).backward();
    expectClose(sum(rotary(x.grad!, { heads: 2, base: 77 })).dataSync(), [12], 1e-6);
  });
});

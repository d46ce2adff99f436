import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError, expectRejection } from "../helpers/errors.js";

const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data));
const values = (x: sg.Tensor) => Array.from(x.dataSync());

await forEachDevice(immediate, "shapes and creation", (device) => {
  const run = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  run("linspace meets both ends exactly, and takes no, one and whole numbers", () => {
    expect(values(sg.linspace(0.1, 0.7, 7)).at(-1)).toBe(device.type === "reference" ? 0.7 : Math.fround(0.7));
    expect(values(sg.linspace(5, -5, 3))).toEqual([5, 0, -5]);
    expect(values(sg.linspace(2, 9, 1))).toEqual([2]);
    expect(sg.linspace(2, 9, 0).shape).toEqual([0]);
    expect(values(sg.linspace(0, 9, 4, { dtype: "int32" }))).toEqual([0, 3, 6, 9]);
    expect(sg.linspace(0, 9, 4, { dtype: "int32" }).dtype).toBe("int32");
    expectError("range", () => sg.linspace(0, 1, 3, { dtype: "int32" }), "linspace: number 1 is 0.5");
    expectError("range", () => sg.linspace(0, 1, -1), "linspace: count is -1");
    expectError("value", () => sg.linspace(0, Number.NaN, 2), "linspace: end is NaN");
  });

  run("eye is square or not, empty or not, of either type", () => {
    expect(values(sg.eye(2))).toEqual([1, 0, 0, 1]);
    expect(values(sg.eye(3, 2))).toEqual([1, 0, 0, 1, 0, 0]);
    expect(sg.eye(0, 3).shape).toEqual([0, 3]);
    const whole = sg.eye(2, 3, { dtype: "int32" });
    expect([whole.dtype, ...values(whole)]).toEqual(["int32", 1, 0, 0, 0, 1, 0]);
    expectError("shape", () => sg.eye(1.5), "eye: [1.5, 1.5] is not a shape");
  });

  run("what is made like another has its shape and type", () => {
    for (const x of [sg.tensor([1, 2], [2, 1]), sg.tensor([1, 2], [2, 1], { dtype: "int32" })]) {
      const made = { 0: sg.zerosLike(x), 1: sg.onesLike(x), 7: sg.fullLike(x, 7) };
      for (const [value, y] of Object.entries(made)) {
        expect([y.dtype, y.shape, values(y)]).toEqual([x.dtype, [2, 1], [Number(value), Number(value)]]);
      }
      expect(sg.onesLike(x, { dtype: "float32", requiresGrad: true }).requiresGrad).toBe(true);
      expect([sg.randLike(x).dtype, sg.randnLike(x).shape]).toEqual(["float32", [2, 1]]);
    }
    expectError("range", () => sg.fullLike(int32(1), 0.5), "fullLike: number 0 is 0.5");
    expectError("dtype", () => sg.zerosLike(int32(1), { requiresGrad: true }), "zerosLike: only float32");
    expectError("value", () => sg.zerosLike(int32(1), { device } as object), 'zerosLike: "device" is not an option');
    expectError("value", () => sg.randLike([1] as unknown as sg.Tensor), "randLike: x is");
    sg.manualSeed(3);
    const drawn = values(sg.randLike(sg.zeros([500])));
    expect(drawn.every((v) => v >= 0 && v < 1)).toBe(true);
    sg.manualSeed(3);
    expect(values(sg.rand([500]))).toEqual(drawn);
  });

  run("randint draws every number of the interval about as often, and randperm each number once", () => {
    sg.manualSeed(1);
    const dice = values(sg.randint([6000], { low: -2, high: 4 }));
    const counts = [-2, -1, 0, 1, 2, 3].map((face) => dice.filter((v) => v === face).length);
    expect(counts.reduce((a, b) => a + b)).toBe(6000);
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(120);
    const wide = values(sg.randint([1000], { low: -(2 ** 31), high: 2 ** 31 }));
    expect(Math.min(...wide)).toBeLessThan(-2e9);
    expect(Math.max(...wide)).toBeGreaterThan(2e9);
    expect(sg.randint([2, 0], { high: 1 }).shape).toEqual([2, 0]);
    const order = values(sg.randperm(50));
    expect(order).not.toEqual(order.toSorted((a, b) => a - b));
    expect(order.toSorted((a, b) => a - b)).toEqual(values(sg.arange(50)));
    expect([sg.randperm(0).shape, sg.randperm(1).dtype]).toEqual([[0], "int32"]);
    expectError("range", () => sg.randint([2], { low: 3, high: 3 }), "randint: low 3 is not below high 3");
    expectError("value", () => sg.randint([2], undefined as unknown as sg.IntegerOptions), "randint: the options are");
    expectError("range", () => sg.randint([2], {} as sg.IntegerOptions), "randint: high is undefined");
    expectError("range", () => sg.randperm(-1), "randperm: n is -1");
  });

  run("what is empty stays empty", () => {
    const none = sg.zeros([0, 3]);
    expect(sg.pad(none, [1, 1, 2, 0]).shape).toEqual([2, 5]);
    expect(sg.pad(sg.ones([3]), [-2, -1]).shape).toEqual([0]);
    expect(sg.roll(none, 1).shape).toEqual([0, 3]);
    expect(sg.roll(none, 1, { axis: 0 }).shape).toEqual([0, 3]);
    expect(sg.tril(none).shape).toEqual([0, 3]);
    expect(sg.repeat(none, [2, 2]).shape).toEqual([0, 6]);
    expect(sg.repeatInterleave(none, 2, { axis: 1 }).shape).toEqual([0, 6]);
    expect(sg.chunk(none, 2).map((x) => x.shape)).toEqual([
      [0, 3],
      [0, 3],
    ]);
    expect(sg.unbind(none)).toEqual([]);
    expect(sg.maskedFill(none, sg.ones([3]), 1).shape).toEqual([0, 3]);
  });

  run("wrong arguments are refused by name", () => {
    const x = sg.ones([2, 3]);
    expectError("value", () => sg.pad(x, [1]), "pad: got 1 sizes for a tensor of shape [2, 3]");
    expectError("value", () => sg.pad(x, [1, 1, 1, 1, 1, 1]), "at most 2 dimensions");
    expectError("range", () => sg.pad(x, [3, 0], { mode: "reflect" }), "pad: sizes[0] is 3; give a whole number from 0 to 2");
    expectError("range", () => sg.pad(x, [-1, 0], { mode: "circular" }), "pad: sizes[0] is -1");
    expectError("shape", () => sg.pad(x, [-2, -2]), "pad: [2, 3] is smaller");
    expectError("range", () => sg.pad(int32(1), [1, 0], { value: 0.5 }), "pad: number 0 is 0.5");
    expectError("value", () => sg.pad(x, [1, 1], { mode: "wrap" as "circular" }), 'pad: there is no mode "wrap"');
    expectError("value", () => sg.roll(x, [1, 2], { axis: 0 }), "roll: got 2 shifts for 1 axes");
    expectError("range", () => sg.roll(x, 0.5), "roll: a shift is 0.5");
    expectError("value", () => sg.roll(x, 1, { dim: 1 } as object), 'Did you mean "axis"?');
    expectError("shape", () => sg.tril(int32(1)), "tril: x has shape [1]");
    expectError("shape", () => sg.repeat(x, [2]), "repeat: the repeats [2] are fewer");
    expectError("value", () => sg.repeat(x, 2 as unknown as number[]), "repeat: got 2; give all in one array");
    expectError("shape", () => sg.repeatInterleave(x, [1, 2], { axis: 1 }), "repeatInterleave: got 2 repeats for 3 slices");
    expectError("range", () => sg.repeatInterleave(x, [1, -2], { axis: 0 }), "repeatInterleave: repeats[1] is -2");
    expectError("range", () => sg.chunk(x, 0), "chunk: count is 0");
    expectError("range", () => sg.unbind(sg.fromArray(1)), "unbind: axis 0 is not one of the 0 dimensions");
    expectError("shape", () => sg.maskedFill(x, sg.ones([2, 2, 3]), 1), "maskedFill: the mask of shape [2, 2, 3] is larger");
    expectError("shape", () => sg.maskedFill(x, x, x), "maskedFill: the value has shape [2, 3]");
    expectError("range", () => sg.maskedFill(int32(1), int32(1), 0.5), "maskedFill: number 0 is 0.5");
  });

  test("maskedSelect takes what the mask shows, keeps the type and the gradient", async () => {
    const { x, mask, whole } = sg.withDevice(device, () => ({
      x: sg.tensor([1, 2, 3, 4], [2, 2], { requiresGrad: true }),
      mask: sg.tensor([0, 1]),
      whole: int32(5, 6, 7),
    }));
    const y = await sg.maskedSelect(x, mask);
    expect(values(y)).toEqual([2, 4]);
    sg.sum(y).backward();
    expect(values(x.grad!)).toEqual([0, 1, 0, 1]);
    const taken = await sg.maskedSelect(whole, sg.greater(whole, 5));
    expect([taken.dtype, ...values(taken)]).toEqual(["int32", 6, 7]);
    expect((await sg.maskedSelect(whole, sg.greater(whole, 9))).shape).toEqual([0]);
    await expectRejection("shape", sg.maskedSelect(whole, mask), "maskedSelect: shapes [3] and [2] do not broadcast");
    await expectRejection("value", sg.maskedSelect(whole, [1] as unknown as sg.Tensor), "maskedSelect: the mask is");
  });
});

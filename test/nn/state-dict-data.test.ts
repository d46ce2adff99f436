import { expect } from "vitest";
import * as nn from "../../src/nn/index.js";
import type { ForeignValue } from "../../src/tensor/value.js";
import { forEachDevice, immediate, on } from "../helpers/devices.js";

/** Values that are not what a bias of two float32 numbers can be, and what the error says. */
const bad: Record<string, [unknown, RegExp]> = {
  "bigints for numbers": [{ dtype: "float32", shape: [2], data: new BigInt64Array(2) }, /bias is float32, but holds a BigInt64Array/],
  "texts for numbers": [{ dtype: "float32", shape: [2], data: ["1", "2"] }, /bias: number 0 is "1", not a number/],
  "a null among numbers": [{ dtype: "float32", shape: [2], data: [1, null] }, /bias: number 1 is null/],
  "a hole among numbers": [{ dtype: "float32", shape: [2], data: new Array(2) }, /bias: number 0 is undefined/],
  "a bigint among numbers": [{ dtype: "float32", shape: [2], data: [1, 2n] }, /bias: number 1 is 2n/],
  "integers for float32": [{ dtype: "float32", shape: [2], data: Int32Array.of(1, 2) }, /bias is float32, but holds an Int32Array/],
  "fewer numbers than its shape": [{ dtype: "float32", shape: [2], data: Float32Array.of(1) }, /bias holds 1 numbers, expected 2/],
  "more numbers than its shape": [{ dtype: "float32", shape: [2], data: new Float32Array(99) }, /bias holds 99 numbers, expected 2/],
  "what only has a length": [{ dtype: "float32", shape: [2], data: { length: 2 } }, /bias: the data are an object/],
  "a text": [{ dtype: "float32", shape: [2], data: "ab" }, /bias: the data are "ab"/],
  "a dtype that is not text": [{ dtype: Symbol("float32"), shape: [2], data: [1, 2] }, /bias is Symbol\(float32\), expected float32/],
  "a shape that is not a list": [{ dtype: "float32", shape: 2, data: [1, 2] }, /bias is not a \{ dtype, shape, data \}/],
  null: [null, /bias/],
};

await forEachDevice(immediate, "a state dict with bad data after good ones changes nothing:", (device) => {
  const it = on(device);
  for (const [what, [value, message]] of Object.entries(bad)) {
    it(what, async () => {
      const layer = new nn.Linear(2, 2);
      const before = await layer.stateDict();
      const weight = { dtype: "float32", shape: [2, 2], data: Float32Array.of(9, 9, 9, 9) };
      const state = new Map([
        ["weight", weight],
        ["bias", value as ForeignValue],
      ]);
      let error: unknown;
      try {
        layer.loadStateDict(state);
      } catch (thrown) {
        error = thrown;
      }
      expect(error).toMatchObject({ name: "SeqgradError", code: "format", message: expect.stringMatching(message) });
      expect(await layer.stateDict()).toEqual(before);
    });
  }

  it("a count that is not an int32", () => {
    const norm = new nn.BatchNorm(1);
    const one = { dtype: "float32", shape: [1], data: [1] };
    const withCount = (data: ArrayLike<number | bigint>, dtype = "int32") =>
      new Map<string, ForeignValue>([
        ...["weight", "bias", "running_mean", "running_var"].map((name) => [name, one] as const),
        ["num_batches_tracked", { dtype, shape: [], data }],
      ]);
    for (const data of [[1.5], [2 ** 31], [Number.NaN], ["3"] as never, Float32Array.of(3)])
      expect(() => norm.loadStateDict(withCount(data))).toThrow(/num_batches_tracked(: number 0 is | is int32, but holds)/);
    expect(() => norm.loadStateDict(withCount([1.5], "int64"))).toThrow("num_batches_tracked is int64, but holds an array");
    norm.loadStateDict(withCount([-(2 ** 31)]));
    expect(norm.statistics.get("num_batches_tracked")!.dataSync()).toEqual(Int32Array.of(-(2 ** 31)));
  });
});

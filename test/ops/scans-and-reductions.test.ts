import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { normals } from "../helpers/numbers.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data));
const values = (x: sg.Tensor) => Array.from(x.dataSync());

await forEachDevice(immediate, "scans, reductions and logic", (device) => {
  const run = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  run("cumsum of a long vector keeps its digits", () => {
    const data = normals(20_000, 3, 1);
    let exact = 0;
    const y = values(sg.cumsum(sg.tensor(data)));
    data.forEach((v, i) => {
      exact += v;
      if (!(Math.abs(y[i]! - exact) <= 1e-6 * Math.max(1, Math.abs(exact)))) expect.fail(`element ${i} is ${y[i]}, not ${exact}`);
    });
  });

  run("scans and products of int32 stay int32, wrap around, and take empty and single dimensions", () => {
    for (const y of [sg.cumsum(int32(2147483647, 1, -5)), sg.cumprod(int32(65536, 65536, 3)), sg.prod(int32(3, -4))])
      expect(y.dtype).toBe("int32");
    expect(values(sg.cumsum(int32(2147483647, 1, -5)))).toEqual([2147483647, -2147483648, 2147483643]);
    expect(values(sg.cumprod(int32(65536, 65536, 3)))).toEqual([65536, 0, 0]);
    for (const scan of [sg.cumsum, sg.cumprod]) {
      expect(scan(sg.zeros([0, 3]), { axis: 0 }).shape).toEqual([0, 3]);
      expect(scan(sg.zeros([2, 0])).shape).toEqual([2, 0]);
      expect(values(scan(sg.tensor([7])))).toEqual([7]);
      expectError("range", () => scan(sg.fromArray(1)), "axis -1 is not one of the 0 dimensions");
      expectError("value", () => scan(sg.ones([2]), { dim: 0 } as object), 'Did you mean "axis"?');
    }
    expect(values(sg.prod(sg.zeros([0, 2]), { axis: 0 }))).toEqual([1, 1]);
    expect(sg.prod(sg.ones([2, 3]), { axis: 0, keepDims: true }).shape).toEqual([1, 3]);
    expect(values(sg.prod(sg.fromArray(3)))).toEqual([3]);
    expectError("value", () => sg.prod(sg.ones([2]), 0 as unknown as object), "prod: the options are 0");
  });

  run("gradients of products are those of the other factors, beside zeros too", () => {
    const gradient = (data: number[], f: (x: sg.Tensor) => sg.Tensor) => {
      const x = sg.tensor(data, [data.length], { requiresGrad: true });
      sg.sum(f(x)).backward();
      return values(x.grad!);
    };
    expect(gradient([2, 0, 3], sg.prod)).toEqual([0, 6, 0]);
    expect(gradient([0, 0, 3], sg.prod)).toEqual([0, 0, 0]);
    expect(gradient([2, 0, 3], sg.cumprod)).toEqual([1, 8, 0]);
    expect(gradient([1, 2, 3], sg.cumsum)).toEqual([3, 2, 1]);
    expect(gradient([5, 5, 5], (x) => sg.std(x))).toEqual([0, 0, 0]);
    expect(gradient([5, 5, 1], (x) => sg.maxWithIndices(x).values)).toEqual([1, 0, 0]);
  });

  run("NaN is the extreme, and std of one element is NaN, as in PyTorch", () => {
    const x = sg.tensor([1, nan, -2, nan]);
    expect(values(sg.argmin(x))).toEqual([1]);
    const { values: largest, indices } = sg.maxWithIndices(x);
    expect([...values(largest), ...values(indices)]).toEqual([nan, 1]);
    expect(values(sg.minWithIndices(sg.tensor([inf, -inf, -inf])).indices)).toEqual([1]);
    expect(values(sg.std(sg.tensor([3])))).toEqual([nan]);
    expect(values(sg.std(sg.tensor([3]), { correction: 0 }))).toEqual([0]);
    expect(values(sg.cumsum(sg.tensor([1, nan, 2])))).toEqual([1, nan, nan]);
  });

  run("extremes of int32 are exact where float32 is not, and refuse empty dimensions", () => {
    const x = int32(16777216, 16777217, 16777217);
    expect(values(sg.maxWithIndices(x).values)).toEqual([16777217]);
    expect([sg.maxWithIndices(x).values.dtype, ...values(sg.maxWithIndices(x).indices)]).toEqual(["int32", 1]);
    expect(values(sg.argmin(sg.sub(0, x)))).toEqual([1]);
    expect(sg.argmin(sg.ones([2, 3]), { keepDims: true }).shape).toEqual([1, 1]);
    expectError("shape", () => sg.argmin(sg.zeros([2, 0]), { axis: 1 }), "argmin: dimension 1 of [2, 0] is empty");
    expectError("value", () => sg.argmin(x, 0 as unknown as object), "argmin: the options are 0");
    expectError("value", () => sg.argmin(x, { keepDims: 1 as unknown as boolean }), "argmin: keepDims is 1");
  });

  run("truth is what is not 0, NaN too, of either type, with numbers beside tensors", () => {
    const x = sg.tensor([0, 2, nan, -0]);
    expect(values(sg.logicalAnd(x, 3))).toEqual([0, 1, 1, 0]);
    expect(values(sg.logicalOr(int32(0, 5, 0, 1), x))).toEqual([0, 1, 1, 1]);
    expect(values(sg.logicalXor(1, x))).toEqual([1, 0, 0, 1]);
    expect(values(sg.logicalNot(int32(0, 5)))).toEqual([1, 0]);
    expect(values(sg.isNaN(x))).toEqual([0, 0, 1, 0]);
    expect(values(sg.isNaN(int32(1)))).toEqual([0]);
    expect(values(sg.isFinite(sg.tensor([1, nan, inf, -inf])))).toEqual([1, 0, 0, 0]);
    expect(values(sg.isFinite(int32(2147483647)))).toEqual([1]);
    expect([...values(sg.all(sg.zeros([0]))), ...values(sg.any(sg.zeros([0])))]).toEqual([1, 0]);
    expect(values(sg.any(int32(0, -1)))).toEqual([1]);
    expect(values(sg.maskedFill(sg.ones([4]), sg.logicalNot(x), 9))).toEqual([9, 1, 1, 9]);
    expectError("shape", () => sg.logicalAnd(sg.ones([2]), sg.ones([3])), "do not broadcast");
  });

  run("functions of one number keep whole int32, take int32, and refuse what else is given", () => {
    for (const f of [sg.round, sg.ceil, sg.trunc]) expect(f(int32(7)).dtype).toBe("int32");
    expect(sg.log1p(int32(0)).dtype).toBe("float32");
    expect(values(sg.remainder(int32(7, -7), 3))).toEqual([1, 2]);
    expect(sg.remainder(int32(7), 3).dtype).toBe("int32");
    expect(values(sg.remainder(7, sg.tensor([2, -4])))).toEqual([1, -1]);
    expect(sg.remainder(sg.ones([0]), 3).shape).toEqual([0]);
    expectError("value", () => (sg.round as (x: sg.Tensor, n: number) => void)(sg.ones([1]), 2), "round: got 2");
    expectError("shape", () => sg.glu(sg.ones([2, 3])), "glu: dimension 1 of [2, 3] has odd size 3");
    expectError("value", () => sg.elu(sg.ones([1]), { alpha: nan }), "elu: alpha is NaN");
    expect(values(sg.elu(sg.toFloat(int32(-1000, 2))))).toEqual([-1, 2]);
    expect(values(sg.logSigmoid(sg.tensor([-1000, 1000])))).toEqual([-1000, 0]);
    expectError("shape", () => sg.cosineSimilarity(sg.ones([2]), sg.ones([3])), "cosineSimilarity: shapes [2] and [3]");
    expect(values(sg.cosineSimilarity(sg.zeros([2]), sg.ones([2])))).toEqual([0]);
  });
});

import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { internal } from "../../src/tensor/internal.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { normals } from "../helpers/numbers.js";

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
const int32 = (...data: number[]) => sg.tensor(Int32Array.from(data));
const values = (x: sg.Tensor) => Array.from(x.dataSync());

await forEachDevice(immediate, "sorting, scattering, sums of products and draws", (device) => {
  const run = (name: string, fn: () => void) => test(name, () => sg.withDevice(device, () => sg.scope(fn)));

  run("sorts every length in the order of numbers, NaN last, equal ones as they came", () => {
    for (const n of [1, 2, 3, 4, 5, 7, 8, 9, 31, 33, 1000]) {
      const data = Float32Array.from(normals(n, n), (v) => Math.round(v * 4) / 4);
      const order = Array.from(data.keys()).sort((i, j) => data[i]! - data[j]! || i - j);
      expect(values(sg.argsort(sg.tensor(data)))).toEqual(order);
      const back = Array.from(data.keys()).sort((i, j) => data[j]! - data[i]! || i - j);
      expect(values(sg.argsort(sg.tensor(data), { descending: true }))).toEqual(back);
    }
    const odd = sg.tensor([nan, inf, -0, 0, -inf, nan, -3]);
    expect(values(sg.argsort(odd))).toEqual([4, 6, 2, 3, 1, 0, 5]);
    expect(values(sg.argsort(odd, { descending: true }))).toEqual([0, 5, 1, 2, 3, 6, 4]);
    expect(values(sg.sort(int32(2147483647, -2147483648, 0)).values)).toEqual([-2147483648, 0, 2147483647]);
    expect(sg.sort(int32(2)).values.dtype).toBe("int32");
    expect(sg.sort(sg.zeros([0, 3]), { axis: 0 }).values.shape).toEqual([0, 3]);
    expectError("range", () => sg.sort(sg.fromArray(1)), "sort: axis -1 is not one of the 0 dimensions");
    expectError("value", () => sg.argsort(odd, { reverse: true } as object), 'argsort: "reverse" is not an option');
    expectError("value", () => sg.sort(odd, { descending: 1 as unknown as boolean }), "sort: descending is 1");
  });

  run("topk takes none to all, the first of equal ones first", () => {
    const { values: largest, indices } = sg.topk(sg.tensor([2, 7, 7, nan]), 3);
    expect([...values(largest), ...values(indices)]).toEqual([nan, 7, 7, 3, 1, 2]);
    expect(sg.topk(sg.ones([3, 2]), 0).values.shape).toEqual([3, 0]);
    expectError("range", () => sg.topk(sg.ones([3]), 4), "topk: k is 4; give a whole number from 0 to 3");
  });

  run("median is the lower of two, NaN where there is one", () => {
    expect(values(sg.median(sg.tensor([4, 1, 3, 2])))).toEqual([2]);
    expect(
      values(
        sg.median(
          sg.fromArray([
            [1, nan, 3],
            [3, 1, 2],
          ]),
          { axis: 1 },
        ),
      ),
    ).toEqual([nan, 2]);
    expect(values(sg.median(sg.fromArray(5)))).toEqual([5]);
    expect(sg.median(sg.ones([2, 3]), { keepDims: true }).shape).toEqual([1, 1]);
    expect([sg.median(int32(9, 1, 5)).dtype, ...values(sg.median(int32(9, 1, 5)))]).toEqual(["int32", 5]);
    expectError("shape", () => sg.median(sg.zeros([0])), "median: dimension 0 of [0] is empty");
  });

  run("the last of repeated positions stays, and alone has a gradient", () => {
    const source = sg.tensor([1, inf, 3, nan], [4], { requiresGrad: true });
    const x = sg.tensor([7, 8, 9], [3], { requiresGrad: true });
    const y = sg.scatter(x, int32(0, 2, 2, 0), source);
    expect(values(y)).toEqual([nan, 8, 3]);
    y.backward(sg.tensor([1, 2, 3]));
    expect(values(source.grad!)).toEqual([0, 0, 3, 1]);
    expect(values(x.grad!)).toEqual([0, 2, 0]);
    const large = sg.scatter(int32(1, 2), int32(1), int32(2147483647));
    expect([large.dtype, ...values(large)]).toEqual(["int32", 1, 2147483647]);
    expect(values(sg.scatter(sg.ones([2]), sg.tensor(new Int32Array(0)), sg.zeros([0])))).toEqual([1, 1]);
    expectError("range", () => sg.scatter(x, int32(3), sg.ones([1])), "scatter: index[0] is 3; expected a number from 0 to 2");
    expectError("dtype", () => sg.scatter(x, sg.ones([1]), sg.ones([1])), "scatter: the index is float32");
    expectError("dtype", () => sg.scatter(x, int32(1), int32(1)), "scatter: the source is int32, x float32");
    expectError("shape", () => sg.scatter(x, int32(1), sg.ones([2])), "scatter: the index has shape [1]; expected [2]");
    expectError("shape", () => sg.indexAdd(sg.ones([2, 3]), int32(0), sg.ones([1, 2])), "indexAdd: the source has shape [1, 2]");
    expectError("dtype", () => sg.indexAdd(int32(1), int32(0), int32(1)), "indexAdd: x is int32");
    expectError("range", () => sg.indexAdd(x, int32(-1), sg.ones([1])), "indexAdd: index[0] is -1");
  });

  run("einsum names what is wrong with an equation", () => {
    const [a, b] = [sg.ones([2, 3]), sg.ones([3, 4])];
    expect(sg.einsum("ij,jk->ik", [sg.ones([0, 3]), b]).shape).toEqual([0, 4]);
    expect(values(sg.einsum("ij,jk->ik", [sg.ones([2, 0]), sg.ones([0, 1])]))).toEqual([0, 0]);
    expect(values(sg.einsum("->", [sg.fromArray(3)]))).toEqual([3]);
    expect(sg.einsum("ij->ij", [internal(int32(1, 2)).view([1, 2], [2, 1], 0)]).dtype).toBe("int32");
    expectError("value", () => sg.einsum("ij,jk", [a]), 'einsum: "ij,jk": it has 2 terms for 1 tensors');
    expectError("shape", () => sg.einsum("ij,jk", [a, a]), "j is 3 in one place and 2 in another");
    expectError("shape", () => sg.einsum("ijk", [a]), 'the term "ijk" does not fit the shape [2, 3]');
    expectError("shape", () => sg.einsum("ii", [sg.ones([1, 3])]), 'i stands twice in "ii", for sizes 1 and 3');
    expectError("value", () => sg.einsum("ij->iz", [a]), 'the result "iz" must name letters');
    expectError("value", () => sg.einsum("ij->ii", [a]), 'the result "ii" must name letters');
    expectError("value", () => sg.einsum("i1->i", [a]), '"i1" is not a term');
    expectError("value", () => sg.einsum("i->j->k", [a]), "it has several arrows");
    expectError("value", () => sg.einsum("ij", a as unknown as sg.Tensor[]), "einsum: the tensors are");
    expectError("value", () => sg.einsum(1 as unknown as string, [a]), "einsum: the equation is a number");
  });

  run("draws follow their probabilities", () => {
    sg.manualSeed(11);
    const share = (drawn: number[], value: number) => drawn.filter((v) => v === value).length / drawn.length;
    const coins = values(sg.bernoulli(sg.full([2000], 0.3)));
    expect(Math.abs(share(coins, 1) - 0.3)).toBeLessThan(0.05);
    expect(values(sg.bernoulli(sg.tensor([0, 1, 0, 1])))).toEqual([0, 1, 0, 1]);
    const weights = sg.tensor([1, 0, 3, 6]);
    const drawn = values(sg.multinomial(weights, 2000, { replacement: true }));
    for (const [i, p] of [0.1, 0, 0.3, 0.6].entries()) expect(Math.abs(share(drawn, i) - p)).toBeLessThan(0.05);
    expect(share(drawn, 1)).toBe(0);
    const firsts = Array.from({ length: 100 }, () => values(sg.multinomial(weights, 3)));
    for (const draw of firsts) expect(draw.toSorted()).toEqual([0, 2, 3]);
    expect(
      Math.abs(
        share(
          firsts.map(([first]) => first!),
          3,
        ) - 0.6,
      ),
    ).toBeLessThan(0.2);
    expect(sg.multinomial(sg.ones([4, 9]), 2).shape).toEqual([4, 2]);
    const logits = sg.repeat(sg.log(sg.tensor([0.2, 0.8])), [1000, 1]);
    const choice = sg.gumbelSoftmax(logits, { hard: true, tau: 0.5 });
    expect(Math.abs(values(sg.mean(choice, { axis: 0 }))[1]! - 0.8)).toBeLessThan(0.04);
  });

  run("a hard choice is one-hot and has the gradient of the soft one", () => {
    const gradientOf = (hard: boolean) => {
      sg.manualSeed(4);
      const x = sg.tensor([0.5, -1, 2, 0.1], [2, 2], { requiresGrad: true });
      const y = sg.gumbelSoftmax(x, { hard, axis: 0 });
      sg.sum(
        sg.mul(
          y,
          sg.fromArray([
            [1, 2],
            [3, 4],
          ]),
        ),
      ).backward();
      return { y: values(y), gradient: values(x.grad!) };
    };
    const [soft, hard] = [gradientOf(false), gradientOf(true)];
    expect(hard.gradient).toEqual(soft.gradient);
    for (const [i, v] of hard.y.entries()) expect(v).toBeCloseTo(soft.y[i]! > 0.5 ? 1 : 0, 6);
  });

  run("weights that nothing can be drawn by are refused", () => {
    expectError("range", () => sg.multinomial(sg.tensor([1, -1]), 1), "multinomial: weight 1 is -1");
    expectError("range", () => sg.multinomial(sg.tensor([nan, 1]), 1), "multinomial: weight 0 is NaN");
    expectError("range", () => sg.multinomial(sg.tensor([0, 0]), 1, { replacement: true }), "row 0 has 0 weights above 0");
    expectError(
      "range",
      () =>
        sg.multinomial(
          sg.fromArray([
            [1, 1],
            [0, 1],
          ]),
          2,
        ),
      "row 1 has 1 weights above 0; expected at least 2",
    );
    expectError("range", () => sg.multinomial(sg.ones([2]), 3), "multinomial: count is 3");
    expectError("shape", () => sg.multinomial(sg.ones([1, 1, 2]), 1), "multinomial: weights have shape [1, 1, 2]");
    expectError("range", () => sg.gumbelSoftmax(sg.ones([2]), { tau: 0 }), "gumbelSoftmax: tau is 0");
  });
});

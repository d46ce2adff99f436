import { beforeAll, describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError } from "../helpers/errors.js";

beforeAll(() => sg.init({ device: "reference" }));

type AnyOptions = never;
const x = () => sg.tensor([1, 2, 3, 4, 5, 6], [2, 3]);
const ids = (...list: number[]) => sg.tensor(Int32Array.from(list), [1, list.length]);

/** Operations with an axis: a call with the options given, and how the advice writes it. */
const calls: Readonly<Record<string, readonly [call: (options: AnyOptions) => unknown, advice: string]>> = {
  softmax: [(o) => sg.softmax(x(), o), "softmax(…, { axis: 1 })"],
  logSoftmax: [(o) => sg.logSoftmax(x(), o), "logSoftmax(…, { axis: 1 })"],
  glu: [(o) => sg.glu(x(), o), "glu(…, { axis: 1 })"],
  sum: [(o) => sg.sum(x(), o), "sum(…, { axis: 1 })"],
  mean: [(o) => sg.mean(x(), o), "mean(…, { axis: 1 })"],
  max: [(o) => sg.max(x(), o), "max(…, { axis: 1 })"],
  min: [(o) => sg.min(x(), o), "min(…, { axis: 1 })"],
  prod: [(o) => sg.prod(x(), o), "prod(…, { axis: 1 })"],
  variance: [(o) => sg.variance(x(), o), "variance(…, { axis: 1 })"],
  std: [(o) => sg.std(x(), o), "std(…, { axis: 1 })"],
  norm: [(o) => sg.norm(x(), o), "norm(…, { axis: 1 })"],
  logSumExp: [(o) => sg.logSumExp(x(), o), "logSumExp(…, { axis: 1 })"],
  median: [(o) => sg.median(x(), o), "median(…, { axis: 1 })"],
  argmax: [(o) => sg.argmax(x(), o), "argmax(…, { axis: 1 })"],
  argmin: [(o) => sg.argmin(x(), o), "argmin(…, { axis: 1 })"],
  maxWithIndices: [(o) => sg.maxWithIndices(x(), o), "maxWithIndices(…, { axis: 1 })"],
  cumsum: [(o) => sg.cumsum(x(), o), "cumsum(…, { axis: 1 })"],
  cumprod: [(o) => sg.cumprod(x(), o), "cumprod(…, { axis: 1 })"],
  sort: [(o) => sg.sort(x(), o), "sort(…, { axis: 1 })"],
  argsort: [(o) => sg.argsort(x(), o), "argsort(…, { axis: 1 })"],
  topk: [(o) => sg.topk(x(), 1, o), "topk(…, { axis: 1 })"],
  concat: [(o) => sg.concat([x(), x()], o), "concat(…, { axis: 1 })"],
  stack: [(o) => sg.stack([x(), x()], o), "stack(…, { axis: 1 })"],
  split: [(o) => sg.split(x(), 1, o), "split(…, { axis: 1 })"],
  chunk: [(o) => sg.chunk(x(), 2, o), "chunk(…, { axis: 1 })"],
  unbind: [(o) => sg.unbind(x(), o), "unbind(…, { axis: 1 })"],
  squeeze: [(o) => sg.squeeze(sg.ones([2, 1]), o), "squeeze(…, { axis: 1 })"],
  unsqueeze: [(o) => sg.unsqueeze(x(), o), "unsqueeze(x, { axis: 0 })"],
  flip: [(o) => sg.flip(x(), o), "flip(x, { axis: 0 })"],
  slice: [(o) => sg.slice(x(), o), "slice(x, { axis, start, end, step })"],
  select: [(o) => sg.select(x(), 1, o), "select(x, index, { axis })"],
  indexSelect: [(o) => sg.indexSelect(x(), sg.tensor(Int32Array.of(1)), o), "indexSelect(…, { axis: 1 })"],
  gather: [(o) => sg.gather(x(), sg.tensor(Int32Array.of(1, 0), [2, 1]), o), "gather(…, { axis: 1 })"],
  scatter: [(o) => sg.scatter(x(), sg.tensor(Int32Array.of(1, 0), [2, 1]), 7, o), "scatter(…, { axis: 1 })"],
  scatterAdd: [(o) => sg.scatterAdd(x(), sg.tensor(Int32Array.of(1, 0), [2, 1]), sg.ones([2, 1]), o), "scatterAdd(…, { axis: 1 })"],
  indexAdd: [(o) => sg.indexAdd(x(), sg.tensor(Int32Array.of(1)), sg.ones([2, 1]), o), "indexAdd(…, { axis: 1 })"],
  roll: [(o) => sg.roll(x(), 1, o), "roll(…, { axis: 1 })"],
  repeatInterleave: [(o) => sg.repeatInterleave(x(), 2, o), "repeatInterleave(…, { axis: 1 })"],
  cosineSimilarity: [(o) => sg.cosineSimilarity(x(), x(), o), "cosineSimilarity(…, { axis: 1 })"],
};

describe("an axis is an option by name", () => {
  test.each(Object.entries(calls))("in %s", (name, [call, advice]) => {
    const given = (options: unknown) => () => sg.scope(() => void call(options as AnyOptions));
    if (name !== "glu") given({ axis: 1 })();
    expectError("value", given(1), `${name}: the options are 1; `, advice);
    expectError("value", given(null), `${name}: the options are null; `);
    expectError("value", given({ dim: 1 }), `${name}: "dim" is not an option. Did you mean "axis"?`);
    expectError("range", given({ axis: 3 }), `${name}: axis 3 is not one of the`);
    expectError("range", given({ axis: "1" }), `${name}: axis "1" is not one of the`);
  });

  test("in flatten, as its first and last one", () => {
    const y = sg.zeros([2, 3, 4, 5]);
    expect(sg.flatten(y).shape).toEqual([120]);
    expect(sg.flatten(y, { start: 1, end: 2 }).shape).toEqual([2, 12, 5]);
    expectError("value", () => sg.flatten(y, 1 as never), "flatten: the options are 1; write flatten(x, { start: 1 }).");
  });

  test.each([
    ["slice", () => sg.slice(x(), undefined as never)],
    ["flip", () => sg.flip(x(), undefined as never)],
    ["unsqueeze", () => sg.unsqueeze(x(), undefined as never)],
  ])("%s must be given an axis by name", (name, call) => {
    expectError("value", call, `${name}: the options are null`);
  });

  test("in the old order it is refused, with the new one", () => {
    expectError("value", () => sg.select(x(), 1, 0 as never), "write select(x, index, { axis }).");
    expectError("value", () => sg.indexSelect(x(), 1 as never, ids(0) as never), "indexSelect: the index is 1");
    expectError("value", () => sg.gather(x(), 1 as never, ids(0) as never), "gather: the index is 1");
  });

  test("is the first one for what cuts, picks or joins, and the last one for what goes along it", async () => {
    const y = x();
    const data = async (t: sg.Tensor) => Array.from(await t.data());
    expect(await data(sg.slice(y, { start: 1 }))).toEqual([4, 5, 6]);
    expect(await data(sg.select(y, 1))).toEqual([4, 5, 6]);
    expect(await data(sg.indexSelect(y, sg.tensor(Int32Array.of(1))))).toEqual([4, 5, 6]);
    expect(await data(sg.gather(y, sg.tensor(Int32Array.of(1, 0, 1), [1, 3])))).toEqual([4, 2, 6]);
    expect(sg.concat([y, y]).shape).toEqual([4, 3]);
    expect(sg.stack([y, y], { axis: -1 }).shape).toEqual([2, 3, 2]);
    expect(await data(sg.cumsum(y))).toEqual([1, 3, 6, 4, 9, 15]);
    expect(await data(sg.sum(sg.softmax(y), { axis: 1 }))).toEqual([expect.closeTo(1, 5), expect.closeTo(1, 5)]);
  });
});

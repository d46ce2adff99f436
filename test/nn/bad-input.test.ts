import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError } from "../helpers/errors.js";

await sg.init();

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

describe("a caller without types gets an error for", () => {
  test("a value that is not a shape", () => {
    expectError(
      "shape",
      () => sg.tensor([1, 2], wrong({ dtype: "int32" })),
      "tensor: the shape is an object; give an array such as [2, 3]",
    );
    expectError("shape", () => sg.zeros(wrong(3)), "zeros: the shape is 3; give an array such as [2, 3]");
  });

  test("nested arrays, which are for fromArray, which takes numbers", () => {
    expectError("value", () => sg.tensor(wrong([[1], [2]]), [2, 1]), "use fromArray()");
    expectError("value", () => sg.fromArray(wrong("a")), 'number 0 is "a"');
    expectError("value", () => sg.fromArray(wrong([1, null])), "number 1 is null");
  });

  test("parameters that an optimizer cannot train", () => {
    expectError("value", () => new sg.optim.Adam(wrong(new sg.nn.Linear(2, 2))), "pass model.parameters()");
  });

  test("inputs and states that a recurrent layer cannot read", () => {
    const x = sg.zeros([2, 5, 3]);
    const h = sg.zeros([1, 2, 4]);
    expectError("value", () => new sg.nn.GRU(3, 4).forward(wrong([1, 2, 3])), "GRU: x is an array, not a tensor");
    expectError("value", () => new sg.nn.GRU(3, 4).forward(x, { state: wrong(h) }), "must be { h }");
    expectError("value", () => new sg.nn.LSTM(3, 4).forward(x, { state: wrong({ h }) }), "must be { h, c }");
  });

  test("inputs of attention, by name", () => {
    const x = sg.zeros([2, 5, 8]);
    const attention = new sg.nn.MultiheadAttention(8, 2);
    expectError("value", () => attention.forward(wrong(null)), "MultiheadAttention: x is null, not a tensor");
    expectError("value", () => attention.forward(x, { mask: wrong([[1]]) }), "selfAttention: mask is an array, not a tensor");
    expectError("value", () => attention.forward(x, { lengths: wrong(5) }), "MultiheadAttention: lengths is a number; give an array");
    expectError("range", () => attention.forward(x, { lengths: wrong(["5", "5"]) }), 'lengths[0] is "5"; give a whole number');
    expectError("range", () => attention.forward(x, { lengths: [5, Number.NaN] }), "lengths[1] is NaN");
    expectError(
      "range",
      () => new sg.nn.MultiheadAttention(8, 2, { dropout: wrong("0.1") }),
      'dropout is "0.1"; give a number from 0 to 1',
    );
    expectError(
      "value",
      () => new sg.nn.TransformerEncoder(8, 2, { numLayers: 1 }).forward(wrong(undefined)),
      "TransformerEncoder: x is undefined",
    );
    const score = new sg.nn.DotAttention();
    expectError("value", () => score.forward(x, wrong(null)), "DotAttention: the keys: no tensor");
    expectError("value", () => score.forward(x, x, { lengths: wrong(5) }), "DotAttention: lengths is a number; give an array");
    expectError("value", () => sg.rotary(wrong([1]), { heads: 1 }), "rotary: x is an array, not a tensor");
    expectError("value", () => new sg.nn.SinusoidalPositionalEncoding(8).forward(wrong(null)), "SinusoidalPositionalEncoding: x is null");
  });

  test("a decoder without a memory: it would attend to itself", () => {
    const x = sg.zeros([2, 5, 8]);
    const options = { dimFeedforward: 8 };
    for (const memory of [undefined, null, []])
      expectError(
        "value",
        () => new sg.nn.TransformerDecoder(8, 2, { ...options, numLayers: 1 }).forward(x, wrong(memory)),
        "the memory is",
      );
    expectError("value", () => new sg.nn.TransformerDecoderLayer(8, 2, options).forward(x, wrong(undefined)), "the memory is undefined");
  });

  test("state dicts with faults, all at once", () => {
    const layer = new sg.nn.Linear(2, 1);
    const weight = [...layer.weight.dataSync()];
    expectError("value", () => layer.loadStateDict(wrong({})), "loadStateDict: the state is not a Map");
    expectError("value", () => layer.loadStateDict(wrong(null)), "loadStateDict: the state is not a Map");
    const state = new Map<string, unknown>([
      ["weight", sg.zeros([1, 2])],
      ["bias", { dtype: "float32", data: new Float32Array(1) }],
    ]);
    expectError(
      "format",
      () => layer.loadStateDict(wrong(state)),
      "weight: the data are a function",
      "bias is not a { dtype, shape, data }",
    );
    expect([...layer.weight.dataSync()]).toEqual(weight);
  });
});

test("positions far out cost what their vectors do", () => {
  const far = new sg.nn.SinusoidalPositionalEncoding(2).forward(sg.zeros([1, 2, 2]), { offset: 1e12 });
  expect(far.dataSync()[2]).toBeCloseTo(Math.sin(1e12 + 1), 6);
  const near = new sg.nn.SinusoidalPositionalEncoding(4);
  const across = near.forward(sg.zeros([1, 4, 4]), { offset: 2 ** 16 - 2 }).dataSync();
  expect(across[0]).toBeCloseTo(Math.sin(2 ** 16 - 2), 6);
  expect(across[13]).toBeCloseTo(Math.cos(2 ** 16 + 1), 6);
});

test("a layer takes the cache of one layer, not that of all", () => {
  const cache = new sg.nn.KeyValueCache({ layers: 1, capacity: 4, width: 8 });
  const layer = new sg.nn.TransformerEncoderLayer(8, 2, { dimFeedforward: 8 });
  const call = (given: unknown) => sg.noGrad(() => layer.forward(sg.zeros([1, 2, 8]), { causal: true, cache: wrong(given) }));
  expectError("value", () => call(cache), "MultiheadAttention: the cache is not the part of one layer; give at(layer)");
  expect(call(cache.at(0)).shape).toEqual([1, 2, 8]);
  cache.dispose();
});

test("a cache counts whole positions of layers that are there", () => {
  const cache = new sg.nn.KeyValueCache({ layers: 1, capacity: 4, width: 8 });
  cache.advance(2);
  for (const n of [-1, 0.5, Number.NaN]) expectError("range", () => cache.advance(n), `the number of positions is ${n}`);
  expectError("range", () => cache.read(1), "KeyValueCache.read: the layer is 1");
  expect(cache.length).toBe(2);
  cache.dispose();
});

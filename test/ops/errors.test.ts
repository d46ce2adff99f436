import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

type Make = (shape: number[]) => sg.Tensor;

/** What each call is refused with: the code, and how the message starts. */
const refusals: Record<string, [(f: Make, i: Make) => unknown, sg.ErrorCode, string]> = {
  "shapes that do not broadcast": [
    (f) => sg.add(f([2, 3]), f([4])),
    "shape",
    "add: shapes [2, 3] and [4] do not broadcast: dimension 1 is 3 against 4.",
  ],
  "a condition that does not broadcast": [(f) => sg.where(f([2]), f([3]), 0), "shape", "where: shapes [2] and [3] do not broadcast"],
  "two numbers": [() => sg.mul(2, 3), "value", "mul: a is 2, not a tensor; make one with tensor(data, shape)."],
  "nothing to add": [(f) => sg.add(f([1]), undefined as unknown as sg.Tensor), "value", "add: b is undefined, not a tensor"],
  "a string": [() => sg.exp("x" as unknown as sg.Tensor), "value", 'exp: x is "x", not a tensor'],
  "inner dimensions that differ": [
    (f) => sg.matmul(f([2, 3]), f([4, 5])),
    "shape",
    "matmul: [2, 3] by [4, 5]: the last dimension of the first, 3, must equal",
  ],
  "a product of scalars": [(f) => sg.matmul(f([]), f([2])), "shape", "matmul: a scalar has no rows or columns"],
  "batches that differ": [(f) => sg.matmul(f([2, 1, 3]), f([3, 3, 1])), "shape", "matmul: shapes [2] and [3] do not broadcast"],
  "a product of integers": [(f, i) => sg.matmul(i([2, 2]), f([2, 2])), "dtype", "matmul: expected float32, got int32 and float32"],
  "features that differ": [
    (f) => sg.linear(f([2, 3]), f([4, 5])),
    "shape",
    "linear: x [2, 3] with weight [4, 5]: the weight is [out, in] and x must end in 5.",
  ],
  "a bias too long": [
    (f) => sg.linear(f([2, 3]), f([4, 3]), f([3])),
    "shape",
    "linear: the bias has shape [3]; expected [4], as the weight is [4, 3].",
  ],
  "integers into a linear layer": [(f, i) => sg.linear(i([2, 3]), f([4, 3])), "dtype", "linear: x is int32; expected float32."],
  "an axis too high": [(f) => sg.sum(f([2, 3]), { axis: 2 }), "range", "sum: axis 2 is not one of the 2 dimensions (-2 to 1)."],
  "an axis twice": [(f) => sg.sum(f([2, 3]), { axis: [0, -2] }), "value", "sum: axis [0, 0] names a dimension twice."],
  "a size that does not fit": [(f) => sg.reshape(f([2, 3]), [4, -1]), "shape", "reshape: [2, 3] holds 6 elements, which [4, -1] does not"],
  "two sizes to infer": [(f) => sg.reshape(f([2, 3]), [-1, -1]), "shape", "reshape: [2, 3] holds 6 elements"],
  "an order that is not a permutation": [
    (f) => sg.permute(f([2, 3]), [0, 0]),
    "value",
    "permute: the order [0, 0] must name each of the 2 dimensions of [2, 3] once.",
  ],
  "a dimension to expand": [
    (f) => sg.expand(f([2, 3]), [4, 3]),
    "shape",
    "expand: [2, 3] does not expand to [4, 3]; only dimensions of size 1 repeat.",
  ],
  "a size of no dimension": [(f) => sg.expand(f([3]), [-1, 3]), "shape", "expand: [-1, 3] is not a shape"],
  "a dimension to squeeze": [(f) => sg.squeeze(f([2, 3]), { axis: 0 }), "shape", "squeeze: dimension 0 of [2, 3] has size 2, not 1."],
  "a step backwards": [(f) => sg.slice(f([3]), { end: 2, step: -1 }), "range", "slice: step is -1; give a whole number of at least 1."],
  "half an end": [(f) => sg.slice(f([3]), { end: 1.5 }), "range", "slice: end is 1.5; give a whole number"],
  "an index too high": [(f) => sg.select(f([3]), 3), "range", "select: index is 3; give a whole number from -3 to 2."],
  "pieces too small": [(f) => sg.split(f([5]), [2, 2]), "shape", "split: sizes [2, 2] do not add up to dimension 0 of [5]."],
  "a negative piece": [(f) => sg.split(f([3]), [5, -2]), "range", "split: a size is -2; give a whole number of at least 0."],
  "nothing to concatenate": [() => sg.concat([]), "value", "concat: there is no tensor"],
  "rows of unequal length": [
    (f) => sg.concat([f([2, 3]), f([2, 4])]),
    "shape",
    "concat: tensor 1 has shape [2, 4], tensor 0 [2, 3]; they may differ in dimension 0 alone.",
  ],
  "rows of two types": [(f, i) => sg.concat([f([2]), i([2])]), "dtype", "concat: tensor 1 is int32, tensor 0 float32"],
  "unequal shapes to stack": [
    (f) => sg.stack([f([2]), f([3])]),
    "shape",
    "stack: tensor 1 has shape [3], tensor 0 [2]; they must be equal.",
  ],
  "a float index": [(f) => sg.embedding(f([2]), f([3, 4])), "dtype", "embedding: the index is float32; expected int32."],
  "a table that is not a tensor": [(_, i) => sg.embedding(i([2]), 5 as unknown as sg.Tensor), "value", "embedding: the weight is"],
  "a table that is not a matrix": [
    (f, i) => sg.embedding(i([2]), f([3])),
    "shape",
    "embedding: the weight has shape [3]; expected [V, D].",
  ],
  "an index of rows with two dimensions": [
    (f, i) => sg.indexSelect(f([3, 4]), i([1, 1])),
    "shape",
    "indexSelect: the index has shape [1, 1]; expected one dimension.",
  ],
  "an index that does not match": [
    (f, i) => sg.gather(f([3, 4]), i([2, 4]), { axis: 1 }),
    "shape",
    "gather: the index has shape [2, 4], x [3, 4]; they may differ in dimension 1 alone.",
  ],
  "no classes": [(_, i) => sg.oneHot(i([2]), 0), "range", "oneHot: classes is 0; give a whole number of at least 1."],
  "targets that do not match": [
    (f, i) => sg.crossEntropy(f([4, 3]), i([3])),
    "shape",
    "crossEntropy: scores [4, 3] with targets [3]: classes come last",
  ],
  "float targets": [
    (f) => sg.crossEntropy(f([4, 3]), f([4])),
    "dtype",
    "crossEntropy: the targets are float32; expected int32 class indices.",
  ],
  "too much smoothing": [
    (f, i) => sg.crossEntropy(f([4, 3]), i([4]), { labelSmoothing: 2 }),
    "range",
    "crossEntropy: labelSmoothing is 2; give a number from 0 to 1.",
  ],
  "an unknown reduction": [
    (f) => sg.mseLoss(f([2]), f([2]), { reduction: "max" as "sum" }),
    "value",
    'mseLoss: there is no reduction "max"; use "none", "mean", "sum".',
  ],
  "a loss that would broadcast": [
    (f) => sg.mseLoss(f([2, 1]), f([2])),
    "shape",
    "mseLoss: the prediction has shape [2, 1], the target [2]; they must be equal.",
  ],
  "a delta of nothing": [(f) => sg.huberLoss(f([2]), f([2]), { delta: 0 }), "range", "huberLoss: delta is 0"],
  "limits the wrong way round": [(f) => sg.clamp(f([2]), 1, 0), "range", "clamp: low 1 is above high 0; swap them."],
  "a chance over 1": [(f) => sg.dropout(f([2]), 1.5), "range", "dropout: p is 1.5; give a number from 0 to 1."],
  "gains that do not fit": [
    (f) => sg.layerNorm(f([2, 3]), f([2])),
    "shape",
    "layerNorm: gamma has shape [2]; expected [3], as x is [2, 3].",
  ],
  "a scale that does not fit": [
    (f) => sg.rmsNorm(f([2, 3]), f([2])),
    "shape",
    "rmsNorm: gamma has shape [2]; expected [3], as x is [2, 3].",
  ],
  "a mean square of a scalar": [(f) => sg.rmsNorm(f([])), "shape", "rmsNorm: a scalar has no last dimension."],
  "gates without values": [(f) => sg.swiglu(f([2, 3])), "shape", "swiglu: x [2, 3] has an odd last dimension; expected 2 F"],
  "heads of an odd size": [(f) => sg.rotary(f([1, 2, 6]), { heads: 2 }), "shape", "rotary: 2 heads of equal size do not fit x [1, 2, 6]"],
  "heads wider than x": [(f) => sg.rotary(f([1, 2, 6]), { heads: 2, headDim: 4 }), "shape", "rotary: 2 heads of 4 size do not fit"],
  "no heads": [(f) => sg.rotary(f([1, 2, 6]), {}), "shape", "rotary: all heads of equal size do not fit"],
  "a vector to turn": [(f) => sg.rotary(f([6]), { heads: 1 }), "shape", "rotary: x [6] has no steps"],
  "a position before 0": [(f) => sg.rotary(f([1, 2, 6]), { heads: 1, offset: -1 }), "range", "rotary: offset is -1"],
  "a bare beta": [(f) => sg.layerNorm(f([2, 3]), undefined, f([3])), "value", "layerNorm: beta needs gamma"],
  "sequences without a batch": [
    (f) => sg.rnn(f([5, 2]), f([3, 2]), f([3, 3])),
    "shape",
    "rnn: x has shape [5, 2]; expected [B, T, D], batch first.",
  ],
  "sequences of no step": [(f) => sg.gru(f([2, 0, 1]), f([3, 1]), f([3, 1])), "shape", "gru: x [2, 0, 1] holds no step"],
  "weights of another size": [
    (f) => sg.lstm(f([2, 5, 3]), f([16, 4]), f([16, 4])),
    "shape",
    "lstm: wIh has shape [16, 4]; expected [16, 3] for x [2, 5, 3].",
  ],
  "keys of another size": [
    (f) => sg.additiveAttention(f([2, 3, 7]), f([2, 5, 8]), f([7]), f([2, 5, 4])),
    "shape",
    "additiveAttention: k has shape [2, 5, 8]; expected [B, S, A], with q [2, 3, 7] as [B, T, A] and k [2, 5, 8] as [B, S, A]",
  ],
  "a query without steps": [
    (f) => sg.additiveAttention(f([2, 7]), f([2, 5, 7]), f([7]), f([2, 5, 4])),
    "shape",
    "additiveAttention: q has shape [2, 7]; expected [B, T, A]",
  ],
  "attention to nothing": [
    (f) => sg.additiveAttention(f([2, 1, 7]), f([2, 0, 7]), f([7]), f([2, 0, 4])),
    "shape",
    "additiveAttention: k has shape [2, 0, 7]; expected [B, S, A]",
  ],
  "values for other keys": [
    (f) => sg.additiveAttention(f([2, 1, 7]), f([2, 5, 7]), f([7]), f([2, 4, 3])),
    "shape",
    "attend: the values are float32 [2, 4, 3]; expected float32 [2, 5, E], a row a key.",
  ],
  "float positions": [
    (f) => sg.additiveAttention(f([2, 1, 7]), f([2, 5, 7]), f([7]), f([2, 5, 4]), { window: 3, positions: f([2, 1]) }),
    "dtype",
    "additiveAttention: positions are float32; expected int32.",
  ],
  "a window of nothing": [
    (f) => sg.additiveAttention(f([2, 1, 7]), f([2, 5, 7]), f([7]), f([2, 5, 4]), { window: 0 }),
    "range",
    "additiveAttention: window is 0; give a whole number from 1 to",
  ],
  "a first position before the first key": [
    (f) => sg.additiveAttention(f([2, 1, 7]), f([2, 5, 7]), f([7]), f([2, 5, 4]), { window: 3, positions: -1 }),
    "range",
    "additiveAttention: positions is -1; give a whole number from 0 to",
  ],
  "float lengths": [
    (f) => sg.rnn(f([2, 5, 3]), f([4, 3]), f([4, 4]), { lengths: f([2]) }),
    "dtype",
    "rnn: lengths are float32; expected int32.",
  ],
};

await forEachDevice(immediate, "operations refuse", (device) => {
  const float: Make = (shape) => sg.full(shape, 0.5, { requiresGrad: true });
  const int: Make = (shape) => sg.zeros(shape, { dtype: "int32" });

  test.each(Object.entries(refusals))("%s", (_, [call, code, message]) => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        let error: unknown;
        try {
          call(float, int);
        } catch (thrown) {
          error = thrown;
        }
        expect(error).toBeInstanceOf(sg.SeqgradError);
        expect((error as sg.SeqgradError).message.slice(0, message.length)).toBe(message);
        expect((error as sg.SeqgradError).code).toBe(code);
      }),
    );
  });

  const ints = (...values: number[]) => sg.tensor(values, [values.length], { dtype: "int32" });
  const outside: Record<string, [(index: sg.Tensor, x: sg.Tensor) => unknown, number[], string]> = {
    "an index past a table": [(i, x) => sg.embedding(i, x), [0, 2, 3], "embedding: index[2] is 3; expected a number from 0 to 2."],
    "an index before a table": [(i, x) => sg.embedding(i, x), [-1, 2, 1], "embedding: index[0] is -1; expected a number from 0 to 2."],
    "a row that is not there": [
      (i, x) => sg.indexSelect(x, i, { axis: 1 }),
      [0, 4],
      "indexSelect: index[1] is 4; expected a number from 0 to 3.",
    ],
    "an element that is not there": [
      (i, x) => sg.gather(x, sg.reshape(i, [1, 4])),
      [0, 1, 3, 0],
      "gather: index[2] is 3; expected a number from 0 to 2.",
    ],
    "a class that is not there": [(i) => sg.oneHot(i, 2), [1, 2], "oneHot: index[1] is 2; expected a number from 0 to 1."],
    "a target that is not a class": [(i, x) => sg.nllLoss(x, i), [1, 2, 4], "nllLoss: index[2] is 4; expected a number from 0 to 3."],
    "a label that is not a class": [(i, x) => sg.crossEntropy(x, i), [1, -1, 4], "[1] is -1; expected a number from 0 to 3."],
    "a length of nothing": [
      (i, x) => sg.rnn(sg.expand(x, [2, 3, 4]), sg.ones([5, 4]), sg.ones([5, 5]), { lengths: i }),
      [3, 0],
      "rnn: lengths[1] is 0; expected a number from 1 to 3.",
    ],
    "a length over all steps": [
      (i, x) => sg.lstm(sg.expand(x, [2, 3, 4]), sg.ones([8, 4]), sg.ones([8, 2]), { lengths: i }),
      [4, 1],
      "lstm: lengths[0] is 4; expected a number from 1 to 3.",
    ],
    "a length over all keys": [
      (i, x) => sg.additiveAttention(sg.ones([2, 1, 4]), sg.expand(x, [2, 3, 4]), sg.ones([4]), sg.ones([2, 3, 1]), { lengths: i }),
      [0, 4],
      "additiveAttention: lengths[1] is 4; expected a number from 0 to 3.",
    ],
  };

  test.each(Object.entries(outside))("%s, and leave nothing behind", (_, [call, index, message]) => {
    sg.withDevice(device, () => {
      const x = sg.ones([3, 4], { requiresGrad: true });
      const i = ints(...index);
      const before = sg.memory(device).tensors;
      expect(() => sg.scope(() => call(i, x))).toThrow(message);
      expect(sg.memory(device).tensors).toBe(before);
      expect(x.grad).toBeUndefined();
      for (const t of [x, i]) t.dispose();
    });
  });

  test.each([
    ["mseLoss", sg.mseLoss],
    ["l1Loss", sg.l1Loss],
    ["huberLoss", sg.huberLoss],
    ["smoothL1Loss", sg.smoothL1Loss],
    ["binaryCrossEntropyWithLogits", sg.binaryCrossEntropyWithLogits],
    ["klDivLoss", sg.klDivLoss],
    ["poissonNllLoss", sg.poissonNllLoss],
  ] as const)("%s of a target that would broadcast", (name, loss) => {
    sg.withDevice(device, () =>
      sg.scope(() => expectError("shape", () => loss(sg.ones([2, 3]), sg.ones([3])), `${name}: the prediction has shape [2, 3]`)),
    );
  });

  test("tensors of two devices", async () => {
    const other = await sg.createDevice({ device: "reference" });
    const a = sg.ones([2], { device });
    const b = sg.ones([2], { device: other });
    expect(() => sg.add(a, b)).toThrow(/^add: b is on another device/);
    for (const t of [a, b]) t.dispose();
  });
});

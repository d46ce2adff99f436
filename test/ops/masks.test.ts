import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { everywhere, forEachDevice, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";
import { expectClose, normals } from "../helpers/numbers.js";

const [B, T, S, D] = [2, 3, 5, 4];
const { NaN: nan, POSITIVE_INFINITY: inf, NEGATIVE_INFINITY: none } = Number;
const drawn = (seed: number, ...shape: number[]) =>
  sg.tensor(
    normals(
      shape.reduce((a, b) => a * b),
      seed,
    ),
    shape,
  );
const [q, k, v] = [() => drawn(1, B, T, D), () => drawn(2, B, S, D), () => drawn(3, B, S, D)];

/** Every attention, as a function of its masks, which gives [B, T, D]. */
const attentions: Readonly<Record<string, (masks: sg.Masks) => sg.Tensor>> = {
  scaledDotProductAttention: (masks) => sg.scaledDotProductAttention(q(), k(), v(), masks),
  attention: (masks) => sg.attention(q(), k(), v(), { heads: 2, ...masks }),
  attentionWithWeights: (masks) => sg.attentionWithWeights(q(), k(), v(), { heads: 2, ...masks }).output,
  attentionWeights: (masks) => sg.matmul(sg.squeeze(sg.attentionWeights(q(), k(), { heads: 1, ...masks }), { axis: 1 }), v()),
  additiveAttention: (masks) => sg.additiveAttention(q(), k(), drawn(4, D), v(), masks).context,
  DotAttention: (masks) => new sg.nn.DotAttention().forward(q(), k(), masks).context,
};

/** A mask of the keys, and the keys that it shows. */
const masks: Readonly<Record<string, readonly [make: () => sg.Tensor, shown: readonly number[]]>> = {
  "a comparison": [() => sg.greater(sg.tensor([1, -1, 2, -2, 3]), 0), [0, 2, 4]],
  int32: [() => sg.tensor(Int32Array.of(0, 7, -1, 0, 0)), [1, 2]],
  "numbers that are not 0": [() => sg.tensor([0.25, -3, -0, 0, 1e-30]), [0, 1, 4]],
  "NaN and infinities": [() => sg.tensor([nan, inf, none, 0, 0]), [0, 1, 2]],
  "a column repeated": [() => sg.expand(sg.transpose(sg.tensor([1, 1, 0, 0, 1], [5, 1])), [T, S]), [0, 1, 4]],
};

await forEachDevice(everywhere, "masks of attention", (device) => {
  const values = (compute: () => sg.Tensor) => startOn(device, compute).data();

  for (const [name, attend] of Object.entries(attentions)) {
    test.each(Object.entries(masks))(`${name} hides where %s is 0`, async (_, [mask, shown]) => {
      const hidden = () => sg.tensor(Array.from({ length: S }, (_, s) => (shown.includes(s) ? 0 : none)));
      const expected = await values(() => attend({ bias: hidden() }));
      expectClose(await values(() => attend({ mask: mask() })), expected, 1e-6);
      expect(Array.from(expected).every(Number.isFinite)).toBe(true);
      // Beside a bias.
      const both = await values(() => attend({ mask: mask(), bias: drawn(5, T, S) }));
      expectClose(both, await values(() => attend({ bias: sg.add(drawn(5, T, S), hidden()) })), 1e-6);
    });

    test(`${name} gives 0 to a query that sees nothing, and no gradient`, async () => {
      const [y, db] = startOn(device, () => {
        const bias = drawn(6, T, S);
        bias.requiresGrad = true;
        const y = attend({ mask: sg.tensor([1, 0, 1], [T, 1]), bias });
        sg.sum(sg.mul(y, drawn(7, B, T, D))).backward();
        return [y.data(), bias.grad!.data()];
      });
      const [rows, gradient] = [Array.from(await y!), Array.from(await db!)];
      expect(rows.slice(D, 2 * D)).toEqual(new Array(D).fill(0));
      expect(gradient.slice(S, 2 * S).map(Math.abs)).toEqual(new Array(S).fill(0));
      expect([...gradient.slice(0, S), ...gradient.slice(2 * S)].every((d) => Number.isFinite(d) && d !== 0)).toBe(true);
    });

    test(`${name} takes a bias of float32 alone, and shapes that broadcast`, () => {
      const refused = (code: "shape" | "dtype" | "value", given: object, text: string) =>
        expectError(code, () => startOn(device, () => attend(given)), text);
      refused("dtype", { bias: startOn(device, () => sg.zeros([S], { dtype: "int32" })) }, "bias is int32; expected float32");
      refused("shape", { mask: startOn(device, () => sg.zeros([S + 1])) }, `mask has shape [${S + 1}]; expected what broadcasts to [B, `);
      refused("shape", { bias: startOn(device, () => sg.zeros([1, 1, 1, 1, S])) }, "bias has shape [1, 1, 1, 1, 5]");
      refused("value", { mask: [1, 1, 1, 1, 1] }, "mask is an array");
    });
  }

  test("the layers of a Transformer pass masks and biases on to both attentions", async () => {
    const { whole, parts } = startOn(device, () => {
      sg.manualSeed(1);
      const layer = new sg.nn.TransformerDecoderLayer(D, 2, { dimFeedforward: 8, dropout: 0 });
      const transformer = new sg.nn.Transformer(D, 2, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 8, dropout: 0 });
      const [mask, bias] = [sg.tensor([1, 0, 1]), sg.tensor([0.5, none, -1])];
      const [memoryMask, memoryBias] = [sg.tensor([1, 1, 0, 0, 1]), drawn(8, T, S)];
      const hidden = (m: sg.Tensor) => sg.where(m, 0, none);
      const whole = [
        layer.forward(q(), k(), { mask, bias, memoryMask, memoryBias }),
        transformer.forward(k(), q(), { sourceMask: memoryMask, sourceBias: sg.tensor([0, 1, 2, 3, 4]), targetBias: bias, memoryBias }),
      ];
      const parts = [
        layer.forward(q(), k(), { bias: sg.add(bias, hidden(mask)), memoryBias: sg.add(memoryBias, hidden(memoryMask)) }),
        transformer.decoder.forward(
          q(),
          transformer.encoder.forward(k(), { bias: sg.add(sg.tensor([0, 1, 2, 3, 4]), hidden(memoryMask)) }),
          { mask: sg.greater(bias, -100), bias: sg.maximum(bias, -100), memoryBias },
        ),
      ];
      const plain = layer.forward(q(), k());
      return { whole: [...whole, plain].map((y) => y.data()), parts: parts.map((y) => y.data()) };
    });
    const [a, b, plain] = await Promise.all(whole);
    const [x, y] = await Promise.all(parts);
    expectClose(a!, Array.from(x!), 1e-5);
    expectClose(b!, Array.from(y!), 1e-5);
    expect(Array.from(a!)).not.toEqual(Array.from(plain!));
  });

  test("pooling leaves out the steps where the mask is 0, and adds a bias to learned scores", async () => {
    const results = startOn(device, () => {
      const x = sg.tensor([1, -5, 3, -7, 100, 100, 2, 2], [1, 4, 2]);
      const mask = sg.tensor([1, 1, 0, 0]);
      const [mean, max, learned] = (["mean", "max", "attention"] as const).map((kind) => new sg.nn.Pooling(kind, 2));
      sg.nn.init.zeros(learned!.score!.weight);
      const all = [
        mean!.forward(x, { mask }),
        max!.forward(x, { mask, lengths: [3] }),
        max!.forward(x, { mask: sg.zeros([4]) }),
        mean!.forward(x, { mask: sg.zeros([1, 4]) }),
        learned!.forward(x, { mask, bias: sg.tensor([Math.log(3), 0, 5, 5]) }),
      ];
      expectError("value", () => mean!.forward(x, { bias: mask }), 'kind "mean" has no scores to add a bias to');
      expectError("value", () => mean!.forward(x, [4] as never), "write forward(x, { lengths: [5, 3] })");
      return all.map((y) => y.data());
    });
    const expected = [2, -6, 3, -5, 0, 0, 0, 0, 1.5, -5.5];
    expectClose(
      (await Promise.all(results)).flatMap((data) => Array.from(data)),
      expected,
      1e-5,
    );
  });
});

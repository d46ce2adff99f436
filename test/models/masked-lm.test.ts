import { expect, test } from "vitest";
import { maskTokens, padRows } from "../../src/data/index.js";
import { MaskedLM } from "../../src/models/index.js";
import { add, attention, dropout, gelu, linear, reshape, select, slice, tanh } from "../../src/ops/index.js";
import { AdamW } from "../../src/optim/index.js";
import { tensor } from "../../src/tensor/create.js";
import { init } from "../../src/tensor/device.js";
import { defaultGenerator, manualSeed } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

await init({ device: "wasm" });
const config = { vocab: 12, context: 10, layers: 1, heads: 2, hidden: 16, dropout: 0 };

test("learns to fill in what is hidden", async () => {
  manualSeed(1);
  const model = new MaskedLM(config);
  const optimizer = new AdamW(model.parameters(), { lr: 0.01 });
  const generator = new RandomGenerator(1);
  // Rows that count up: a hidden token follows from its neighbors.
  const batch = () => padRows(Array.from({ length: 16 }, () => Array.from({ length: 8 }, (_, t) => 4 + t)));
  const losses: number[] = [];
  for (let step = 0; step < 60; step++) {
    const masked = maskTokens(batch(), { vocab: 12, mask: 1, from: 4 }, generator);
    losses.push(await optimizer.step(() => model.loss(masked).loss).read());
  }
  expect(losses.at(-1)).toBeLessThan(0.2 * losses[0]!);
});

test("trains on through a batch in which nothing can be hidden: its loss is 0 and its gradients are zeros", async () => {
  manualSeed(5);
  const model = new MaskedLM(config);
  const optimizer = new AdamW(model.parameters(), { lr: 0.01, weightDecay: 0 });
  const generator = new RandomGenerator(2);
  const of = (row: number[]) => maskTokens(padRows([row, row]), { vocab: 12, mask: 1, from: 4 }, generator);
  const before = await model.bias!.data();
  expect(await optimizer.step(() => model.loss(of([0, 2, 3])).loss).read()).toBe(0);
  expect(await optimizer.gradientNorm().read()).toBe(0);
  expect(await model.bias!.data()).toEqual(before);
  expect(await optimizer.step(() => model.loss(of([0, 5, 6])).loss).read()).toBeGreaterThan(0);
  expect(await model.bias!.data()).not.toEqual(before);
});

test("padding changes nothing, and segments count", async () => {
  manualSeed(2);
  const model = new MaskedLM({ ...config, classes: 3 }).eval();
  const alone = await model.classify(tensor(Int32Array.of(4, 5, 6), [1, 3])).data();
  const tokens = tensor(Int32Array.of(4, 5, 6, 0, 0, 7, 8, 9, 10, 11), [2, 5]);
  const together = await model.classify(tokens, { lengths: [3, 5] }).data();
  for (const [k, score] of Array.from(alone).entries()) expect(together[k]).toBeCloseTo(score, 6);
  const segments = tensor(Int32Array.of(0, 0, 1, 1, 1, 0, 0, 0, 0, 0), [2, 5]);
  const other = await model.classify(tokens, { lengths: [3, 5], segments }).data();
  expect(other[0]).not.toBeCloseTo(together[0]!, 6);
  expect(other[3]).toBeCloseTo(together[3]!, 6);
});

test.each([
  { dropout: 0.3 },
  { dropout: 0.3, attentionDropout: 0.2, classifierDropout: 0.1 },
  { dropout: 0, attentionDropout: 0.4 },
  { dropout: 0, classifierDropout: 0.4 },
  { dropout: 0.4, attentionDropout: 0, classifierDropout: 0 },
])("drops in training what BERT drops, each with its own probability, and nothing else: %o", async (drops) => {
  const { dropout: p, attentionDropout = p, classifierDropout = p } = drops;
  const [heads, D] = [2, 16];
  manualSeed(3);
  const model = new MaskedLM({ ...config, layers: 2, heads, hidden: D, ...drops, classes: 3 });
  const tokens = tensor(Int32Array.of(4, 5, 6, 7, 8, 9), [2, 3]);

  /** BERT as Devlin et al. trained it, with each dropout where theirs is; draws in the order of the model. */
  function bert(): Tensor {
    const { embedding, positions, segments, norm, encoder, pooler, classifier } = model;
    const kinds = tensor(new Int32Array(6), [2, 3]);
    const placed = positions.forward(add(embedding.forward(tokens), segments.forward(kinds)));
    let x = dropout(norm.forward(placed), p);
    for (const layer of encoder.layers) {
      const { in_proj_weight, in_proj_bias, out_proj } = layer.self_attn;
      const packed = linear(x, in_proj_weight!, in_proj_bias);
      const [q, k, v] = [0, 1, 2].map((i) => slice(packed, { axis: 2, start: i * D, end: (i + 1) * D })) as [Tensor, Tensor, Tensor];
      const attended = reshape(attention(q, k, v, { heads, dropout: attentionDropout }), x.shape);
      x = layer.norm1.forward(add(x, dropout(out_proj.forward(attended), p)));
      const hidden = gelu(layer.linear1.forward(x));
      x = layer.norm2.forward(add(x, dropout(layer.linear2.forward(hidden), p)));
    }
    return classifier!.forward(dropout(tanh(pooler!.forward(select(x, 0, { axis: 1 }))), classifierDropout));
  }

  manualSeed(4);
  const found = await model.classify(tokens).data();
  const after = defaultGenerator().state;
  manualSeed(4);
  expectClose(found, await bert().data(), 1e-6);
  expect(after).toEqual(defaultGenerator().state);
  manualSeed(5);
  expect(await model.classify(tokens).data()).not.toEqual(found);
  expect(await model.eval().classify(tokens).data()).toEqual(await model.classify(tokens).data());
});

test("refuses what it cannot do", () => {
  const model = new MaskedLM(config);
  expectError("state", () => model.classify(tensor(Int32Array.of(4), [1, 1])), "no classifier");
  expectError("range", () => model.forward(tensor(new Int32Array(11), [1, 11])), "position 10");
  expectError("value", () => new MaskedLM({ ...config, heads: 3 }), "3");
  for (const name of ["dropout", "attentionDropout", "classifierDropout"])
    expectError("range", () => new MaskedLM({ ...config, [name]: 2 }), `MaskedLM: ${name} is 2; give a number from 0 to 1`);
});

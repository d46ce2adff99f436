import { describe, expect, test } from "vitest";
import { padRows } from "../../src/data/padding.js";
import { RecurrentSeq2Seq, TransformerLM, TransformerSeq2Seq } from "../../src/models/index.js";
import type { CapturedValue } from "../../src/nn/captured-step.js";
import * as nn from "../../src/nn/index.js";
import type { Module } from "../../src/nn/module.js";
import { tensor } from "../../src/tensor/create.js";
import { createDevice, type Device } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import { capturedOn } from "../helpers/captured.js";
import { forEachDevice, immediate, on, startOn } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";
import { random } from "../helpers/recurrent-layers.js";

/** The module with weights that are the same at each call. */
function filled<M extends Module>(model: M): M {
  for (const [i, p] of model.parameters().entries()) p.write(normals(p.size, 200 + i, 0, 0.3));
  return model;
}

const source = padRows([
  [4, 5, 6, 3],
  [7, 4],
]);
const target = padRows([
  [1, 6, 5, 2],
  [1, 7, 2],
]);
const tokens = () => tensor(Int32Array.from([3, 1, 4, 1, 5, 6]), [2, 3]);

const seq2seq = { sourceVocab: 9, targetVocab: 8, hidden: 6, dropout: 0 };
const models: Record<string, () => { model: Module; names: string[]; step: () => unknown; shapes: Record<string, number[]> }> = {
  TransformerLM: () => {
    const model = filled(new TransformerLM({ vocab: 8, context: 8, layers: 2, heads: 2, hidden: 8, kvHeads: 1, positions: "rotary" }));
    const shapes = Object.fromEntries([0, 1].map((i) => [`decoder.layers.${i}.self_attn.weights`, [2, 2, 3, 3]]));
    return { model, names: ["attention.weights"], step: () => scope(() => model.forward(tokens())), shapes };
  },
  TransformerSeq2Seq: () => {
    const model = filled(new TransformerSeq2Seq({ ...seq2seq, heads: 3, layers: 1 }));
    const shapes = {
      "transformer.encoder.layers.0.self_attn.weights": [2, 3, 4, 4],
      "transformer.decoder.layers.0.self_attn.weights": [2, 3, 3, 3],
      "transformer.decoder.layers.0.multihead_attn.weights": [2, 3, 3, 4],
    };
    return { model, names: ["weights"], step: () => scope(() => model.loss({ source, target }).loss.backward()), shapes };
  },
  ...Object.fromEntries(
    (["additive", "dot", "general"] as const).flatMap((attention) =>
      [true, false].map((inputFeeding) => [
        `RecurrentSeq2Seq, ${attention}, ${inputFeeding ? "step by step" : "all steps at once"}`,
        () => {
          const model = filled(new RecurrentSeq2Seq({ ...seq2seq, arch: "lstm", embed: 4, attention, inputFeeding, bidirectional: false }));
          const shapes = {
            "rnn.l0.gates": [2, 3, 4, 6],
            "rnn.l0.cells": [2, 3, 6],
            "rnn.l0.hidden.gradient": [2, 3, 6],
            "rnn.l0.hidden.gradientNorm": [3],
            "attention.weights": [2, 3, 4],
            "encoder.l0.gates": [2, 4, 4, 6],
            "encoder.l0.hidden.gradientNorm": [4],
            "linear.output.gradient": [2, 3, 8],
          };
          const step = () => scope(() => model.loss({ source, target }).loss.backward());
          return { model, names: Object.keys(shapes), step, shapes };
        },
      ]),
    ),
  ),
};

describe("what models compute is what the reference device computes:", async () => {
  const reference = await createDevice({ device: "reference" });
  await forEachDevice(["simd", "full relaxed", "full webgpu"], "", (device) => {
    test.each(Object.entries(models))("%s", async (_, make) => {
      const of = async (device: Device) => {
        const { model, names, step } = startOn(device, make);
        return capturedOn(device, model, names, step);
      };
      const { shapes } = startOn(device, make);
      const [actual, expected] = await Promise.all([of(device), of(reference)]);
      const formOf = (values: Map<string, CapturedValue[]>) =>
        Object.fromEntries(Array.from(values, ([name, all]) => [name, all.map(({ shape }) => shape)]));
      expect(formOf(actual)).toEqual(Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, [shape]])));
      expect(formOf(expected)).toEqual(formOf(actual));
      for (const [name, [value]] of expected) expectClose(actual.get(name)?.[0]?.data ?? [], value?.data ?? [], 1e-5, name);
    });
  });
});

await forEachDevice(immediate, "captured attention", (device) => {
  const it = on(device);

  it("is that of forwardWithWeights(), with masks, lengths and heads that share keys", async () => {
    const layer = filled(new nn.MultiheadAttention(8, 4, { keyValueHeads: 2 }));
    const [x, memory, bias] = [random([2, 3, 8], 1), random([2, 5, 8], 2), tensor(normals(4 * 3 * 5, 3), [4, 3, 5])];
    const calls = [{ causal: true }, { key: memory, lengths: [5, 2], bias, mask: tensor(Int32Array.of(1, 0, 1, 1, 1)) }];
    for (const call of calls) {
      const values = await capturedOn(device, layer, ["weights"], () => scope(() => layer.forward(x, call)));
      const { weights } = startOn(device, () => layer.forwardWithWeights(x, call));
      expect(values.get("weights")?.[0]?.shape).toEqual(weights.shape);
      expectClose(values.get("weights")?.[0]?.data ?? [], weights.dataSync(), 1e-6);
    }
  });

  it("is that before dropout", async () => {
    const layer = filled(new nn.MultiheadAttention(8, 2, { dropout: 0.5 }));
    const x = random([1, 4, 8], 1);
    const values = await capturedOn(device, layer, ["weights"], () => scope(() => layer.forward(x)));
    const rows = Array.from({ length: 8 }, (_, i) => values.get("weights")?.[0]?.data.slice(i * 4, i * 4 + 4) ?? []);
    for (const row of rows) expect(Array.from(row).reduce((sum, w) => sum + w, 0)).toBeCloseTo(1, 5);
  });

  it("shows each token that a model with a cache writes all tokens before", async () => {
    const model = filled(new TransformerLM({ vocab: 8, context: 8, layers: 1, heads: 2, hidden: 8 })).eval();
    const values = await capturedOn(device, model, ["attention.weights"], async () => {
      const first = await model.step([3, 1]);
      const second = await startOn(device, () => model.step([4], first.state));
      model.release(second.state);
    });
    const [prompt, token] = values.get("decoder.layers.0.self_attn.weights") ?? [];
    expect([prompt?.shape, token?.shape]).toEqual([
      [1, 2, 2, 2],
      [1, 2, 1, 3],
    ]);
    expect([prompt?.training, token?.training]).toEqual([false, false]);
    const whole = await capturedOn(device, model, ["attention.weights"], () =>
      scope(() => model.forward(tensor(Int32Array.of(3, 1, 4), [1, 3]))),
    );
    const { data = [] } = whole.get("decoder.layers.0.self_attn.weights")?.[0] ?? {};
    expectClose(token?.data ?? [], [...data.slice(6, 9), ...data.slice(15, 18)], 1e-6);
  });

  it("is apart for rows that read one memory", async () => {
    const layer = filled(new nn.MultiheadAttention(8, 2));
    const [x, memory] = [random([3, 1, 8], 1), random([1, 5, 8], 2)];
    const copies = tensor(Float32Array.from([...memory.dataSync(), ...memory.dataSync(), ...memory.dataSync()]), [3, 5, 8]);
    const one = await capturedOn(device, layer, ["weights"], () => scope(() => layer.forward(x, { projected: layer.project(memory) })));
    const each = await capturedOn(device, layer, ["weights"], () => scope(() => layer.forward(x, { key: copies })));
    expect(one.get("weights")?.[0]?.shape).toEqual([3, 2, 1, 5]);
    expectClose(one.get("weights")?.[0]?.data ?? [], each.get("weights")?.[0]?.data ?? [], 1e-6);
  });
});

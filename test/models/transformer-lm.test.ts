import { beforeAll, describe, expect, test } from "vitest";
import { beamSearch, type StepModel } from "../../src/decode/index.js";
import {
  add,
  attention,
  dropout,
  gelu,
  generate,
  init,
  linear,
  manualSeed,
  memory,
  models,
  optim,
  reshape,
  scope,
  slice,
  type Tensor,
  tensor,
} from "../../src/index.js";
import type { TransformerLMConfig } from "../../src/models/index.js";
import { KeyValueCache } from "../../src/nn/index.js";
import { inference } from "../../src/nn/mode.js";
import { asDefault, forEachDevice, immediate } from "../helpers/devices.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

const V = 7;
const kinds: Record<string, Partial<TransformerLMConfig>> = {
  "GPT-2": {},
  Llama: { positions: "rotary", norm: "rms", activation: "swiglu", bias: false, kvHeads: 2, tieWeights: false },
};

function make(config: Partial<TransformerLMConfig> = {}): models.TransformerLM {
  manualSeed(3);
  const model = new models.TransformerLM({ vocab: V, context: 12, layers: 2, heads: 4, hidden: 16, ...config }).eval();
  // The first weights are so small that all tokens look alike.
  for (const p of model.parameters()) if (p.rank > 1) p.write([...p.dataSync()].map((x) => 10 * x));
  return model;
}

const tokens = (rows: readonly (readonly number[])[]): Tensor => tensor(Int32Array.from(rows.flat()), [rows.length, rows[0]!.length]);
const text = [2, 0, 6, 6, 1, 3, 5, 0, 4];

async function logitsOf(model: models.TransformerLM, row: readonly number[]): Promise<Float32Array> {
  const { logits } = scope(() => model.forward(tokens([row])));
  const values = await logits.data();
  logits.dispose();
  return values as Float32Array;
}

await forEachDevice(immediate, "TransformerLM", (device) => {
  asDefault(device);

  test.each(Object.entries(kinds))("%s: tokens see what is before them alone", async (_, kind) => {
    const model = make(kind);
    const whole = await logitsOf(model, text);
    expect(whole).toHaveLength(text.length * V);
    const changed = await logitsOf(model, [...text.slice(0, 5), 0, ...text.slice(6)]);
    expectClose(changed.subarray(0, 5 * V), whole.subarray(0, 5 * V), 1e-6);
    expect([...changed.subarray(-V)]).not.toEqual([...whole.subarray(-V)]);
    model.dispose();
  });

  test.each(Object.entries(kinds))("%s: step() gives, token by token or in parts, what forward() gives at once", async (_, kind) => {
    const model = make(kind);
    const whole = await logitsOf(model, text);
    for (const lengths of [text.map(() => 1), [4, 1, 3, 1], [text.length]]) {
      let state: KeyValueCache | undefined;
      let end = 0;
      for (const length of lengths) {
        const next = await model.step(text.slice(end, end + length), state);
        state = next.state;
        end += length;
        expectClose(next.logits, whole.subarray((end - 1) * V, end * V), 1e-5, `${lengths}: ${end}`);
      }
      model.release(state!);
    }
    model.dispose();
  });

  test.each(Object.entries(kinds))("%s: stepRows() continues any rows, and beams find what they find row by row", async (_, kind) => {
    const model = make(kind);
    const before = memory().tensors;
    const first = await model.step([2, 0, 6]);
    const two = await model.stepRows([1, 4], first.state, [0, 0]);
    const three = await model.stepRows([5, 3, 5], two.state, [1, 0, 1]);
    for (const [row, read] of [
      [2, 0, 6, 4, 5],
      [2, 0, 6, 1, 3],
      [2, 0, 6, 4, 5],
    ].entries())
      expectClose(Array.from(three.logits).slice(row * V, (row + 1) * V), (await logitsOf(model, read)).subarray(-V), 1e-5);
    for (const { state } of [first, two, three]) model.release(state);

    /** It reads each text from its start. */
    const slow: StepModel<number[]> = {
      async step(more, state = []) {
        const all = [...state, ...Array.from(more)];
        return { logits: (await logitsOf(model, all)).subarray(-V), state: all };
      },
    };
    const options = { beam: 4, nBest: 4, maxTokens: 6, stop: [1], lengthPenalty: 0.6 };
    const expected = await beamSearch(slow, [3, 5], options);
    const found = await beamSearch(model, [3, 5], options);
    expect(found.map((each) => each.tokens)).toEqual(expected.map((each) => each.tokens));
    expectClose(
      found.map((each) => each.score),
      expected.map((each) => each.score),
      1e-5,
    );
    expect(memory().tensors).toBe(before);
    model.dispose();
  });

  test("generate() continues past the context, and leaves memory as it was", async () => {
    const model = make();
    const before = memory().tensors;
    const written: number[] = [];
    for await (const token of generate(model, text, { maxTokens: 30, seed: 4 })) written.push(token);
    expect(written).toHaveLength(30);
    for await (const _ of generate(model, text, { maxTokens: 30, seed: 4 })) break;
    await expectRejection("range", model.step([1, V]), "embedding");
    expect(memory().tensors).toBe(before);
    model.dispose();
  });

  test.each([
    { dropout: 0.3 },
    { dropout: 0.3, attentionDropout: 0.2, embeddingDropout: 0.1 },
    { attentionDropout: 0.4 },
    { embeddingDropout: 0.4 },
    { dropout: 0.4, attentionDropout: 0, embeddingDropout: 0 },
  ])("drops in training what GPT-2 drops, each with its own probability, and nothing else: %o", async (drops) => {
    const { dropout: p = 0, attentionDropout = p, embeddingDropout = p } = drops as Partial<TransformerLMConfig>;
    const [heads, D] = [4, 16];
    const model = make(drops).train();
    const row = tokens([text]);
    /** GPT-2 with each dropout where its is; draws in the order of the model. */
    function gpt2(): Tensor {
      const { embedding, positions, decoder } = model;
      let x = dropout(positions!.forward(embedding.forward(row)), embeddingDropout);
      for (const layer of decoder.layers) {
        const { in_proj_weight, in_proj_bias, out_proj } = layer.self_attn;
        const packed = linear(layer.norm1.forward(x), in_proj_weight!, in_proj_bias);
        const [q, k, v] = [0, 1, 2].map((i) => slice(packed, { axis: 2, start: i * D, end: (i + 1) * D })) as [Tensor, Tensor, Tensor];
        const attended = reshape(attention(q, k, v, { heads, dropout: attentionDropout, causal: true }), x.shape);
        x = add(x, dropout(out_proj.forward(attended), p));
        x = add(x, dropout(layer.linear2.forward(gelu(layer.linear1.forward(layer.norm2.forward(x)))), p));
      }
      return linear(decoder.norm!.forward(x), embedding.weight);
    }
    manualSeed(4);
    const found = await logitsOf(model, text);
    manualSeed(4);
    expectClose(
      found,
      scope(() => gpt2().dataSync()),
      1e-5,
    );
    expect(await logitsOf(model, text)).not.toEqual(found);
    expect(await logitsOf(model.eval(), text)).toEqual(await logitsOf(model, text));
    row.dispose();
    model.dispose();
  });

  test("forward() reads on after a state, which it returns grown", async () => {
    const model = make();
    const { layers, context: capacity } = model.config;
    const state = new KeyValueCache({ layers, capacity, width: model.decoder.keyValueWidth });
    const [first, second] = inference(() => {
      expect(model.forward(tokens([text])).state).toBeUndefined();
      const parts = [text.slice(0, 3), text.slice(3, 5)].map((part) => model.forward(tokens([part]), { state }));
      for (const part of parts) expect(part.state).toBe(state);
      return parts.map(({ logits }) => [...logits.dataSync()]);
    });
    expect(state.length).toBe(5);
    expectClose([...first!, ...second!], await logitsOf(model, text.slice(0, 5)), 1e-5);
    for (const owner of [state, model]) owner.dispose();
  });

  test("tied weights are one table; without, the output has its own", async () => {
    const [tied, free] = [make(), make({ tieWeights: false })];
    expect(free.parameterCount() - tied.parameterCount()).toBe(V * 16);
    expect([...free.namedParameters()].map(([name]) => name)).toContain("linear.weight");
    const state = await tied.stateDict();
    const other = make();
    other.loadStateDict(state);
    expectClose(await logitsOf(other, text), await logitsOf(tied, text), 1e-6);
    for (const model of [tied, free, other]) model.dispose();
  });

  test.each(Object.entries(kinds))("%s: learns", (_, kind) => {
    manualSeed(1);
    const model = new models.TransformerLM({
      vocab: V,
      context: 8,
      layers: 1,
      heads: 2,
      hidden: 8,
      ...kind,
      kvHeads: 1,
    });
    const optimizer = new optim.AdamW(model.parameters(), { lr: 0.03 });
    const x = Int32Array.from(text.slice(0, 8));
    const y = Int32Array.from(text.slice(1, 9));
    const losses = Array.from({ length: 30 }, () => optimizer.step(() => model.loss({ x, y, shape: [1, 8] }).loss).readSync());
    expect(losses[0]).toBeCloseTo(Math.log(V), 0);
    expect(losses.at(-1)).toBeLessThan(0.6);
    optimizer.dispose();
    model.dispose();
  });
});

describe("TransformerLM refuses", () => {
  beforeAll(async () => {
    await init();
  });

  test("more tokens than the context holds, and then continues as before", async () => {
    const model = make();
    expectError("range", () => scope(() => model.forward(tokens([new Array(13).fill(0)]))), "13 tokens", "context of 12");
    const { state } = await model.step(text);
    await expectRejection("range", model.step([0, 0, 0, 0], state), "9 tokens and 4 more", "context of 12");
    await expectRejection("range", model.stepRows([0], state, [1]), "rows[0] is 1");
    const { logits } = await model.step([0, 0, 0], state);
    expectClose(logits, (await logitsOf(model, [...text, 0, 0, 0])).subarray(-V), 1e-5);
    model.release(state);
    model.dispose();
  });

  test.each([
    [{ heads: 3 }, "value", "3 heads"],
    [{ kvHeads: 3 }, "value", "3 keyValueHeads"],
    [{ heads: 16, positions: "rotary" }, "value", "heads of 1 elements"],
    [{ norm: "batch" as never }, "value", '"batch"'],
    [{ positions: "sinusoidal" as never }, "value", '"sinusoidal"'],
    [{ activation: "toString" as never }, "value", '"toString"'],
    [{ layers: 0 }, "range", "layers is 0"],
    [{ context: 0 }, "range", "context is 0"],
    [{ hidden: 1.5 }, "range", "1.5"],
    [{ hidden: 0 }, "range", "0"],
    [{ vocab: 0 }, "range", "vocab is 0"],
    [{ dropout: 2 }, "range", "TransformerLM: dropout is 2"],
    [{ attentionDropout: -1 }, "range", "TransformerLM: attentionDropout is -1"],
    [{ embeddingDropout: 2 }, "range", "TransformerLM: embeddingDropout is 2"],
  ] as const)("%o", (config, code, part) => expectError(code, () => make(config), part));
});

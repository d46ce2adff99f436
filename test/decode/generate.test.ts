import { describe, expect, test } from "vitest";
import { beamSearch } from "../../src/decode/beam-search.js";
import { type GenerateOptions, generate } from "../../src/decode/generate.js";
import type { StepModel } from "../../src/models/step-model.js";
import { manualSeed } from "../../src/tensor/random.js";
import { CharTokenizer } from "../../src/text/char-tokenizer.js";
import { expectError, expectRejection } from "../helpers/errors.js";

/** Prefers the token after the last, of five; its state is how many tokens it has read. It keeps a record of its calls. */
function counter() {
  const calls: [tokens: number[], state: number | undefined][] = [];
  const released: number[] = [];
  const model: StepModel<number> = {
    step(tokens, state) {
      calls.push([Array.from(tokens), state]);
      const last = tokens[tokens.length - 1]!;
      const logits = new Float32Array(5);
      logits[(last + 1) % 5] = 2;
      return { logits, state: (state ?? 0) + tokens.length };
    },
    release: (state) => released.push(state),
  };
  return { model, calls, released };
}

async function collect<T>(source: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of source) items.push(item);
  return items;
}

const likeliest: GenerateOptions = { temperature: 0, maxTokens: 4 };

describe("generate", () => {
  test("reads the prompt at once, then its own tokens one by one", async () => {
    const { model, calls } = counter();
    expect(await collect(generate(model, new Int32Array([0, 1, 2]), likeliest))).toEqual([3, 4, 0, 1]);
    expect(calls).toEqual([
      [[0, 1, 2], undefined],
      [[3], 3],
      [[4], 4],
      [[0], 5],
    ]);
  });

  test("gives each token as it is made", async () => {
    const { model, calls } = counter();
    const tokens = generate(model, [0], likeliest);
    expect(calls.length).toBe(0);
    expect(await tokens.next()).toEqual({ done: false, value: 1 });
    expect(calls.length).toBe(1);
  });

  test("waits for a model that answers later", async () => {
    const { model } = counter();
    const later: StepModel<number> = { step: async (tokens, state) => model.step(tokens, state) };
    expect(await collect(generate(later, [0], likeliest))).toEqual([1, 2, 3, 4]);
  });

  test("stops at the end tokens of a tokenizer, and at other ones where these are given", async () => {
    const { model } = counter();
    const tokenizer = CharTokenizer.fromText("ab", { special: ["<pad>", "<sos>", "<eos>"] }); // of five tokens, <eos> being 2
    const options = { ...likeliest, tokenizer, maxTokens: 100 };
    expect(await collect(generate(model, [3], options))).toEqual([4, 0, 1]);
    expect(await collect(generate(model, [3], { ...options, stop: [0] }))).toEqual([4]);
    expect(await collect(generate(model, [3], { ...options, maxTokens: 6, stop: [] }))).toEqual([4, 0, 1, 2, 3, 4]);
    const plain = CharTokenizer.fromText("abcde");
    expect(await collect(generate(model, [3], { ...likeliest, tokenizer: plain }))).toHaveLength(4);
    // An end token past the model's own ends nothing.
    expect(await collect(generate(model, [3], { ...likeliest, tokenizer: { special: { ends: [7] } } }))).toHaveLength(4);
    for (const bad of [3, null, {}, { special: {} }] as never[])
      expectError("value", () => generate(model, [3], { ...likeliest, tokenizer: bad }), "generate: the tokenizer is");
    const [best] = await beamSearch(model, [3], { beam: 2, maxTokens: 9, tokenizer });
    expect([best!.tokens, best!.stopped]).toEqual([[4, 0, 1], true]);
  });

  test("stops at a stop token without giving it", async () => {
    const { model } = counter();
    expect(await collect(generate(model, [0], { ...likeliest, maxTokens: 100, stop: [4, 3] }))).toEqual([1, 2]);
    expect(await collect(generate(model, [0], { ...likeliest, stop: [1] }))).toEqual([]);
    expect(await collect(generate(model, [0], { ...likeliest, maxTokens: 0 }))).toEqual([]);
  });

  test("frees every state once: at the end, when left early, when something fails", async () => {
    const whole = counter();
    await collect(generate(whole.model, [0, 1, 2], likeliest));
    expect(whole.released).toEqual([3, 4, 5, 6]);

    const left = counter();
    for await (const token of generate(left.model, [0, 1, 2], likeliest)) if (token === 4) break;
    expect(left.released).toEqual([3, 4]);

    const failing = counter();
    const model: StepModel<number> = {
      ...failing.model,
      step: (tokens, state) => (state ? { logits: new Float32Array([Number.NaN]), state: state + 1 } : failing.model.step(tokens, state)),
    };
    await expectRejection("not-finite", collect(generate(model, [0], likeliest)), "logit 0 is NaN");
    expect(failing.released).toEqual([1, 2]);
  });

  test("frees a state that is carried on in place only at the end", async () => {
    const cache = { tokens: 0 };
    const released: object[] = [];
    const model: StepModel<typeof cache> = { step: () => ({ logits: [0, 1], state: cache }), release: (state) => released.push(state) };
    await collect(generate(model, [0], likeliest));
    expect(released).toEqual([cache]);
  });

  test("restarts from the later half of what a full state held", async () => {
    const { model, calls, released } = counter();
    const limited = { ...model, context: 4 };
    expect(await collect(generate(limited, [3, 4, 0, 1, 2], { ...likeliest, maxTokens: 5 }))).toEqual([3, 4, 0, 1, 2]);
    expect(calls).toEqual([
      [[4, 0, 1, 2], undefined],
      [[2, 3], undefined],
      [[4], 2],
      [[0], 3],
      [[0, 1], undefined],
    ]);
    expect(released).toEqual([4, 2, 3, 4, 2]);
    const odd = counter();
    expect(await collect(generate({ ...odd.model, context: 5 }, [0], { ...likeliest, maxTokens: 9 }))).toHaveLength(9);
    // The half of five is rounded up: three tokens.
    expect(odd.calls).toEqual([
      [[0], undefined],
      [[1], 1],
      [[2], 2],
      [[3], 3],
      [[4], 4],
      [[3, 4, 0], undefined],
      [[1], 3],
      [[2], 4],
      [[1, 2, 3], undefined],
    ]);
    const single = counter();
    expect(await collect(generate({ ...single.model, context: 1 }, [0], likeliest))).toEqual([1, 2, 3, 4]);
  });

  test("makes what the prompt and the text have less likely", async () => {
    const { model } = counter();
    expect(await collect(generate(model, [0], { ...likeliest, maxTokens: 6 }))).toEqual([1, 2, 3, 4, 0, 1]);
    const level: StepModel<number> = { step: () => ({ logits: [0, 0.5, 1.5, 2, -3], state: 0 }) };
    expect(await collect(generate(level, [0], likeliest))).toEqual([3, 3, 3, 3]);
    for (const repetitionPenalty of [1.5, 2, 3]) {
      expect(await collect(generate(level, [0], { ...likeliest, repetitionPenalty }))).toEqual([3, 2, 3, 3]);
      expect(await collect(generate(level, [3], { ...likeliest, repetitionPenalty }))).toEqual([2, 3, 3, 3]);
    }
  });

  test("the same seed gives the same tokens; without one, manualSeed decides", async () => {
    const { model } = counter();
    const sample = (options: GenerateOptions) => collect(generate(model, [0], { maxTokens: 40, ...options }));
    const one = await sample({ seed: 1 });
    expect(await sample({ seed: 1 })).toEqual(one);
    expect(await sample({ seed: 2 })).not.toEqual(one);
    manualSeed(5);
    const first = await sample({});
    expect(await sample({})).not.toEqual(first);
    manualSeed(5);
    expect(await sample({})).toEqual(first);
  });

  test("refuses, before anything is made, an empty prompt and options out of range", () => {
    const { model } = counter();
    expectError("value", () => generate(model, []), "prompt is empty");
    expectError("range", () => generate(model, [0], { maxTokens: -1 }), "maxTokens is -1");
    expectError("range", () => generate(model, [0], { temperature: -1 }), "generate: temperature is -1");
    expectError("range", () => generate(model, [0], { topK: 0 }), "topK");
    expectError("range", () => generate(model, [0], { topP: 2 }), "topP");
    expectError("value", () => generate(model, [0], { seed: -1 }), "seed -1");
    for (const repetitionPenalty of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      expectError("range", () => generate(model, [0], { repetitionPenalty }), "generate: repetitionPenalty", String(repetitionPenalty));
  });
});

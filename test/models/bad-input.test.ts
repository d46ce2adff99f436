import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await sg.init();

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

const transformer = () => new sg.models.TransformerLM({ vocab: 10, context: 8, layers: 1, heads: 2, hidden: 8 }).eval();
const recurrent = () => new sg.models.RecurrentLM({ vocab: 10, arch: "gru", embed: 8, hidden: 8 }).eval();
type LM = sg.models.TransformerLM | sg.models.RecurrentLM;
const drain = async (tokens: AsyncIterable<number>) => {
  for await (const _ of tokens);
};

describe.each([
  ["TransformerLM", transformer],
  ["RecurrentLM", recurrent],
] as const)("%s refuses", (name, make) => {
  const model: LM = make();
  const step = model as unknown as sg.decode.StepModel<unknown>;

  test("a value that is not a tensor of tokens", () => {
    expectError("value", () => model.forward(wrong(null)), `${name}: tokens is null, not a tensor`);
    expectError("value", () => model.forward(wrong([1, 2])), `${name}: tokens is an array, not a tensor`);
    expectError("shape", () => model.forward(sg.zeros([3], { dtype: "int32" })), `${name}: tokens have shape [3]; expected [B, T]`);
    expectError("shape", () => model.forward(sg.zeros([1, 0], { dtype: "int32" })), `${name}: tokens have shape [1, 0]`);
  });

  test("ids that would be rounded or taken for others", async () => {
    const before = sg.memory().tensors;
    for (const ids of [[1.5], [Number.NaN], ["1"], [2 ** 32 + 1]]) {
      await expectRejection("range", wrong(step.step(wrong(ids), undefined)), `${name}: tokens[0] is `, "give whole numbers");
      expectError("range", () => sg.generate(step, wrong(ids)), "generate: the prompt[0] is ");
      await expectRejection("range", sg.decode.beamSearch(step, wrong(ids), { maxTokens: 2 }), "beamSearch: the prompt[0] is ");
    }
    await expectRejection("value", wrong(step.step([], undefined)), `${name}: there is no token`);
    expect(sg.memory().tensors).toBe(before);
  });

  test("a text for a prompt", async () => {
    expectError("value", () => sg.generate(step, wrong("abc")), "generate: the prompt is a string; give token ids");
    await expectRejection("value", sg.decode.beamSearch(step, wrong("abc"), { maxTokens: 2 }), "the prompt is a string; give token ids");
    expectError("value", () => sg.generate(step, wrong(null)), "generate: the prompt is null");
  });

  test("stop tokens that are not a list of whole numbers", async () => {
    expectError("value", () => sg.generate(step, [1], { stop: wrong(5) }), "generate: stop is 5; give a list");
    expectError("range", () => sg.generate(step, [1], { stop: [2, 1.5] }), "stop[1] is 1.5");
    const before = sg.memory().tensors;
    await expectRejection(
      "range",
      drain(sg.generate(step, [1], { stop: [10], maxTokens: 2 })),
      "stop[0] is 10; give a whole number from 0 to 9",
    );
    await expectRejection("value", sg.decode.beamSearch(step, [1], { stop: wrong(5), maxTokens: 2 }), "beamSearch: stop is 5");
    await expectRejection("range", sg.decode.beamSearch(step, [1], { stop: [10], maxTokens: 2 }), "beamSearch: stop[0] is 10");
    expect(sg.memory().tensors).toBe(before);
  });
});

test("an encoder-decoder is asked about a source", async () => {
  const model = new sg.models.TransformerSeq2Seq({ sourceVocab: 9, targetVocab: 9, hidden: 8, heads: 2, layers: 1 });
  const message = "the model has no step(); give a language model, or model.decoder(source) for an encoder-decoder.";
  expectError("value", () => sg.generate(wrong<sg.decode.StepModel<unknown>>(model), [1]), `generate: ${message}`);
  await expectRejection("value", sg.decode.beamSearch(wrong<sg.decode.StepModel<unknown>>(model), [1]), `beamSearch: ${message}`);
});

test("models name the size that is wrong", () => {
  const { TransformerSeq2Seq, RecurrentSeq2Seq, SequenceTagger, Forecaster } = sg.models;
  for (const Model of [TransformerSeq2Seq, RecurrentSeq2Seq]) {
    expectError("range", () => new Model(wrong({ targetVocab: 5 })), `${Model.name}: sourceVocab is undefined`);
    expectError("range", () => new Model(wrong({ sourceVocab: 5 })), `${Model.name}: targetVocab is undefined`);
  }
  expectError("range", () => new SequenceTagger(wrong({ vocab: 5 })), "SequenceTagger: tags is undefined");
  expectError("range", () => new SequenceTagger({ vocab: 5, tags: 2, characters: -1 }), "SequenceTagger: characters is -1");
  expectError("range", () => new Forecaster({ channels: 1, horizon: 1, quantiles: wrong(0.5) }), "Forecaster: quantiles are 0.5");
});

test("model types that an object has by itself are none", () => {
  const load = (config: object) => sg.models.TransformerLM.fromHuggingFace(wrong(config), new Map());
  expectError("format", () => load({ model_type: "toString" }), 'model_type is "toString"; expected "gpt2" or "llama"');
  expectError("format", () => load(wrong(null)), "model_type is undefined");
});

test("padRows and windows refuse a value that is not a token", () => {
  for (const row of [[1.5], ["a"], [2 ** 40]]) expectError("range", () => sg.data.padRows([[1], wrong(row)]), "padRows: rows[1][0] is ");
  expectError("value", () => sg.data.padRows(wrong(["abc"])), "padRows: rows[0] is a string; give token ids");
  expectError("value", () => sg.data.padRows(wrong([5])), "padRows: rows[0] is a number");
  for (const truncate of [0, 1.5]) expectError("range", () => sg.data.padRows([[1, 2]], { truncate }), `padRows: truncate is ${truncate}`);
  const size = { batch: 1, context: 1 };
  for (const Windows of [sg.data.RandomWindows, sg.data.ContinuousWindows]) {
    expectError("value", () => new Windows(wrong("abc"), size), `${Windows.name}: tokens is a string`);
    expectError("range", () => new Windows([1, 2.5, 3], size), `${Windows.name}: tokens[1] is 2.5`);
    expect(new Windows([1, 2], size).batch(0).y[0]).toBe(2);
  }
  expectError("value", () => sg.data.consecutiveWindows(wrong("abc"), size), "consecutiveWindows: tokens is a string");
});

test("decoders of scores refuse what they cannot read", async () => {
  for (const beam of [1, 3]) expectError("not-finite", () => sg.decode.ctcDecode([Number.NaN, 0, 0], 3, { beam }), "logit 0 is NaN");
  const emissions = sg.zeros([1, 2, 3]);
  const scores = { transitions: sg.zeros([3, 3]), starts: sg.zeros([2]), ends: sg.zeros([3]) };
  await expectRejection("shape", sg.decode.viterbi(emissions, scores), "starts [2]", "expected [B, T, K], [K, K], [K], [K] and B");
});

test("a state that is not one of the decoder's is refused by its name, and nothing is made", async () => {
  const model = new sg.models.RecurrentSeq2Seq({ sourceVocab: 9, targetVocab: 9, embed: 4, hidden: 4 }).eval();
  const decoding = model.decoder([1, 2]);
  const { state } = await decoding.step([1]);
  const before = sg.memory();
  for (const [bad, part] of [
    [null, "the state is null"],
    [5, "the state is"],
    [{ ...state, h: undefined }, "the state's h is"],
    [{ ...state, h: [1] }, "the state's h is"],
    [{ ...state, feed: "x" }, "the state's feed is"],
    [{ ...state, c: 5 }, "the state's c is"],
    [{ ...state, position: "1" }, "the state's position is"],
    [{ ...state, position: -1 }, "the state's position is"],
  ] as const)
    for (const act of [() => decoding.step([1], wrong(bad)), () => decoding.stepRows([1], wrong(bad), [0])]) {
      const error = await act().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(sg.SeqgradError);
      expect((error as Error).message).toContain(`RecurrentDecoding: ${part}`);
    }
  expect(sg.memory()).toEqual(before);
  decoding.release(state);
  decoding.dispose();
});

import { beforeAll, describe, expect, it } from "vitest";
import type { StepModel } from "../../src/decode/index.js";
import { toOnnx } from "../../src/export/index.js";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { thinly } from "../helpers/full.js";
import { type Feeds, floats, ints, noRuntime, OnnxModel } from "../helpers/onnx.js";
import { expectClose, frameFeeds, frames, open, opsets, ragged, rows, shaken, tokenFeeds } from "./inputs.js";
import { OnnxSteps } from "./step-models.js";

beforeAll(async () => void (await sg.init()));

const zeros = (...dims: readonly number[]) => floats(new Float32Array(dims.reduce((a, b) => a * b, 1)), ...dims);

/** The same texts, token by token and by a beam of 3, and scores to 1e-5. */
async function expectSameText<A, B>(ours: StepModel<A>, theirs: StepModel<B>, prompt: readonly number[]): Promise<void> {
  const [a, b] = [await ours.step(prompt, undefined), await theirs.step(prompt, undefined)];
  const off = Array.from(a.logits, (x, i) => Math.abs(x - b.logits[i]!));
  expect(a.logits.length).toBe(b.logits.length);
  expect(Math.max(...off)).toBeLessThan(1e-5);
  for (const beam of [1, 3]) {
    const search = { beam, nBest: beam, maxTokens: 6, stop: [2] };
    const [expected, got] = [await sg.decode.beamSearch(ours, prompt, search), await sg.decode.beamSearch(theirs, prompt, search)];
    expect(expected.length).toBe(beam);
    expect(got.map(({ tokens }) => [...tokens])).toEqual(expected.map(({ tokens }) => [...tokens]));
  }
}

const register = (chosen: readonly (typeof opsets)[number][]) =>
  describe.skipIf(noRuntime).each(chosen)(`models that write step by step, as ONNX of opset %i${noRuntime}`, (opset) => {
    it.each(["rnn", "gru", "lstm"] as const)("a language model of %s scores and writes the same", async (arch) => {
      const model = shaken(new sg.models.RecurrentLM({ vocab: 12, arch, embed: arch === "gru" ? 8 : 6, hidden: 8, layers: 2 }));
      const onnx = await open(model, opset);
      const start = (B: number): Feeds => ({ h: zeros(2, B, 8), ...(arch === "lstm" && { c: zeros(2, B, 8) }) });
      for (const lengths of [[7], [4, 4, 4, 4, 4]]) {
        const { data, shape } = rows(lengths, 12);
        const got = await onnx.run({ tokens: ints(data, ...shape), ...start(shape[0]) });
        const { logits, state } = inference(() => model.forward(sg.tensor(data, shape)));
        await expectClose(got.logits, logits);
        await expectClose(got["next.h"], state.h);
        if (state.c) await expectClose(got["next.c"], state.c);
      }
      await expectSameText(model, new OnnxSteps(onnx, start(1)), [3, 5]);
    });

    it.each([
      { name: "GPT-2's kind", kvHeads: 4 },
      { name: "GPT-2's kind, weights apart", kvHeads: 4, activation: "geluTanh", tieWeights: false, bias: false },
      { name: "Llama's kind", kvHeads: 2, norm: "rms", positions: "rotary", activation: "swiglu", bias: false },
    ] as const)("$name scores and writes the same with its cache", async ({ name: _, ...kind }) => {
      const model = shaken(new sg.models.TransformerLM({ vocab: 12, context: 12, layers: 2, heads: 4, hidden: 16, ...kind }));
      const onnx = await open(model, opset);
      const empty = (B: number): Feeds =>
        Object.fromEntries([0, 1].flatMap((i) => ["key", "value"].map((part) => [`past.${i}.${part}`, zeros(B, kind.kvHeads, 0, 4)])));
      for (const lengths of [[7], [4, 4, 4, 4, 4]]) {
        const { data, shape } = rows(lengths, 12);
        const { logits } = await onnx.run({ tokens: ints(data, ...shape), ...empty(shape[0]) });
        await expectClose(
          logits,
          inference(() => model.forward(sg.tensor(data, shape)).logits),
        );
      }
      await expectSameText(model, new OnnxSteps(onnx, empty(1)), [3, 5]);
    });

    const translators = [
      { arch: "lstm", attention: "additive", layers: 2 },
      { arch: "gru", attention: "general", window: 3, reverse: true },
      { arch: "rnn", attention: "dot", bidirectional: false, inputFeeding: false },
      { arch: "gru", attention: "none", bidirectional: false, layers: 2 },
    ] as const;

    it.each(translators)("a translator of $arch with attention $attention writes the same", async (kind) => {
      const model = shaken(new sg.models.RecurrentSeq2Seq({ sourceVocab: 12, targetVocab: 11, embed: 6, hidden: 8, ...kind }));
      const files = await toOnnx(model, { opset });
      const [encoder, decoder] = [await OnnxModel.open(files, "encoder"), await OnnxModel.open(files, "decoder")];
      for (const lengths of ragged) {
        const source = rows(lengths, 12);
        const [B] = source.shape;
        const first = { ...(await encoder.run(tokenFeeds(source))), ...tokenFeeds(source) };
        const steps = new OnnxSteps(decoder, first);
        const expected = inference(() => model.decode(sg.tensor(new Int32Array(B).fill(1), [B, 1]), model.encode(source)));
        const { logits } = await steps.stepRows(
          new Int32Array(B).fill(1),
          { feeds: first, position: 0 },
          Array.from({ length: B }, (_, b) => b),
        );
        await expectClose(floats(logits, B, 1, 11), expected.logits);
      }
      const source = [5, 3, 9, 4];
      const feeds = tokenFeeds(sg.data.padRows([source]));
      await expectSameText(model.decoder(source), new OnnxSteps(decoder, { ...(await encoder.run(feeds)), ...feeds }), [1]);
    });

    it.each([true, false])("a translator of attention alone, norms first %s, writes the same", async (normFirst) => {
      const sizes = { sourceVocab: 12, targetVocab: 11, hidden: 8, heads: 2, layers: 2 };
      const model = shaken(new sg.models.TransformerSeq2Seq({ ...sizes, normFirst }));
      const files = await toOnnx(model, { opset });
      const [encoder, decoder] = [await OnnxModel.open(files, "encoder"), await OnnxModel.open(files, "decoder")];
      for (const lengths of ragged) {
        const source = rows(lengths, 12);
        const [B] = source.shape;
        const target = rows(new Array<number>(B).fill(4), 11);
        const { logits } = await decoder.run({
          ...Object.fromEntries(Object.entries(await encoder.run(tokenFeeds(source)))),
          ...{
            lengths: ints(lengths, B),
            tokens: ints(
              target.data.filter((_, i) => i % 4 < 3),
              B,
              3,
            ),
          },
        });
        await expectClose(
          logits,
          inference(() => model.forward({ source, target })),
        );
      }
      const source = [5, 3, 9, 4];
      const feeds = tokenFeeds(sg.data.padRows([source]));
      await expectSameText(model.decoder(source), new OnnxSteps(decoder, { ...(await encoder.run(feeds)), ...feeds }), [1]);
    });

    it.each([
      { arch: "lstm", inject: "state", layers: 2 },
      { arch: "gru", inject: "input" },
      { arch: "rnn", inject: "input", attention: "none" },
    ] as const)("a captioner of $arch, injected as $inject, writes the same", async (kind) => {
      const model = shaken(new sg.models.Captioner({ features: 3, places: 7, targetVocab: 11, embed: 6, hidden: 8, ...kind }));
      const files = await toOnnx(model, { opset });
      const [encoder, decoder] = [await OnnxModel.open(files, "encoder"), await OnnxModel.open(files, "decoder")];
      for (const lengths of ragged) {
        const batch = frames(lengths, 3);
        const got = await encoder.run(frameFeeds(batch));
        const { state, keys } = inference(() => model.encode(batch));
        await expectClose(got.h, state.h);
        if (keys) await expectClose(got.keys, keys.keys);
      }
      const grid = [
        [1, 0, 0.5],
        [0, 1, -1],
      ];
      const feeds = frameFeeds(sg.data.padFrames([grid]));
      await expectSameText(model.decoder(grid), new OnnxSteps(decoder, { ...(await encoder.run(feeds)), ...feeds }), [1]);
    });
  });

// The quick suite has classifiers of both.
thinly<(typeof opsets)[number]>(opsets, (opset) => opset === 17, register);

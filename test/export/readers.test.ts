import { beforeAll, describe, it } from "vitest";
import * as sg from "../../src/index.js";
import { inference } from "../../src/nn/mode.js";
import { thinly } from "../helpers/full.js";
import { floats, ints, noRuntime } from "../helpers/onnx.js";
import { expectClose, frameFeeds, frames, open, opsets, ragged, rows, shaken, tokenFeeds } from "./inputs.js";

beforeAll(async () => void (await sg.init()));

const archs = [
  { arch: "gru", layers: 2, bidirectional: true },
  { arch: "transformer", layers: 2, heads: 2 },
] as const;

const register = (chosen: readonly (typeof opsets)[number][]) =>
  describe.skipIf(noRuntime).each(chosen)(`models that answer in one call, as ONNX of opset %i${noRuntime}`, (opset) => {
    it.each(archs)("a tagger of $arch with letters and a random field gives the same scores and tables", async (kind) => {
      const sizes = { vocab: 20, tags: 4, embed: 6, hidden: 8, characters: 9, characterSize: 4 };
      const model = shaken(new sg.models.SequenceTagger({ ...sizes, ...kind }));
      const onnx = await open(model, opset);
      for (const lengths of ragged) {
        const { data: words, shape } = rows(lengths, 20);
        const letters = rows([3, 1, 4], 9);
        const index = words.map((word) => word % 3);
        const spelling = { characters: letters.data, shape: letters.shape, lengths: letters.lengths, index };
        const got = await onnx.run({
          ...tokenFeeds({ data: words, shape, lengths }, "words"),
          ...{
            characters: ints(letters.data, ...letters.shape),
            characterLengths: ints(letters.lengths, 3),
            spelling: ints(index, ...shape),
          },
        });
        await expectClose(
          got.emissions,
          inference(() => model.forward({ words, shape, lengths, spelling })),
        );
        for (const name of ["transitions", "starts", "ends"] as const) await expectClose(got[name], model.crf![name]);
      }
    });

    it("a tagger of words alone gives the same scores", async () => {
      const model = shaken(new sg.models.SequenceTagger({ vocab: 20, tags: 4, embed: 6, hidden: 8, arch: "rnn", crf: false }));
      const batch = rows([3, 5], 20);
      const { emissions } = await (await open(model, opset)).run(tokenFeeds(batch, "words"));
      await expectClose(
        emissions,
        inference(() => model.forward({ words: batch.data, ...batch })),
      );
    });

    it.each(archs)("a forecaster of $arch gives the same quantiles", async (kind) => {
      const model = shaken(new sg.models.Forecaster({ channels: 2, horizon: 3, hidden: 8, ...kind }));
      const onnx = await open(model, opset);
      for (const B of [1, 5]) {
        const past = sg.randn([B, 6, 2]);
        const { quantiles } = await onnx.run({ past: floats(await past.data(), B, 6, 2) });
        await expectClose(
          quantiles,
          inference(() => model.forward(past)),
        );
      }
    });

    it.each(archs)("a recognizer of $arch gives the same probabilities", async (kind) => {
      const model = shaken(new sg.models.Recognizer({ features: 3, classes: 5, hidden: 8, ...kind }));
      const onnx = await open(model, opset);
      for (const lengths of ragged) {
        const batch = frames(lengths, 3);
        const { logProbabilities } = await onnx.run(frameFeeds(batch));
        await expectClose(
          logProbabilities,
          inference(() => model.forward(batch)),
        );
      }
    });

    it("a logistic regression gives the same probabilities", async () => {
      const tfidf = sg.text.TfIdf.fit(["good film", "bad film", "good fun", "bad luck"]);
      const texts = tfidf.transform(["good film", "bad film", "good fun", "bad luck"]);
      const model = sg.models.LogisticRegression.fit(texts, ["pos", "neg", "pos", "neg"]);
      const [B, n] = texts.shape;
      const dense = new Float32Array(B * n);
      for (let b = 0; b < B; b++) for (const [k, value] of texts.row(b)) dense[b * n + k] = value;
      const { probabilities } = await (await open(model, opset)).run({ features: floats(dense, B, n) });
      await expectClose(probabilities, sg.fromArray(model.probabilities(texts)));
    });

    it("BERT's kind gives the same vectors, tokens and classes", async () => {
      const model = shaken(new sg.models.MaskedLM({ vocab: 20, context: 9, layers: 2, heads: 2, hidden: 8, classes: 3 }));
      const onnx = await open(model, opset);
      for (const lengths of ragged) {
        const batch = rows(lengths, 20);
        const kinds = batch.data.map((token) => token % 2);
        const got = await onnx.run({ ...tokenFeeds(batch), segments: ints(kinds, ...batch.shape) });
        const tokens = sg.tensor(batch.data, batch.shape);
        const call = { lengths, segments: sg.tensor(kinds, batch.shape) };
        for (const [name, of] of Object.entries({ hidden: "encode", logits: "forward", pooled: "pool", classes: "classify" } as const))
          await expectClose(
            got[name],
            inference(() => model[of](tokens, call)),
          );
      }
    });
  });

// The quick suite has classifiers of both.
thinly<(typeof opsets)[number]>(opsets, (opset) => opset === 17, register);

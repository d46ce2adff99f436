import { expect } from "vitest";
import { padRows } from "../../src/data/index.js";
import { viterbi } from "../../src/decode/viterbi.js";
import {
  Forecaster,
  RecurrentSeq2Seq,
  type RecurrentSeq2SeqConfig,
  SequenceClassifier,
  type TaggerInput,
  TransformerSeq2Seq,
} from "../../src/models/index.js";
import { EntityTagger } from "../../src/tasks/index.js";
import { tensor } from "../../src/tensor/create.js";
import type { Device } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, on } from "../helpers/devices.js";
import { expectClose, normals } from "../helpers/numbers.js";

/** Tokens from 3 to 7, over a tile of an attention kernel too. */
const rows = [2, 37, 1, 5].map((length, b) => Array.from({ length }, (_, t) => 3 + ((t * t + b) % 5)));
/** Tokens after the rows' ends, other than the padding token: they show if they count. */
const STRAY = 8;
const sources = padRows(rows, { value: STRAY });

/** Every encoder, in one direction and, where there is a choice, in both. */
const encoders = [
  ...(["rnn", "gru", "lstm"] as const).flatMap((arch) => [true, false].map((bidirectional) => ({ arch, bidirectional }))),
  { arch: "transformer" } as const,
];

/** Expects the rows of a result `[B, ..]` to begin with what each gives alone. */
async function expectRows(together: Tensor, alone: readonly Tensor[]): Promise<void> {
  const data = await together.data();
  const stride = data.length / alone.length;
  for (const [b, row] of alone.entries()) expectClose(data.slice(b * stride, b * stride + row.size), await row.data(), 1e-6, `row ${b}`);
}

await forEachDevice(["full reference", "simd", "full relaxed", "full webgpu"], "padding changes nothing", (device: Device) => {
  const test = on(device);

  for (const encoder of encoders) {
    const name = `${encoder.arch}${"bidirectional" in encoder && !encoder.bidirectional ? ", one way" : ""}`;
    const options = { ...encoder, layers: 2, hidden: 6, ...(encoder.arch === "transformer" && { heads: 2 }), embed: 5, dropout: 0.5 };

    for (const pooling of ["last", "mean", "max", "attention"] as const)
      test(`for a classifier: ${name}, pooling ${pooling}`, async () => {
        manualSeed(1);
        const model = new SequenceClassifier({ ...options, pooling, vocab: 9, classes: 3 }).eval();
        const logits = ({ data, shape, lengths }: typeof sources) => model.forward(tensor(data, shape), lengths);
        await expectRows(
          logits(sources),
          rows.map((row) => logits(padRows([row]))),
        );
      });

    test(`for a tagger with letters and a random field: ${name}`, async () => {
      manualSeed(2);
      const sentences = [["a"], ["abc", "b"], ["b", "a", "cabbabbac"], ["c", "cc", "b", "a", "bac"]].map((words) => ({
        words,
        tags: words.map((word) => (word.startsWith("a") ? "A" : "O")),
      }));
      const task = EntityTagger.create(sentences, { ...options, characterSize: 3, crf: true, minCount: 1 });
      const model = task.model.eval();
      const batchOf = (examples: typeof sentences) => [...task.loader(examples, { batch: examples.length })][0]!;
      const batch = batchOf(sentences);
      // No two are of one length.
      const alone = batch.lengths.map((n) => batchOf(sentences.filter(({ words }) => words.length === n)));
      const emissions = model.forward(batch);
      const own = alone.map((sentence) => model.forward(sentence));
      const losses = [batch, ...alone].map((part) => model.loss(part).loss);
      await expectRows(emissions, own);
      const [loss, ...parts] = await Promise.all(losses.map((x) => x.item()));
      expectClose([loss! * 4], [parts.reduce((sum, part) => sum + part, 0)], 1e-6);
      const tags = (scores: Tensor, { lengths }: TaggerInput) => viterbi(scores, model.crf!, lengths);
      expect(await tags(emissions, batch)).toEqual((await Promise.all(own.map((x, b) => tags(x, alone[b]!)))).flat());
    });

    test(`nor do the series beside one, for a forecaster: ${name}`, async () => {
      manualSeed(3);
      const { embed: _, ...own } = options;
      const model = new Forecaster({ ...own, channels: 2, horizon: 3 }).eval();
      const past = normals(5 * 7 * 2, 1);
      const alone = [0, 1, 2, 3, 4].map((b) => model.forward(tensor(past.slice(b * 14, b * 14 + 14), [1, 7, 2])));
      await expectRows(model.forward(tensor(past, [5, 7, 2])), alone);
    });
  }

  const targets = [3, 1, 6, 2].map((length, b) => [1, ...Array.from({ length }, (_, t) => 3 + ((t + b) % 5)), 2]);
  const pairs = { source: sources, target: padRows(targets, { value: STRAY }) };
  const pairsAlone = rows.map((row, b) => ({ source: padRows([row]), target: padRows([targets[b]!]) }));
  const vocabularies = { sourceVocab: 9, targetVocab: 9, layers: 2, dropout: 0.5 };

  const recurrent: Partial<RecurrentSeq2SeqConfig>[] = [
    { arch: "gru" },
    { arch: "gru", bidirectional: false, reverse: true, attention: "dot" },
    { arch: "lstm", reverse: true, attention: "general", window: 3 },
    { arch: "lstm", bidirectional: false, attention: "none" },
  ];
  for (const config of recurrent)
    test(`for a translator: ${JSON.stringify(config)}`, async () => {
      manualSeed(4);
      const model = new RecurrentSeq2Seq({ ...vocabularies, embed: 5, hidden: 6, ...config }).eval();
      await expectRows(
        model.forward(pairs),
        pairsAlone.map((pair) => model.forward(pair)),
      );
    });

  test("for a translator that is a Transformer", async () => {
    manualSeed(5);
    const model = new TransformerSeq2Seq({ ...vocabularies, hidden: 6, heads: 2, feedForward: 8, context: 8 }).eval();
    await expectRows(
      model.forward(pairs),
      pairsAlone.map((pair) => model.forward(pair)),
    );
  });
});

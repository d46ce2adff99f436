import { describe, expect, it } from "vitest";
import { init, models, tasks, zeros } from "../../src/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await init();

/** Calls as plain JavaScript can write them, past the types. */
const any = <T>(value: unknown) => value as T;
const lm = { vocab: 7, arch: "gru", embed: 4, hidden: 4 } as const;
const transformer = { vocab: 7, context: 8, layers: 1, heads: 2, hidden: 4 } as const;
const pairs = { sourceVocab: 7, targetVocab: 7 } as const;

type Calls = Record<string, [call: () => unknown, ...parts: string[]]>;

function refuses(calls: Calls): void {
  for (const [title, [call, ...parts]] of Object.entries(calls)) it(title, () => expectError("value", call, ...parts));
}

describe("a model refuses an option that it does not know and names the right one:", () => {
  refuses({
    RecurrentLM: [() => new models.RecurrentLM(any({ ...lm, layer: 2 })), 'RecurrentLM: "layer" is not an option. Did you mean "layers"?'],
    TransformerLM: [() => new models.TransformerLM(any({ ...transformer, n_layers: 2 })), '"n_layers" is not an option', '"layers"'],
    MaskedLM: [() => new models.MaskedLM(any({ ...transformer, dropuot: 0 })), 'MaskedLM: "dropuot" is not', '"dropout"'],
    SequenceClassifier: [
      () => new models.SequenceClassifier(any({ vocab: 7, classes: 2, hiden: 4 })),
      'SequenceClassifier: "hiden" is not an option. Did you mean "hidden"?',
    ],
    SequenceTagger: [() => new models.SequenceTagger(any({ vocab: 7, tags: 2, CRF: true })), '"CRF" is not', '"crf"'],
    Recognizer: [() => new models.Recognizer(any({ features: 2, classes: 2, hiddenSize: 4 })), 'Did you mean "hidden"?'],
    Forecaster: [() => new models.Forecaster(any({ channels: 1, horizon: 1, quantile: [0.5] })), 'Did you mean "quantiles"?'],
    Captioner: [() => new models.Captioner(any({ features: 2, targetVocab: 7, place: 2 })), 'Did you mean "places"?'],
    RecurrentSeq2Seq: [() => new models.RecurrentSeq2Seq(any({ ...pairs, heads: 2 })), 'RecurrentSeq2Seq: "heads" is not an option'],
    TransformerSeq2Seq: [() => new models.TransformerSeq2Seq(any({ ...pairs, arch: "lstm" })), 'TransformerSeq2Seq: "arch" is not'],
  });
});

describe("a model without a config says how to write one:", () => {
  refuses({
    "RecurrentLM of nothing": [() => new models.RecurrentLM(any(undefined)), "new RecurrentLM({ vocab: …"],
    "RecurrentLM of null": [() => new models.RecurrentLM(any(null)), "new RecurrentLM({ vocab: …"],
    "TransformerLM of a number": [() => new models.TransformerLM(any(7)), "new TransformerLM({ vocab: …"],
    "TransformerSeq2Seq of nothing": [() => new models.TransformerSeq2Seq(any(undefined)), "new TransformerSeq2Seq({ sourceVocab: …"],
    "Captioner of nothing": [() => new models.Captioner(any(undefined)), "Captioner: the options are"],
    "a text that means a boolean": [() => new models.RecurrentLM(any({ ...lm, tieWeights: "yes" })), "RecurrentLM: tieWeights is"],
  });
});

describe("a model refuses an option that its architecture has no use for:", () => {
  const heads = "heads is for arch transformer, and the model is gru; leave it out.";
  const attention = "is for attention additive, dot and general, and the attention is none; leave it out.";
  refuses({
    "heads of an encoder": [() => new models.SequenceEncoder(4, { arch: "gru", heads: 2 }), `SequenceEncoder: ${heads}`],
    "heads of a classifier": [() => new models.SequenceClassifier({ vocab: 5, classes: 2, arch: "gru", heads: 4 }), heads],
    "heads of a tagger": [() => new models.SequenceTagger({ vocab: 5, tags: 2, arch: "gru", heads: 4 }), heads],
    "heads of a forecaster": [() => new models.Forecaster({ channels: 1, horizon: 1, arch: "gru", heads: 4 }), heads],
    "heads of a recognizer": [() => new models.Recognizer({ features: 2, classes: 3, arch: "gru", heads: 4 }), heads],
    "one direction of a Transformer": [
      () => new models.SequenceEncoder(4, { arch: "transformer", bidirectional: false }),
      "SequenceEncoder: bidirectional is for arch rnn, gru and lstm, and the model is transformer; leave it out.",
    ],
    "a window without attention": [() => new models.RecurrentSeq2Seq({ ...pairs, attention: "none", window: 2 }), `window ${attention}`],
    "input feeding without attention": [
      () => new models.Captioner({ features: 2, targetVocab: 7, attention: "none", inputFeeding: true }),
      `inputFeeding ${attention}`,
    ],
  });

  it("and its config has what it uses", () => {
    const model = (arch: models.Arch) => new models.Recognizer({ features: 2, classes: 3, hidden: 8, arch });
    expect(model("gru").config).toEqual({ features: 2, classes: 3, arch: "gru", hidden: 8, layers: 1, dropout: 0, bidirectional: true });
    expect(model("transformer").config).toMatchObject({ heads: 4 });
    expect(model("transformer").config).not.toHaveProperty("bidirectional");
  });
});

describe("a call of a model refuses", () => {
  const tokens = zeros([1, 3], { dtype: "int32" });
  refuses({
    "an unknown option": [() => new models.RecurrentLM(lm).forward(tokens, any({ states: undefined })), 'Did you mean "state"?'],
    "a batch that is undefined": [
      () => new models.TransformerLM(transformer).loss(any(undefined)),
      "TransformerLM: the batch is undefined",
    ],
    "a state that is null": [() => new models.RecurrentLM(lm).release(any(null)), "RecurrentLM: the state is null"],
  });

  it("greedy options that are missing or unknown", async () => {
    const model = new models.TransformerSeq2Seq({ ...pairs, hidden: 4, heads: 2, feedForward: 4 });
    const source = { data: Int32Array.of(1, 2), shape: [1, 2] as [number, number], lengths: [2] };
    await expectRejection("value", model.greedy(source, any(undefined)), "TransformerSeq2Seq.greedy");
    const wrong = { sos: 1, eos: 2, maxTokens: 3, beams: 2 };
    await expectRejection("value", model.greedy(source, any(wrong)), '"beams" is not an option');
    expect(await model.greedy(source, { sos: 1, eos: 2, maxTokens: 2 })).toHaveLength(1);
  });
});

describe("a task refuses an option that it does not know and names the right one:", () => {
  const texts = [
    { text: "good film", label: "good" },
    { text: "dull film", label: "bad" },
  ];
  const pair = [{ source: "yes", target: "oui" }];
  refuses({
    TextClassifier: [() => tasks.TextClassifier.create(texts, any({ min_count: 1 })), 'TextClassifier.create: "min_count"', '"minCount"'],
    "a size that the texts give": [() => tasks.TextClassifier.create(texts, any({ classes: 3 })), '"classes" is not an option'],
    "a number for the options": [() => tasks.TextClassifier.create(texts, any(8)), "TextClassifier.create: the options are 8"],
    EntityTagger: [() => tasks.EntityTagger.create([{ words: ["a"], tags: ["O"] }], any({ speling: true })), 'Did you mean "spelling"?'],
    SpeechRecognizer: [() => tasks.SpeechRecognizer.create([{ frames: [[0]], text: "a" }], any({ hiden: 2 })), 'Did you mean "hidden"?'],
    ImageCaptioner: [() => tasks.ImageCaptioner.create([{ features: [[0]], caption: "a" }], any({ units: "words" })), '"unit"'],
    Translator: [() => tasks.Translator.create(pair, any({ contexts: 3 })), 'Translator.create: "contexts"', '"context"'],
    "heads of a recurrent Translator": [() => tasks.Translator.create(pair, any({ heads: 2 })), "heads is for arch transformer"],
  });
});

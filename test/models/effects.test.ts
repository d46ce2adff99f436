import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { captionerNames } from "../../src/models/captioner.js";
import { forecasterNames } from "../../src/models/forecaster.js";
import { maskedLMNames } from "../../src/models/masked-lm.js";
import { recognizerNames } from "../../src/models/recognizer.js";
import { recurrentLMNames } from "../../src/models/recurrent-lm.js";
import { seq2seqNames } from "../../src/models/recurrent-seq2seq.js";
import { classifierNames } from "../../src/models/sequence-classifier.js";
import { taggerNames } from "../../src/models/sequence-tagger.js";
import { transformerLMNames } from "../../src/models/transformer-lm.js";
import { transformerSeq2SeqNames } from "../../src/models/transformer-seq2seq.js";
import { asDefault } from "../helpers/devices.js";

asDefault({ type: "wasm", variant: "simd" });

const { models } = sg;
type Options = Readonly<Record<string, unknown>>;
type Result = sg.Tensor | number;

interface Kind {
  readonly names: readonly string[];
  readonly make: (config: never) => sg.nn.Module;
  /** Results in which each option shows, once the model is there. */
  readonly run: (model: never) => readonly Result[];
  /** Configs in which each other option is tried. */
  readonly contexts: readonly Options[];
  /** Another value of each option, or a function of the context. */
  readonly values: Options;
}

/** A model as what its config and its run name. */
const kind = <C, M extends sg.nn.Module>(
  one: Omit<Kind, "make" | "run"> & { readonly make: (config: C) => M; readonly run: (model: M) => readonly Result[] },
): Kind => one;

const shape: [number, number] = [2, 3];
const rows = { data: Int32Array.of(1, 2, 3, 4, 5, 0), shape, lengths: [3, 2] };
const frames = {
  data: Float32Array.from({ length: 24 }, (_, i) => Math.sin(i)),
  shape: [2, 3, 4] as [number, number, number],
  lengths: [3, 2],
};
const windows = { x: rows.data, y: Int32Array.of(2, 3, 4, 5, 0, 1), shape };
const ids = () => sg.tensor(rows.data, shape);
const sized = { hidden: 4, layers: 2 };
const encoders = [
  { ...sized, arch: "gru", dropout: 0 },
  { ...sized, arch: "transformer", heads: 2, dropout: 0 },
];
const encoderValues = { arch: "lstm", hidden: 8, layers: 1, dropout: 0.5, bidirectional: false, heads: 4 };
const decoders = ["additive", "none"].map((attention) => ({ ...sized, embed: 4, targetVocab: 9, arch: "gru", attention }));
const decoderValues = {
  ...{ targetVocab: 10, arch: "lstm", embed: 6, hidden: 8, layers: 1, dropout: 0.5, attention: "general", window: 1 },
  ...{ inputFeeding: ({ attention }: Options) => attention === "none", reduction: "sum" },
};
const gpt = { ...sized, hidden: 8, vocab: 9, context: 3, heads: 2 };
const gptValues = { vocab: 10, context: 2, layers: 1, heads: 4, hidden: 12, feedForward: 5, dropout: 0.5, attentionDropout: 0.5, eps: 0.1 };
const spelling = {
  characters: Int32Array.of(1, 2, 3, 1),
  shape: [2, 2] as [number, number],
  lengths: [2, 2],
  index: Int32Array.of(0, 1, 0, 1, 0, 0),
};

const kinds: Readonly<Record<string, Kind>> = {
  RecurrentLM: kind({
    names: recurrentLMNames,
    make: (config: sg.models.RecurrentLMConfig) => new models.RecurrentLM(config),
    run: (model) => [model.loss({ ...windows, continues: false }).loss],
    contexts: [
      { ...sized, vocab: 9, arch: "gru", embed: 4 },
      { ...sized, vocab: 9, arch: "gru", embed: 4, tieWeights: false },
    ],
    values: { vocab: 10, arch: "lstm", embed: 5, hidden: 8, layers: 1, dropout: 0.5, tieWeights: false },
  }),
  TransformerLM: kind({
    names: transformerLMNames,
    make: (config: sg.models.TransformerLMConfig) => new models.TransformerLM(config),
    run: (model) => [model.loss({ ...windows, continues: false }).loss, model.forward(ids()).logits],
    contexts: [gpt, { ...gpt, positions: "rotary" }],
    values: {
      ...{
        ...gptValues,
        heads: 1,
        kvHeads: 1,
        embeddingDropout: 0.5,
        norm: "rms",
        positions: "rotary",
        rotaryBase: 100,
        activation: "swiglu",
      },
      ...{ bias: false, tieWeights: false },
    },
  }),
  MaskedLM: kind({
    names: maskedLMNames,
    make: (config: sg.models.MaskedLMConfig) => new models.MaskedLM(config),
    run: (model) => [
      model.encode(ids()),
      ...(model.config.fillsMasks ? [model.forward(ids())] : []),
      ...(model.config.pools ? [model.pool(ids())] : []),
      ...(model.config.classes > 0 ? [model.classify(ids())] : []),
    ],
    contexts: [gpt, { ...gpt, classes: 2, dropout: 0 }, { ...gpt, fillsMasks: false }],
    values: {
      ...gptValues,
      heads: 1,
      segments: 3,
      // Without classes it waits for a head that is made of the config.
      classifierDropout: ({ classes }: Options) => (classes === undefined ? undefined : 0.5),
      classes: 3,
      pools: ({ classes }: Options) => classes === undefined,
      fillsMasks: false,
    },
  }),
  SequenceClassifier: kind({
    names: classifierNames,
    make: (config: sg.models.SequenceClassifierConfig) => new models.SequenceClassifier(config),
    run: (model) => [model.loss({ tokens: rows.data, shape, lengths: rows.lengths, labels: Int32Array.of(0, 1) }).loss],
    contexts: encoders.map((encoder) => ({ ...encoder, vocab: 9, classes: 2 })),
    values: { ...encoderValues, vocab: 10, classes: 3, embed: 5, pooling: "mean", classWeights: [1, 3] },
  }),
  SequenceTagger: kind({
    names: taggerNames,
    make: (config: sg.models.SequenceTaggerConfig) => new models.SequenceTagger(config),
    run: (model) => {
      const tags = [
        [0, 1, 2],
        [0, 1],
      ];
      const words = { words: rows.data, shape, lengths: rows.lengths, tags };
      return [model.loss(model.config.characters === 0 ? words : { ...words, spelling }).loss];
    },
    contexts: encoders.flatMap((encoder) => [0, 5].map((characters) => ({ ...encoder, vocab: 9, tags: 3, characters }))),
    values: { ...encoderValues, vocab: 10, tags: 4, embed: 5, characters: 6, characterSize: 3, crf: false },
  }),
  Forecaster: kind({
    names: forecasterNames,
    make: (config: sg.models.ForecasterConfig) => new models.Forecaster(config),
    run: (model) => [model.forward(sg.reshape(sg.arange(6 * model.config.channels), [2, 3, model.config.channels]))],
    contexts: encoders.map((encoder) => ({ ...encoder, channels: 2, horizon: 2 })),
    values: { ...encoderValues, channels: 1, horizon: 3, quantiles: [0.5] },
  }),
  Recognizer: kind({
    names: recognizerNames,
    make: (config: sg.models.RecognizerConfig) => new models.Recognizer(config),
    run: (model) => [model.loss({ frames, targets: [[1], [2]] }).loss],
    contexts: encoders.map((encoder) => ({ ...encoder, features: 4, classes: 3 })),
    values: { ...encoderValues, features: 5, classes: 4 },
  }),
  RecurrentSeq2Seq: kind({
    names: seq2seqNames,
    make: (config: sg.models.RecurrentSeq2SeqConfig) => new models.RecurrentSeq2Seq(config),
    run: (model) => [model.loss({ source: rows, target: rows }).loss],
    contexts: decoders.map((decoder) => ({ ...decoder, sourceVocab: 9 })),
    values: { ...decoderValues, sourceVocab: 10, bidirectional: false, reverse: true },
  }),
  Captioner: kind({
    names: captionerNames,
    make: (config: sg.models.CaptionerConfig) => new models.Captioner(config),
    run: (model) => [model.loss({ source: frames, target: rows }).loss],
    contexts: decoders.map((decoder) => ({ ...decoder, features: 4, places: 3 })),
    values: { ...decoderValues, features: 5, places: 4, inject: "input" },
  }),
  TransformerSeq2Seq: kind({
    names: transformerSeq2SeqNames,
    make: (config: sg.models.TransformerSeq2SeqConfig) => new models.TransformerSeq2Seq(config),
    run: (model) => [model.loss({ source: rows, target: rows }).loss, model.emptyCache(1).capacity],
    contexts: [{ ...sized, heads: 2, sourceVocab: 9, targetVocab: 9, context: 4, dropout: 0 }],
    values: {
      ...{
        sourceVocab: 10,
        targetVocab: 10,
        hidden: 8,
        heads: 1,
        layers: 1,
        feedForward: 5,
        dropout: 0.5,
        normFirst: false,
        labelSmoothing: 0.2,
      },
      context: 2,
    },
  }),
};

/** The weights and the results of a model, or the error of its run. */
async function contentOf({ make, run }: Kind, config: Options): Promise<string> {
  sg.manualSeed(1);
  const model = make(config as never);
  try {
    const weights = Array.from(await model.stateDict(), ([name, { shape, data }]) => [name, shape, Array.from(data)]);
    let results: unknown;
    try {
      results = sg.noGrad(() => sg.scope(() => run(model as never).map((x) => (typeof x === "number" ? x : Array.from(x.dataSync())))));
    } catch (error) {
      results = String(error);
    }
    return JSON.stringify([weights, results]);
  } finally {
    model.dispose();
  }
}

describe.each(Object.entries(kinds))("each option of %s", (_, one) => {
  test.each(one.names)("%s changes weights or results, or is refused where it could not", async (name) => {
    expect(one.values).toHaveProperty(name);
    let changed = 0;
    for (const context of one.contexts) {
      const own = one.values[name];
      const value = typeof own === "function" ? own(context) : own;
      if (context[name] === value) continue;
      const config = { ...context, [name]: value };
      let other: string;
      try {
        other = await contentOf(one, config);
      } catch (error) {
        expect(String(error), JSON.stringify(config)).toMatch(/: \w+ is for .*, and .*; leave it out\.$/);
        continue;
      }
      expect(other, JSON.stringify(config)).not.toBe(await contentOf(one, context));
      changed++;
    }
    expect(changed).toBeGreaterThan(0);
  });
});

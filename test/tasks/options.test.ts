import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { asDefault } from "../helpers/devices.js";

asDefault({ type: "wasm", variant: "simd" });

const { tasks } = sg;
const sizes = { hidden: 8, layers: 1 };
const archs = sg.models.archs.map((arch) => ({ arch }));
const texts = ["Iris is in the inn", "in the inn is a cat", "a cat is in Iris"];
const sequences = sg.text.trainTokenizer(["one two three"], { unit: "words", special: ["<pad>", "<unk>", "<sos>", "<eos>"] });
const attentions = [{ attention: "none" }, { attention: "general", bidirectional: false }, {}];
const units = [{ unit: "words" }, { unit: "characters" }, { unit: "bpe" }, {}, { given: true }];

interface Made {
  readonly model: sg.nn.Module;
  describe(): object;
}
type Options = Readonly<Record<string, unknown>>;
interface Kind {
  readonly options: { readonly fields: object };
  readonly make: (options: Options) => Made;
  /** Options among which each other option is tried. */
  readonly contexts: readonly Options[];
  /** A value that is not the default, for each option, or a function of the context. */
  readonly values: Options;
}

/** Any options, as a program without types gives them. */
const loosely = (create: (data: never, options: never) => Made, data: unknown) => (options: Options) =>
  create(data as never, options as never);
const encoder = { hidden: 16, layers: 2, dropout: 0.3, heads: 2 };
const unitValues = (usual: string) => ({
  ...{ minCount: 3, locale: "tr", context: 5 },
  unit: ({ unit = usual }: Options) => (unit === "words" ? "characters" : "words"),
  vocab: ({ unit = usual }: Options) => (unit === "bpe" ? 262 : 5),
});
const crossed = (some: readonly Options[], others: readonly Options[]) => some.flatMap((a) => others.map((b) => ({ ...a, ...b })));
/** With a tokenizer in each of these options where one is given. */
const tokenized = (contexts: readonly Options[], ...names: string[]) =>
  contexts.map(({ given, ...rest }) => ({ ...rest, ...(given === true && Object.fromEntries(names.map((name) => [name, sequences]))) }));
const decoder = { hidden: 16, layers: 2, dropout: 0.3, embed: 9, attention: "dot", window: 2, inputFeeding: false, reduction: "sum" };
const images = texts.map((caption) => ({
  caption,
  features: [
    [1, 0],
    [0, 1],
  ],
}));

const kinds: Readonly<Record<string, Kind>> = {
  LanguageModel: {
    options: tasks.LanguageModel.options,
    make: loosely(tasks.LanguageModel.create, texts.join("\n")),
    contexts: crossed(
      archs.map(({ arch }) => ({ arch, ...(arch !== "transformer" && { embed: 8 }) })),
      tokenized(units, "tokenizer"),
    ),
    values: {
      ...{
        ...encoder,
        ...unitValues("characters"),
        layers: 3,
        embed: 9,
        tieWeights: false,
        kvHeads: 1,
        feedForward: 9,
        norm: "rms",
        tokenizer: sequences,
      },
      ...{ positions: "rotary", activation: "swiglu" },
    },
  },
  TextClassifier: {
    options: tasks.TextClassifier.options,
    make: loosely(
      tasks.TextClassifier.create,
      texts.map((text, i) => ({ text, label: i === 0 ? "a" : "b" })),
    ),
    contexts: crossed(archs, tokenized([{}, { given: true }], "tokenizer")),
    values: {
      ...{ ...encoder, pooling: "max", embed: 9, minCount: 3, context: 5, classWeights: "balanced", locale: "tr", bidirectional: false },
      tokenizer: sequences,
    },
  },
  EntityTagger: {
    options: tasks.EntityTagger.options,
    make: loosely(
      tasks.EntityTagger.create,
      texts.map((text) => ({ words: text.split(" "), tags: text.split(" ").map(() => "O") })),
    ),
    contexts: crossed(archs, [{}, { spelling: false }]),
    values: { ...encoder, embed: 9, minCount: 3, spelling: false, characterSize: 7, crf: true, locale: "tr", bidirectional: false },
  },
  SeriesForecaster: {
    options: tasks.SeriesForecaster.options,
    make: loosely(
      (series, options) => tasks.SeriesForecaster.create(series, 60, options),
      sg.data.seriesOf(Array.from({ length: 70 }, (_, t) => [t % 5])),
    ),
    contexts: archs,
    values: { ...encoder, history: 9, horizon: 2, season: 5, quantiles: [0.2, 0.5, 0.8], bidirectional: true },
  },
  SpeechRecognizer: {
    options: tasks.SpeechRecognizer.options,
    make: loosely(tasks.SpeechRecognizer.create, [
      {
        frames: [
          [0, 1],
          [1, 0],
          [1, 1],
        ],
        text: "ab",
      },
    ]),
    contexts: archs,
    values: { ...encoder, bidirectional: false, tokenizer: sg.text.trainTokenizer(["abc"], { unit: "characters", special: ["<pad>"] }) },
  },
  Translator: {
    options: tasks.Translator.options,
    make: loosely(
      tasks.Translator.create,
      texts.map((text) => ({ source: text, target: text })),
    ),
    contexts: [
      ...crossed(archs, tokenized(units, "sourceTokenizer", "targetTokenizer")),
      ...crossed([{ arch: "gru" }, { arch: "lstm" }], crossed(attentions, [{ unit: "words" }])),
    ],
    values: {
      ...{
        ...decoder,
        ...unitValues("bpe"),
        heads: 2,
        bidirectional: false,
        reverse: true,
        feedForward: 9,
        normFirst: false,
        labelSmoothing: 0.2,
      },
      ...{ sourceTokenizer: sequences, targetTokenizer: sequences, attention: "general" },
    },
  },
  ImageCaptioner: {
    options: tasks.ImageCaptioner.options,
    make: loosely(tasks.ImageCaptioner.create, images),
    contexts: crossed([{ arch: "rnn" }, { arch: "lstm" }], crossed([{ attention: "none" }, {}], tokenized(units, "tokenizer"))),
    values: { ...decoder, ...unitValues("words"), inject: "input", tokenizer: sequences },
  },
};

/** The settings of a task and the values of its weights. */
async function contentOf(make: () => Made): Promise<string> {
  sg.manualSeed(1);
  const { model, ...task } = sg.scope(() => {
    const made = make();
    return { model: made.model, described: JSON.stringify(made.describe()) };
  });
  const weights = Array.from(await model.stateDict(), ([name, { shape, data }]) => [name, shape, Array.from(data)]);
  model.dispose();
  return JSON.stringify([task.described, weights]);
}

describe.each(Object.entries(kinds))("each option of %s", (kind, { options, make, contexts, values }) => {
  const names = Object.keys(options.fields).filter((name) => name !== "arch");
  const plain = new Map<Options, string>();
  const plainOf = async (context: Options) => {
    const content = plain.get(context) ?? (await contentOf(() => make({ ...sizes, ...context })));
    plain.set(context, content);
    return content;
  };

  test.each(names)("%s changes the model, or is refused where it could not", async (name) => {
    expect(values).toHaveProperty(name);
    let changed = 0;
    for (const context of contexts) {
      const own = values[name];
      const value = typeof own === "function" ? own(context) : own;
      if (context[name] === value) continue;
      const label = JSON.stringify({ ...context, [name]: value });
      let other: string;
      try {
        other = await contentOf(() => make({ ...sizes, ...context, [name]: value }));
      } catch (error) {
        const { message, code } = error as sg.SeqgradError;
        expect(code, label).toBe("value");
        const stray = `${name} is for \\w+ .*, and the .*; leave it out`;
        const replaced = `(?:${name} has no effect where .*|\\w+ has no effect where .*${name}.*) is given; leave one of them out`;
        expect(message, label).toMatch(new RegExp(`^${kind}\\.create: (?:${stray}|${replaced})`));
        continue;
      }
      expect(other, label).not.toBe(await plainOf(context));
      changed++;
    }
    expect(changed).toBeGreaterThan(0);
  });
});

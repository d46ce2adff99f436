import { archs } from "../models/archs.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { TransformerLM, transformerChoices } from "../models/transformer-lm.js";
import type { Tokenizer } from "../text/tokenizer.js";
import type { TextUnit } from "../text/train-tokenizer.js";
import { boolean, choice, type Fields, type Given, integer, schema, type Values } from "../util/schema.js";
import type { RunOptions } from "./base-task.js";
import {
  bestFields,
  type Criterion,
  courseRule,
  dropoutField,
  feedForwardField,
  isTimed,
  mayDiffer,
  ofRecurrent,
  ofTransformer,
  runFields,
  tokenizerField,
  unitFields,
  validationField,
} from "./fields.js";

/** The number of tokens of a window where nothing else is known. */
export const WINDOW = 64;

export interface LanguageModelOptions {
  /** Default lstm. */
  readonly arch?: "rnn" | "gru" | "lstm" | "transformer";
  /** Units of a layer, or the width of a Transformer. Default 256, of a Transformer 128. */
  readonly hidden?: number;
  /** The size of a token's vector, of rnn, gru and lstm. Default 64. */
  readonly embed?: number;
  /** Default 1, of a Transformer 4. */
  readonly layers?: number;
  /** The number of tokens of a window to train on, and of the longest text that a Transformer reads. Default 64. */
  readonly context?: number;
  /** The probability of zeroing an activation in training. Default 0. */
  readonly dropout?: number;
  /**
   * The output uses the table of the input (Press and Wolf 2017), which recurrent networks can where `embed` is `hidden`. Default: true
   * where the sizes allow it.
   */
  readonly tieWeights?: boolean;
  /** Heads of a Transformer's attention. Default 4. */
  readonly heads?: number;
  /** Heads of a Transformer's keys and values. Default `heads`. */
  readonly kvHeads?: number;
  /** Units between the two layers of a Transformer's feed-forward nets; 0 is 4 times hidden, with swiglu 8/3 times. Default 0. */
  readonly feedForward?: number;
  /** The norms of a Transformer. Default layer. */
  readonly norm?: "layer" | "rms";
  /** The positions of a Transformer: a table, or queries and keys that turn. Default learned. */
  readonly positions?: "learned" | "rotary";
  /** The activation of a Transformer. Default gelu. */
  readonly activation?: "gelu" | "geluTanh" | "swiglu";
  /** The kind of token: a character, a word in lower case, or a part of a word. Default characters. */
  readonly unit?: TextUnit;
  /** The most words, or parts of words. Default 8000. */
  readonly vocab?: number;
  /** Words that occur less often are unknown. Default 1. */
  readonly minCount?: number;
  /** The language of the words as a BCP 47 tag, for lower case: `tr` has I and ı. Default: what holds for most languages. */
  readonly locale?: string;
  /** A tokenizer to use instead of one made from the text. */
  readonly tokenizer?: Tokenizer;
}

export interface LanguageModelTrainOptions extends RunOptions {
  /** The number of updates, those before a resume included. Default 2000. */
  readonly steps?: number;
  /** The number of windows of an update. Default 32. */
  readonly batch?: number;
  /** The share of the text, at its end, that is held back to measure by, or another text or its tokens; 0 holds none back. Default 0.1. */
  readonly validation?: number | string | Int32Array;
  /** The number of updates between two measures. Default 500. */
  readonly evaluateEvery?: number;
  /** The measure of `evaluate()` by which the best evaluation is kept. Default `perplexity`. */
  readonly best?: string;
  /** Stop after this number of evaluations without a better one; 0 goes through all. Default 0. */
  readonly patience?: number;
}

/** The measures by which an evaluation can be chosen. */
export const criteria: readonly Criterion[] = [
  { name: "perplexity", larger: false },
  { name: "loss", larger: false },
  { name: "bitsPerCharacter", larger: false },
];

/** A default of recurrent networks, and one of a Transformer. */
const byArch = (recurrent: number, transformer: number) => ({
  default: ({ arch }: Given) => (arch === "transformer" ? transformer : recurrent),
  usually: `${recurrent}; ${transformer} in a transformer`,
});

export const options = schema({
  arch: choice(archs, { default: "lstm", help: "What reads the text; each has options of its own" }),
  layers: integer({ min: 1, max: 1024, ...byArch(1, 4), help: "Layers of the model" }),
  embed: integer({ min: 1, default: 64, ...ofRecurrent, help: "Size of a token's vector" }),
  hidden: integer({ min: 1, ...byArch(256, 128), help: "Units of a layer, or a transformer's width" }),
  tieWeights: boolean({
    default: ({ arch, embed, hidden }) => arch === "transformer" || embed === hidden,
    usually: "true where the sizes allow it",
    help: "The output uses the table of the input; rnn, gru and lstm need --embed as large as --hidden",
  }),
  dropout: dropoutField(0),
  heads: integer({ min: 1, default: 4, ...ofTransformer, help: "Heads of a layer's attention" }),
  kvHeads: integer({
    ...{ min: 1, default: ({ heads }) => (typeof heads === "number" ? heads : 4), usually: "as --heads", ...ofTransformer },
    help: "Heads of its keys and values",
  }),
  feedForward: feedForwardField("4 times --hidden, with swiglu 8/3 times"),
  norm: choice(transformerChoices.norm, { default: "layer", ...ofTransformer, help: "Layer or RMS normalization" }),
  positions: choice(transformerChoices.positions, { default: "learned", ...ofTransformer, help: "A learned table, or rotation" }),
  activation: choice(transformerChoices.activation, {
    default: "gelu",
    ...ofTransformer,
    help: "What is between the layers of a feed-forward net",
  }),
  ...unitFields({ unit: "characters", vocab: 8000, minCount: 1 }),
  context: integer({ min: 1, default: WINDOW, help: "Tokens of a window, and of a transformer's context" }),
  tokenizer: tokenizerField,
} satisfies Fields<LanguageModelOptions>);

export const training = schema(
  {
    steps: integer({ min: 1, default: 2000, whyFixed: isTimed, help: "Updates to make, those before a resume included" }),
    batch: integer({ min: 1, default: 32, help: "Windows of an update" }),
    ...runFields({ lr: byArch(2e-3, 1e-3), clipNorm: 1, betas: [0.9, 0.99] }),
    validation: validationField(
      "Share of the text, at its end, for validation; 0 for none",
      (value) => typeof value === "string" || value instanceof Int32Array,
    ),
    evaluateEvery: integer({ min: 1, default: 500, whyFixed: mayDiffer, help: "Updates between validations" }),
    ...bestFields(criteria, "evaluation"),
  } satisfies Fields<LanguageModelTrainOptions>,
  courseRule,
  ({ warmup, steps }, _, spell) =>
    warmup > 0 && warmup >= steps
      ? `${spell("warmup")} ${warmup} leaves none of the ${steps} steps; give fewer, or more ${spell("steps")}`
      : undefined,
);

/** The network of settings, for a number of different tokens. */
export function networkOf(settings: Values<typeof options.fields>, vocab: number): RecurrentLM | TransformerLM {
  const { arch, hidden, layers, dropout, tieWeights } = settings;
  const common = { vocab, hidden, layers, dropout, tieWeights };
  if (arch !== "transformer") return new RecurrentLM({ ...common, arch, embed: settings.embed });
  const { context, heads, kvHeads, feedForward, norm, positions, activation } = settings;
  const own = { context, heads, kvHeads, norm, positions, activation, ...(feedForward > 0 && { feedForward }) };
  return new TransformerLM({ ...common, ...own });
}

import type { Store } from "../io/store.js";
import { type Arch, archs, type RecurrentArch, recurrentArchs } from "../models/archs.js";
import { attentionKinds } from "../models/recurrent-decoder.js";
import { lowerCaseOf } from "../text/lower-case.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { type TextUnit, textUnits } from "../text/train-tokenizer.js";
import { paces } from "../train/pace.js";
import type { RunControl } from "../train/run-control.js";
import { boolean, choice, type Given, integer, number, numbers, type Option, own, type Spec, text } from "../util/schema.js";
import type { ScheduleSettings } from "./optimization.js";

/** The options that kinds of task share, each with the defaults that a kind gives. */

export const ofTransformer = { only: { arch: ["transformer"] } } as const;
export const ofRecurrent = { only: { arch: recurrentArchs } } as const;
/** Of a recurrent decoder with attention. */
const ofAttention = { only: { ...ofRecurrent.only, attention: attentionKinds.filter((kind) => kind !== "none") } };

/** The options of an encoder. */
export const encoderFields = ({ arch, ...defaults }: { arch: Arch; hidden: number; dropout: number; bidirectional?: boolean }) => ({
  arch: choice(archs, { default: arch, help: "What reads the sequence" }),
  ...sizeFields(defaults),
  bidirectional: boolean({
    default: defaults.bidirectional ?? true,
    ...ofRecurrent,
    help: "Also read from the end, as a transformer does",
  }),
  heads: integer({ min: 1, default: 4, ...ofTransformer, help: "Heads of a transformer's attention" }),
});

/** The settings that an encoder takes: `heads` of a transformer, `bidirectional` of others. */
export const encoderOf = <S extends { readonly arch: Arch; readonly bidirectional: boolean; readonly heads: number }>({
  bidirectional,
  heads,
  ...settings
}: S) => ({ ...settings, ...(settings.arch === "transformer" ? { heads } : { bidirectional }) });

/** The options of a decoder. */
export const decoderFields = ({ arch, ...sizes }: { arch: RecurrentArch; hidden: number; dropout: number }) => ({
  arch: choice(recurrentArchs, { default: arch, help: "What writes the text" }),
  ...sizeFields(sizes),
  attention: choice(attentionKinds, { default: "additive", ...ofRecurrent, help: "How a recurrent decoder looks back at the source" }),
  window: integer({ default: 0, ...ofAttention, help: "Look only at N places around the decoder's own position; 0 for all" }),
  inputFeeding: boolean({
    ...{ default: ({ attention }) => attention !== "none", usually: "true" },
    ...{ ...ofAttention, help: "The decoder reads its last attentional state too" },
  }),
  reduction: choice(["mean", "sum"], { default: "mean", ...ofRecurrent, help: "The loss: of all tokens, or summed over a text's" }),
});

export const sizeFields = ({ hidden, dropout }: { readonly hidden: number; readonly dropout: number }) => ({
  hidden: integer({ min: 1, default: hidden, help: "Units of a layer in each direction, and a transformer's width" }),
  layers: integer({ min: 1, max: 1024, default: 1, help: "Layers of the encoder" }),
  dropout: dropoutField(dropout),
});

export const feedForwardField = (usually: string) =>
  integer({ default: 0, ...ofTransformer, help: `Units between the two layers of a transformer's feed-forward nets; 0: ${usually}` });

export const dropoutField = (value: number) => number({ max: 0.999, default: value, help: "Chance to drop an activation" });

export const embedField = (what: string, use: Pick<Spec<number>, "only"> = {}) =>
  integer({ min: 1, default: 64, ...use, help: `Size of a ${what}'s vector` });

/** Of options that make a tokenizer, where none is given. */
const byTokenizer = { instead: ["tokenizer"] };
const ofWords = { only: { unit: ["words"] } };

export const minCountField = (value: number) =>
  integer({ min: 1, default: value, help: "Words that occur less often are unknown", ...byTokenizer });

export const contextField = (value: number, unit: string) =>
  integer({ min: 1, default: value, help: `The longest text in ${unit}; the rest of a longer one is left out` });

const tag = 'a language tag, such as "en" or "tr"';

/** The language of words. */
export const localeField = text({
  ...{
    ...byTokenizer,
    default: "",
    hint: "TAG",
    code: "range",
    what: tag,
    help: "The language of the words, for lower case: tr, az and lt differ from others",
  },
  fault(locale) {
    try {
      if (locale !== "") lowerCaseOf("", locale);
      return undefined;
    } catch {
      return `give ${tag}`;
    }
  },
});

export const tokenizerField = own<Tokenizer>(
  "A tokenizer to use instead of one made from the texts",
  (value) => typeof value === "object" && value !== null && "encode" in value && "decode" in value && "special" in value,
  "give one, as trainTokenizer() makes",
);

/** The way to cut texts into tokens, where no tokenizer is given. `instead`: the tokenizers that may be given */
export const unitFields = ({ unit, vocab, minCount, instead = byTokenizer.instead }: UnitDefaults) => ({
  unit: choice(textUnits, { default: unit, instead, help: "What a text is cut into: whole words, characters, or parts of words (bpe)" }),
  vocab: integer({ min: 1, default: vocab, instead, only: { unit: ["words", "bpe"] }, help: "The most words, or parts of words" }),
  minCount: { ...minCountField(minCount), ...ofWords, instead },
  locale: { ...localeField, ...ofWords, instead },
});

interface UnitDefaults {
  readonly unit: TextUnit;
  readonly vocab: number;
  readonly minCount: number;
  readonly instead?: readonly string[];
}

/** The options of tasks that read and write texts. */
export const textFields = (units: Omit<UnitDefaults, "minCount">) => ({
  ...unitFields({ minCount: 2, ...units }),
  context: contextField(64, "tokens"),
});

/** The store in which a run is saved while it is made. */
export interface Checkpoint {
  readonly store: Store;
  /** Updates between two checkpoints. Default: the updates of an epoch; of a language model 500. */
  readonly every?: number;
  /** Continue from the checkpoint that is in the store. */
  readonly resume?: boolean;
}

export const seedField = integer({
  ...{ max: 2 ** 53, default: 1, hint: "S", help: "Seed of the weights, the split, the order and the dropout" },
});

interface RunDefaults {
  readonly lr: number | Pick<Spec<number>, "default" | "usually">;
  readonly schedule?: "constant" | "cosine";
  readonly clipNorm?: number;
  readonly betas?: readonly [number, number];
}

/** How an optimizer and a run are set up, for every task. */
export const runFields = ({ lr, schedule = "constant", clipNorm = 5, betas = [0.9, 0.999] }: RunDefaults) => ({
  lr: number({ ...(typeof lr === "number" ? { default: lr } : lr), help: "Learning rate of AdamW, at its highest" }),
  schedule: choice(["constant", "cosine"], {
    ...{ default: schedule, help: "Keep the rate, or lower it along half a cosine until the last update" },
  }),
  warmup: integer({ default: 0, help: "Updates in which the rate rises" }),
  minLr: number({ default: 0, only: { schedule: ["cosine"] }, help: "The last rate of a cosine" }),
  betas: numbers<readonly [number, number]>({
    ...{
      default: betas,
      hint: "X,X",
      help: "Decay rates of AdamW's averages",
      advice: "give two numbers from 0 to 0.999999, such as 0.9,0.99",
    },
    isGood: (list) => list.length === 2 && list.every((beta) => beta >= 0 && beta <= 0.999999),
  }),
  weightDecay: number({ default: 0, help: "Weight decay of matrices, times the rate" }),
  clipNorm: number({ default: clipNorm, help: "Largest norm of the gradient; 0 does not clip" }),
  seed: seedField,
  checkpoint: own<Checkpoint>(
    "Where a run is saved while it is made",
    (value) => typeof value === "object" && value !== null && "store" in value,
    "give { store }",
  ),
  signal: own<{ readonly aborted: boolean }>(
    "Ends the run after the current update",
    (value) => typeof value === "object" && value !== null && "aborted" in value,
    "give the signal of an AbortController",
  ),
  control: own<RunControl>(
    "Pauses the run, makes updates one by one, and changes the learning rate",
    (value) => paces.get(Object(value)) !== undefined,
    "give a new RunControl()",
  ),
});

/** A share that is held back to measure by. */
export const shareField = (help: string): Option<number> => number({ max: 0.9, default: 0.1, hint: "SHARE", help });

/** The same, or what else a program may give in its place. */
export function validationField(help: string, isOther: (value: unknown) => boolean): Option<number> {
  const share = shareField(help);
  return { ...share, fault: (value) => (isOther(value) ? undefined : share.fault(value)) };
}

/** A measure by which an epoch can be chosen. */
export interface Criterion {
  readonly name: string;
  readonly larger: boolean;
  /** The rank, if it is not the measure of that name. */
  of?(measures: Readonly<Record<string, number>>): number | undefined;
}

/** True for a schedule that goes by the number of updates: a resumed run must have the same. */
export const isTimed = ({ schedule }: Given): string | undefined => (schedule === "cosine" ? ", by which its schedule goes" : undefined);

export const mayDiffer = (): undefined => undefined;

interface EpochDefaults extends RunDefaults {
  readonly batch?: number;
  readonly epochs: number;
  readonly criteria: readonly Criterion[];
  readonly whyFixed?: (options: Given) => string | undefined;
}

/** How the best state of a run is chosen, by measures on what is held back after each epoch or evaluation. */
export const bestFields = (criteria: readonly Criterion[], unit: "epoch" | "evaluation") => ({
  best: choice(
    criteria.map(({ name }) => name),
    {
      default: criteria[0]?.name ?? "loss",
      help: `The measure by which the best ${unit} is kept; of equal ones the one of the smaller loss`,
    },
  ),
  patience: integer({ default: 0, whyFixed: mayDiffer, help: `Stop after N ${unit}s without a better one; 0 goes through all` }),
});

/** How a task is trained that goes through examples. */
export const epochFields = ({ batch = 32, epochs, criteria, whyFixed = isTimed, ...run }: EpochDefaults) => ({
  epochs: integer({ min: 1, default: epochs, whyFixed, help: "Times to go through the examples, those before a resume included" }),
  batch: integer({ min: 1, default: batch, help: "Examples of an update" }),
  ...runFields(run),
  validation: validationField("Share of the examples for validation; 0 for none", Array.isArray),
  ...bestFields(criteria, "epoch"),
});

/** Refuses a cosine that ends above its beginning. */
export const courseRule = (
  { minLr, lr }: Pick<ScheduleSettings, "minLr" | "lr">,
  _: unknown,
  spell: (name: string) => string,
): string | undefined => (minLr > lr ? `${spell("minLr")} ${minLr} is over ${spell("lr")} ${lr}; give a smaller one` : undefined);

export type EpochFields = ReturnType<typeof epochFields>;

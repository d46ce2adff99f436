import { type PaddedRows, padRows } from "../data/padding.js";
import type { SavedModel } from "../io/model-folder.js";
import { type BleuBucket, countedByLength } from "../metrics/bleu.js";
import { type Arch, archs } from "../models/archs.js";
import { RecurrentSeq2Seq, type RecurrentSeq2SeqConfig, seq2seqNames } from "../models/recurrent-seq2seq.js";
import { TransformerSeq2Seq, type TransformerSeq2SeqConfig, transformerSeq2SeqNames } from "../models/transformer-seq2seq.js";
import { constant, cosine, inverseSigmoid, linearDecay, type Schedule } from "../optim/schedules.js";
import { tokenizerFromJSON } from "../text/load.js";
import type { Tokenizer } from "../text/tokenizer.js";
import type { FitRun } from "../train/fit-run.js";
import { finish, inPieces, inTurns, type Pieces } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, optionsAmong } from "../util/options.js";
import { boolean, choice, type Fields, type Given, inCode, integer, number, schema, type Values } from "../util/schema.js";
import type { TrainOptions } from "./base-task.js";
import {
  courseRule,
  decoderFields,
  embedField,
  epochFields,
  feedForwardField,
  isTimed,
  ofRecurrent,
  ofTransformer,
  textFields,
  tokenizerField,
} from "./fields.js";
import { checkAnswers, checkItems, checkSaved, demand, demandCount, isText, savedTokenizer, withWeights } from "./task.js";
import { checkEnds, endsOf, referencesOf, TextWriter, tokenizerOf, type UnitOptions, type Writing, writerCriteria } from "./text-writer.js";

export interface TextPair {
  readonly source: string;
  readonly target: string;
}

type Recurrent = Omit<RecurrentSeq2SeqConfig, "arch" | "sourceVocab" | "targetVocab">;
type Transformer = Pick<TransformerSeq2SeqConfig, "heads" | "feedForward" | "normFirst" | "labelSmoothing">;

export interface TranslatorOptions extends UnitOptions, Recurrent, Transformer {
  /** Recurrent networks with attention, or a Transformer. Default `gru`. */
  readonly arch?: Arch;
  /** With `<pad>` as 0, `<eos>` and `<unk>`. Default: by `unit`. */
  readonly sourceTokenizer?: Tokenizer;
  /** With `<pad>` as 0, `<sos>` and `<eos>`. Default: by `unit`. */
  readonly targetTokenizer?: Tokenizer;
}

export interface TranslatorTrainOptions extends TrainOptions<TextPair> {
  /** The share of right tokens that a recurrent decoder reads in the end, for its own. Default 1. */
  readonly teacherForcing?: number;
  /** The course of that share, from 1 or level. Default `linear`. */
  readonly forcing?: keyof typeof courses;
}

const options = schema({
  ...decoderFields({ arch: "gru", hidden: 128, dropout: 0.4 }),
  arch: choice(archs, { default: "gru", help: "What reads and writes" }),
  // Dot attention needs states of one size.
  bidirectional: boolean({
    ...{ default: ({ attention }) => attention !== "dot", usually: "true, false with --attention dot", ...ofRecurrent },
    help: "The recurrent encoder also reads from the end",
  }),
  reverse: boolean({ default: false, ...ofRecurrent, help: "The recurrent encoder reads the source from its end" }),
  heads: integer({ min: 1, default: 4, ...ofTransformer, help: "Attention heads of a transformer" }),
  feedForward: feedForwardField("4 times --hidden"),
  normFirst: boolean({ default: true, ...ofTransformer, help: "A transformer normalizes before each part, not after it" }),
  labelSmoothing: number({
    ...{ max: 0.999, default: 0.1, ...ofTransformer },
    help: "Share of a target's probability that a transformer spreads over all tokens",
  }),
  // A few thousand pairs hold too many words that occur once.
  ...textFields({ unit: "bpe", vocab: 1500, instead: ["sourceTokenizer", "targetTokenizer"] }),
  embed: embedField("token", ofRecurrent),
  sourceTokenizer: tokenizerField,
  targetTokenizer: tokenizerField,
} satisfies Fields<TranslatorOptions>);

/** How the share of right tokens comes to its last value. */
const courses = {
  constant: (_: number, last: number) => constant(last),
  linear: linearDecay,
  cosine,
  "inverse-sigmoid": inverseSigmoid,
} satisfies Record<string, (steps: number, last: number) => Schedule>;

const isForced = ({ arch, forcing, teacherForcing }: Given) => arch !== "transformer" && teacherForcing !== 1 && forcing !== "constant";

const training = schema(
  {
    ...epochFields({
      ...{ epochs: 18, lr: 3e-3, schedule: "cosine", criteria: writerCriteria },
      whyFixed: (run) => isTimed(isForced(run) ? { schedule: "cosine" } : run),
    }),
    teacherForcing: number({
      ...{ max: 1, default: 1, ...ofRecurrent },
      help: "Share of right tokens that a recurrent decoder reads in the end, for its own",
    }),
    forcing: choice(["constant", "linear", "cosine", "inverse-sigmoid"], {
      ...{ default: "linear", ...ofRecurrent, help: "Course of that share, from 1 or level" },
    }),
  } satisfies Fields<TranslatorTrainOptions>,
  courseRule,
  ({ teacherForcing }, { forcing }, spell) =>
    forcing !== undefined && teacherForcing === 1
      ? `${spell("forcing")} is for a ${spell("teacherForcing")} below 1, and it is 1; leave it out, or give the ${spell("teacherForcing")}`
      : undefined,
);

/** The share of right tokens at each update; undefined if it is always 1. */
export function forcingOf(
  { teacherForcing, forcing }: { readonly teacherForcing: number; readonly forcing: keyof typeof courses },
  steps: number,
) {
  return teacherForcing === 1 ? undefined : courses[forcing](steps, teacherForcing);
}

type Settings = Values<typeof options.fields>;

/** The model of settings, of the kind that `arch` names. */
function modelOf(
  settings: Settings,
  sizes: { readonly sourceVocab: number; readonly targetVocab: number },
): RecurrentSeq2Seq | TransformerSeq2Seq {
  const { arch, hidden, layers, dropout, embed, attention, window, inputFeeding, reduction, bidirectional, reverse } = settings;
  const common = { hidden, layers, dropout, ...sizes };
  if (arch !== "transformer")
    return new RecurrentSeq2Seq({ ...common, arch, embed, attention, window, inputFeeding, reduction, bidirectional, reverse });
  const { heads, feedForward, normFirst, labelSmoothing, context } = settings;
  const own = { heads, normFirst, labelSmoothing, context: context + 1, ...(feedForward > 0 && { feedForward }) };
  return new TransformerSeq2Seq({ ...common, ...own });
}

/** The model of a saved config. */
function savedModelOf(config: Given, context: number, sizes: { readonly sourceVocab: number; readonly targetVocab: number }) {
  const { arch, ...rest } = config;
  if (arch !== "transformer") return new RecurrentSeq2Seq({ ...optionsAmong(config, seq2seqNames), ...sizes });
  return new TransformerSeq2Seq({ ...optionsAmong(rest, transformerSeq2SeqNames), ...sizes, context: context + 1 });
}

/**
 * Maps a text to another text: translations, summaries, answers, dates.
 *
 * source tokens -> encoder -> decoder with attention -> target tokens, greedily or by beam search
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures BLEU and exact answers.
 * @example
 * const pairs = [{ source: "turn off the light", target: "éteins la lumière" }, { source: "go on", target: "continue" }];
 * const task = sg.tasks.Translator.create(pairs, { unit: "words", hidden: 8, minCount: 1 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(pairs, { batch: 2 }), { optimizer, epochs: 3 })) continue;
 * const [answer] = await task.predict(["go on"], { beam: 3 });
 */
export class Translator extends TextWriter<TextPair, string, Int32Array, PaddedRows> {
  static readonly type = "seqgrad-translator";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = writerCriteria;
  override readonly type = Translator.type;
  override readonly training = training;

  private constructor(
    override readonly model: RecurrentSeq2Seq | TransformerSeq2Seq,
    readonly source: Tokenizer,
    target: Tokenizer,
    context: number,
  ) {
    super("Translator", model, target, context);
    checkEnds("Translator", source, ["eos"]);
  }

  /**
   * Makes an untrained translator for the words of the training pairs.
   *
   * @param pairs `{ source, target }` each
   * @param options see TranslatorOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no pair, an unknown option or unit or a tokenizer without special tokens, `range` for an impossible
   *   size
   */
  static create(pairs: readonly TextPair[], options: TranslatorOptions = {}): Translator {
    return finish(Translator.#making(pairs, options));
  }

  /**
   * Makes an untrained translator in turns: timers, clicks and other work of a page run in between.
   *
   * @param pairs `{ source, target }` each
   * @param options see TranslatorOptions
   * @returns the untrained task
   * @throws SeqgradError `value` for no pair, an unknown option or unit or a tokenizer without special tokens, `range` for an impossible
   *   size
   * @example
   * const pairs = [{ source: "go on", target: "continue" }];
   * const task = await sg.tasks.Translator.createAsync(pairs, { unit: "words", hidden: 8, minCount: 1 });
   * task.source.size; // = 6
   */
  static createAsync(pairs: readonly TextPair[], options: TranslatorOptions = {}): Promise<Translator> {
    return inTurns(Translator.#making(pairs, options));
  }

  static *#making(pairs: readonly TextPair[], options: TranslatorOptions): Pieces<Translator> {
    const settings = Translator.options.complete(options, inCode("Translator.create"));
    const { sourceTokenizer, targetTokenizer, context } = settings;
    checkPairs("Translator.create", pairs);
    if (pairs.length === 0) throw new SeqgradError("value", "Translator: the list of pairs is empty; give at least one to learn from.");
    const of = (texts: readonly string[]) => tokenizerOf(texts, settings);
    const source = sourceTokenizer ?? (yield* of(pairs.map((pair) => pair.source)));
    const target = targetTokenizer ?? (yield* of(pairs.map((pair) => pair.target)));
    return new Translator(modelOf(settings, { sourceVocab: source.size, targetVocab: target.size }), source, target, context);
  }

  /**
   * Rebuilds the translator of a folder that save() or `seqgrad train` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<Translator> {
    const { config, tensors, tokenizer } = checkSaved("Translator.fromSaved", saved);
    const context = demandCount(config, "context");
    const targetJson = demand(config, "targetTokenizer", (x): x is object => typeof x === "object" && x !== null, "a tokenizer");
    const [source, target] = await Promise.all([savedTokenizer({ tokenizer }), tokenizerFromJSON(targetJson)]);
    const sizes = { sourceVocab: source.size, targetVocab: target.size };
    return new Translator(
      withWeights(tensors, () => savedModelOf(config, context, sizes)),
      source,
      target,
      context,
    );
  }

  /**
   * Trains on pairs: see TextClassifier.train, and TranslatorTrainOptions for what a translator has besides.
   *
   * @param pairs the pairs
   * @param options see TranslatorTrainOptions
   * @returns the run of fit(): go through its events with `for await`, or await it
   * @throws SeqgradError `value` or `range` at once for unknown or impossible options; from the run as fit()
   */
  override train(pairs: readonly TextPair[], options: TranslatorTrainOptions = {}): FitRun {
    return super.train(pairs, options);
  }

  protected override get known(): Given {
    return { arch: this.model instanceof RecurrentSeq2Seq ? this.model.config.arch : "transformer" };
  }

  protected override course(options: TranslatorTrainOptions, steps: number): ((step: number) => void) | undefined {
    const { model } = this;
    if (!(model instanceof RecurrentSeq2Seq)) return undefined;
    const shareAt = forcingOf(training.complete(options, inCode("Translator.train"), this.known), steps);
    if (!shareAt) return undefined;
    return (step) => {
      model.teacherForcing = shareAt(step);
    };
  }

  /**
   * Measures BLEU, in lower case, by the number of a source's tokens: it shows how well longer sentences are answered.
   *
   * @param pairs `{ source, target }` each
   * @param answers the answer to each source
   * @param options `width`: the number of lengths in a bucket; default 5
   * @returns the buckets, from short to long
   * @throws SeqgradError `shape` for another number of answers than pairs, `value` for something that is not a pair
   */
  bleuByLength(pairs: readonly TextPair[], answers: readonly string[], options: { width?: number } = {}): BleuBucket[] {
    return finish(this.#byLength(pairs, answers, options));
  }

  /**
   * Measures BLEU by length in turns: timers, clicks and other work of a page run in between.
   *
   * @param pairs `{ source, target }` each
   * @param answers the answer to each source
   * @param options `width`: the number of lengths in a bucket; default 5
   * @returns the buckets, from short to long
   * @throws SeqgradError `shape` for another number of answers than pairs, `value` for something that is not a pair
   */
  bleuByLengthAsync(pairs: readonly TextPair[], answers: readonly string[], options: { width?: number } = {}): Promise<BleuBucket[]> {
    return inTurns(this.#byLength(pairs, answers, options));
  }

  *#byLength(pairs: readonly TextPair[], answers: readonly string[], options: { width?: number }): Pieces<BleuBucket[]> {
    checkPairs("Translator.bleuByLength", pairs);
    checkAnswers("Translator.bleuByLength", answers, pairs.length);
    checkOptions("Translator.bleuByLength", options, ["width"]);
    const { width = 5 } = options;
    const lengths: number[] = [];
    yield* inPieces(pairs, ({ source }) => lengths.push(this.source.encode(source).length), 4);
    const sources = pairs.map(({ source }) => source);
    const references = referencesOf(
      sources,
      pairs.map(({ target }) => target),
    );
    return yield* countedByLength(answers, references, lengths, { width, lowercase: true });
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const { model, context } = this;
    const arch = model instanceof TransformerSeq2Seq && { arch: "transformer" };
    return { config: { ...model.config, ...arch, context, targetTokenizer: this.target.toJSON() }, tokenizer: this.source.toJSON() };
  }

  protected itemOf(text: string): Int32Array {
    const { eos } = endsOf(this.source);
    return Int32Array.from([...this.source.encode(text).subarray(0, this.context), eos]);
  }

  protected padded(rows: readonly Int32Array[]): PaddedRows {
    return padRows(rows);
  }

  protected decoder(row: Int32Array): Writing {
    return this.model.decoder(row);
  }

  protected checkExamples(op: string, pairs: readonly TextPair[]): void {
    checkPairs(op, pairs);
  }

  protected checkInputs(op: string, texts: readonly string[]): void {
    checkItems(op, "texts", texts, isText, "strings");
  }

  protected inputOf({ source }: TextPair): string {
    return source;
  }

  protected textOf({ target }: TextPair): string {
    return target;
  }
}

const checkPairs = (op: string, pairs: readonly TextPair[]): void =>
  checkItems(op, "pairs", pairs, (pair) => isText(pair?.source) && isText(pair.target), "{ source, target }, both strings");

import { type PaddedRows, padRows } from "../data/padding.js";
import type { SavedModel } from "../io/model-folder.js";
import { type BleuBucket, countedByLength } from "../metrics/bleu.js";
import { RecurrentSeq2Seq, type RecurrentSeq2SeqConfig, seq2seqNames } from "../models/recurrent-seq2seq.js";
import { TransformerSeq2Seq, type TransformerSeq2SeqConfig, transformerSeq2SeqNames } from "../models/transformer-seq2seq.js";
import { tokenizerFromJSON } from "../text/load.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { finish, inPieces, inTurns, type Pieces } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, optionsAmong } from "../util/options.js";
import {
  checkAnswers,
  checkItems,
  checkSaved,
  checkTokenizer,
  demand,
  demandMaxLength,
  isText,
  savedTokenizer,
  withWeights,
} from "./task.js";
import { checkEnds, referencesOf, TextWriter, tokenizerOf, type UnitOptions, unitNames, type Writing } from "./text-writer.js";

export interface TextPair {
  readonly source: string;
  readonly target: string;
}

interface TextOptions extends UnitOptions {
  /** With `<pad>` as 0, `<eos>` and `<unk>`. Default: by `unit`. */
  readonly sourceTokenizer?: Tokenizer;
  /** With `<pad>` as 0, `<sos>` and `<eos>`. Default: by `unit`. */
  readonly targetTokenizer?: Tokenizer;
}

type Without<Config, Known extends string> = Omit<Config, "sourceVocab" | "targetVocab" | Known>;

/** Of recurrent networks, or with `arch: "transformer"` of a Transformer. */
export type TranslatorOptions = TextOptions &
  (Without<RecurrentSeq2SeqConfig, never> | (Without<TransformerSeq2SeqConfig, "context"> & { readonly arch: "transformer" }));

/** The options of a kind of model, by the names of its config; the sizes come from the texts. */
const optionNames = (names: readonly string[]) => [
  ...Object.keys(unitNames),
  ...["arch", "sourceTokenizer", "targetTokenizer"],
  ...names.filter((name) => !["arch", "sourceVocab", "targetVocab", "context"].includes(name)),
];

/** The model of a config with its sizes, of the kind that `arch` names. */
function modelOf(config: Readonly<Record<string, unknown>>, source: Tokenizer, target: Tokenizer): RecurrentSeq2Seq | TransformerSeq2Seq {
  const sizes = { sourceVocab: source.size, targetVocab: target.size };
  const { arch, ...rest } = config;
  if (arch === "transformer") return new TransformerSeq2Seq({ ...rest, ...sizes });
  return new RecurrentSeq2Seq({ ...config, ...sizes });
}

/**
 * Maps a text to another text: translations, summaries, answers, dates.
 *
 * source tokens -> encoder -> decoder with attention -> target tokens, greedily or by beam search
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() measures BLEU and exact answers.
 * @example
 * const pairs = [{ source: "turn off the light", target: "éteins la lumière" }, { source: "go on", target: "continue" }];
 * const task = sg.tasks.Translator.create(pairs, { arch: "gru", hidden: 8, minCount: 1 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(pairs, { batchSize: 2 }), { optimizer, epochs: 3 })) continue;
 * const [answer] = await task.predict(["go on"], { beams: 3 });
 */
export class Translator extends TextWriter<TextPair, string, Int32Array, PaddedRows> {
  static readonly type = "seqgrad-translator";
  override readonly type = Translator.type;

  private constructor(
    override readonly model: RecurrentSeq2Seq | TransformerSeq2Seq,
    readonly source: Tokenizer,
    target: Tokenizer,
    maxLength: number,
  ) {
    super("Translator", model, target, maxLength);
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
   * const task = await sg.tasks.Translator.createAsync(pairs, { arch: "gru", hidden: 8, minCount: 1 });
   * task.source.size; // = 6
   */
  static createAsync(pairs: readonly TextPair[], options: TranslatorOptions = {}): Promise<Translator> {
    return inTurns(Translator.#making(pairs, options));
  }

  static *#making(pairs: readonly TextPair[], options: TranslatorOptions): Pieces<Translator> {
    const names = options?.arch === "transformer" ? transformerSeq2SeqNames : seq2seqNames;
    checkOptions("Translator.create", options, optionNames(names));
    const { unit, minCount, vocabularySize, locale, sourceTokenizer, targetTokenizer, maxLength = 64, ...config } = options;
    checkPairs("Translator.create", pairs);
    for (const tokenizer of [sourceTokenizer, targetTokenizer]) if (tokenizer !== undefined) checkTokenizer("Translator.create", tokenizer);
    if (pairs.length === 0) throw new SeqgradError("value", "Translator: the list of pairs is empty; give at least one to learn from.");
    const of = (texts: readonly string[]) => tokenizerOf(texts, options);
    const source = sourceTokenizer ?? (yield* of(pairs.map((pair) => pair.source)));
    const target = targetTokenizer ?? (yield* of(pairs.map((pair) => pair.target)));
    const limit = config.arch === "transformer" && { context: maxLength + 1 };
    return new Translator(modelOf({ ...config, ...limit }, source, target), source, target, maxLength);
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
    const maxLength = demandMaxLength(config);
    const targetJson = demand(config, "targetTokenizer", (x): x is object => typeof x === "object" && x !== null, "a tokenizer");
    const [source, target] = await Promise.all([savedTokenizer({ tokenizer }), tokenizerFromJSON(targetJson)]);
    const names = config.arch === "transformer" ? ["arch", ...transformerSeq2SeqNames] : seq2seqNames;
    const model = withWeights(tensors, () => modelOf(optionsAmong(config, names), source, target));
    return new Translator(model, source, target, maxLength);
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
    const { model, maxLength } = this;
    const arch = model instanceof TransformerSeq2Seq && { arch: "transformer" };
    return { config: { ...model.config, ...arch, maxLength, targetTokenizer: this.target.toJSON() }, tokenizer: this.source.toJSON() };
  }

  protected itemOf(text: string): Int32Array {
    const { eos } = this.source.special as { eos: number };
    return Int32Array.from([...this.source.encode(text).subarray(0, this.maxLength), eos]);
  }

  protected padded(rows: readonly Int32Array[]): PaddedRows {
    return padRows(rows);
  }

  protected about(row: Int32Array): Writing {
    return this.model.about(row);
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

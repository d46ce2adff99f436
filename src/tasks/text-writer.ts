import { DataLoader } from "../data/data-loader.js";
import { type PaddedRows, padRows } from "../data/padding.js";
import { beamSearch } from "../decode/beam-search.js";
import { type BleuScore, countedBleu } from "../metrics/bleu.js";
import type { Seq2SeqBatch } from "../models/seq2seq-batch.js";
import type { GreedyOptions } from "../models/step.js";
import type { StepModel } from "../models/step-model.js";
import type { Module } from "../nn/module.js";
import type { Trainable } from "../nn/trainable.js";
import { sequenceTokens, type Tokenizer } from "../text/tokenizer.js";
import { type TextUnit, training } from "../text/train-tokenizer.js";
import { breathe, inTurns, mapInTurns, type Pieces } from "../util/breath.js";
import { checkFinite, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { BaseTask } from "./base-task.js";
import type { Criterion } from "./fields.js";
import { type BatchOptions, batchesOf, checkAnswers, checkBatchOptions, checkTokenizer, meanLoss, type SearchOptions } from "./task.js";

/** A model that writes tokens about sources, many of them padded. */
export interface WritingModel<Source> extends Module, Trainable<Seq2SeqBatch<Source>> {
  readonly config: { readonly dropout: number; readonly reduction?: "mean" | "sum" };
  greedy(source: Source, options: GreedyOptions): Promise<number[][]>;
}

/** One target being written. */
export type Writing = StepModel<unknown> & { dispose(): void };

/** The way to cut a text into tokens if no tokenizer is given. */
export interface UnitOptions {
  /** Words, in lower case, characters, or parts of words (bpe). Default `words`, of a translator `bpe`. */
  readonly unit?: TextUnit;
  /** Words that occur less often are unknown. Default 2. */
  readonly minCount?: number;
  /** The most words, or parts of words. Default 8000, of a translator 1500. */
  readonly vocab?: number;
  /** The language of the texts as a BCP 47 tag, for words in lower case: `tr` has I and ı. Default: what holds for most languages. */
  readonly locale?: string;
  /** The longest text in tokens; the rest of a longer one is left out, and no answer is longer. Default 64. */
  readonly context?: number;
}

/** A tokenizer with the special tokens of sequences, of the texts to train on. */
export function* tokenizerOf(texts: readonly string[], options: Required<UnitOptions>): Pieces<Tokenizer> {
  const { unit, minCount, vocab, locale } = options;
  return yield* training(texts, { unit, minCount, vocab, special: sequenceTokens, ...(locale !== "" && { locale }) });
}

/** Throws unless the tokenizer has padding as 0 and the other parts. */
export function checkEnds(op: string, { special }: Tokenizer, parts: readonly ("sos" | "eos")[]): void {
  if (special.pad === 0 && parts.every((part) => special[part] !== undefined)) return;
  throw new SeqgradError("value", `${op}: a tokenizer lacks <sos>, <eos> or <pad> as 0; make it with { special: sequenceTokens }.`);
}

/** The tokens at the beginning and at the end of a sequence; -1 for one that the tokenizer does not have, which checkEnds() refuses. */
export function endsOf({ special }: Tokenizer): { readonly sos: number; readonly eos: number } {
  const { eos = -1, sos = -1 } = special;
  return { sos, eos };
}

/** The measures of a writer by which an epoch can be chosen. */
export const writerCriteria: readonly Criterion[] = [
  { name: "loss", larger: false },
  { name: "bleu", larger: true },
  { name: "exact", larger: true },
];

/** The measures of a writer on examples. */
export interface TextWriterReport {
  readonly measures: Record<string, number>;
  /** The BLEU score in lower case; its `signature` says how it was computed. */
  readonly bleu: BleuScore;
  /** The answer to each example's input, as predict() returns it. */
  readonly answers: readonly string[];
}

/**
 * The common part of tasks whose answer is a text: batches, measures, greedy and searched answers.
 * @example
 * const writer = sg.tasks.Translator.create([{ source: "yes", target: "oui" }], { hidden: 8 });
 * const { bleu, exact, loss } = await writer.evaluate([{ source: "yes", target: "oui" }], { beam: 2 });
 */
export abstract class TextWriter<Example, Input, Item extends { readonly length: number }, Source> extends BaseTask<
  Example,
  Input,
  string,
  Seq2SeqBatch<Source>
> {
  protected constructor(
    readonly op: string,
    override readonly model: WritingModel<Source>,
    readonly target: Tokenizer,
    readonly context: number,
  ) {
    super();
    checkInteger(op, "context", context, 1);
    checkEnds(op, checkTokenizer(op, target), ["sos", "eos"]);
  }

  override readonly criteria = writerCriteria;

  /** The part of an input that the model reads. */
  protected abstract itemOf(input: Input): Item;
  protected abstract padded(items: readonly Item[]): Source;
  protected abstract decoder(item: Item): Writing;
  protected abstract inputOf(example: Example): Input;
  protected abstract textOf(example: Example): string;
  /** Throws unless these are examples. */
  protected abstract checkExamples(op: string, examples: readonly Example[]): void;
  /** Throws unless these are inputs. */
  protected abstract checkInputs(op: string, inputs: readonly Input[]): void;

  /**
   * Makes batches of examples of similar length, in another order each epoch.
   *
   * @param examples the examples
   * @param options `batch` and `seed`: see BatchOptions
   * @returns the loader
   * @throws SeqgradError `value` for something that is not an example
   */
  override loader(examples: readonly Example[], options: BatchOptions): DataLoader<Example, Seq2SeqBatch<Source>> {
    this.checkExamples(`${this.op}.loader`, examples);
    const { batch, seed } = checkBatchOptions(`${this.op}.loader`, options);
    const collate = (items: Example[]) => this.#collate(items);
    const lengths = new Map<Example, number>();
    const bucketBy = (example: Example) => {
      const length = lengths.get(example) ?? this.itemOf(this.inputOf(example)).length + this.textOf(example).length;
      lengths.set(example, length);
      return length;
    };
    return new DataLoader(examples, { batch, seed, shuffle: true, bucketBy, collate });
  }

  /**
   * Measures the model on examples that it has not seen.
   *
   * `bleu` is the BLEU score of the answers (in lower case), `exact` the share of exact answers, and `loss` is of a token, in nats. Answers
   * are greedy, or searched with a beam above 1.
   *
   * @param examples the examples
   * @param options see SearchOptions; `answers`: the results of predict() for these inputs, if they exist already
   * @returns the measures by name
   * @throws SeqgradError `value` for something that is not an example, `shape` for another number of answers
   */
  override async evaluate(
    examples: readonly Example[],
    options: SearchOptions & { readonly answers?: readonly string[] } = {},
  ): Promise<Record<string, number>> {
    return (await this.report(examples, options)).measures;
  }

  /**
   * Measures the model with details: BLEU with its signature, and every answer.
   *
   * @param examples the examples
   * @param options see SearchOptions; `answers`: the results of predict() for these inputs, if they exist already
   * @returns the report
   * @throws SeqgradError `value` for something that is not an example, `shape` for another number of answers
   */
  async report(
    examples: readonly Example[],
    options: SearchOptions & { readonly answers?: readonly string[] } = {},
  ): Promise<TextWriterReport> {
    this.checkExamples(`${this.op}.evaluate`, examples);
    checkOptions(`${this.op}.evaluate`, options, ["answers", "beam", "lengthPenalty"]);
    const { answers: own, ...search } = options;
    if (own !== undefined) checkAnswers(`${this.op}.evaluate`, own, examples.length);
    const inputs = examples.map((example) => this.inputOf(example));
    const answers = own ?? (await this.predict(inputs, search));
    const expected = examples.map((example) => this.textOf(example));
    const references = referencesOf(inputs, expected);
    const right = await mapInTurns(answers, (answer, i) => nth(references, i).some((text) => answer === spelled(this.target, text)));
    const exact = right.filter(Boolean).length / examples.length;
    const bleu = await inTurns(countedBleu(answers, references, { lowercase: true }));
    return { measures: { bleu: bleu.score, exact, loss: await this.#meanLoss(examples) }, bleu, answers };
  }

  /**
   * Writes the likeliest answer to each input: token by token (a beam of 1, many inputs at once), or by beam search.
   *
   * @param inputs the inputs
   * @param options see SearchOptions
   * @returns a text for each input
   * @throws SeqgradError `range` for a beam below 1 or of more than there are tokens, `value` for a length penalty without a search
   */
  override async predict(inputs: readonly Input[], options: SearchOptions = {}): Promise<string[]> {
    this.checkInputs(`${this.op}.predict`, inputs);
    checkOptions(`${this.op}.predict`, options, ["beam", "lengthPenalty"]);
    const { beam = 1, lengthPenalty = 0 } = options;
    checkFinite(this.op, "lengthPenalty", lengthPenalty);
    checkInteger(this.op, "beam", beam, 1, this.target.size);
    if (beam === 1 && lengthPenalty !== 0)
      throw new SeqgradError(
        "value",
        `${this.op}: lengthPenalty is ${lengthPenalty}, and one beam ranks nothing; give more beams, or leave it out.`,
      );
    const items = await mapInTurns(inputs, (input) => this.itemOf(input));
    const { sos, eos } = endsOf(this.target);
    const answers = new Array<string>(inputs.length);
    if (beam > 1) {
      for (const [i, item] of items.entries()) answers[i] = this.target.decode(await this.#search(item, { beam, lengthPenalty }));
      return answers;
    }
    const order = Array.from(items.keys()).sort((a, b) => nth(items, a).length - nth(items, b).length);
    const batches = batchesOf(
      order,
      (i) => nth(items, i).length,
      (batch) => ({ batch, source: this.padded(batch.map((i) => nth(items, i))) }),
    );
    for (const { batch, source } of batches) {
      await breathe();
      const written = await this.model.greedy(source, { sos, eos, maxTokens: this.context });
      for (const [b, i] of batch.entries()) answers[i] = this.target.decode(nth(written, b));
    }
    return answers;
  }

  async #search(item: Item, search: { readonly beam: number; readonly lengthPenalty: number }): Promise<readonly number[]> {
    const { sos, eos } = endsOf(this.target);
    const decoder = this.decoder(item);
    try {
      const [best] = await beamSearch(decoder, [sos], { ...search, maxTokens: this.context, stop: [eos] });
      return best!.tokens;
    } finally {
      decoder.dispose();
    }
  }

  /** Of all tokens alike, whatever batch they are in. */
  async #meanLoss(examples: readonly Example[]): Promise<number> {
    const rows = await mapInTurns(examples, (example) => this.#rowOf(example));
    const lengthOf = ({ item, target }: Row<Item>) => item.length + target.length;
    const batches = batchesOf(rows, lengthOf, (items) => this.#padded(items));
    const tokensOf = ({ target: { lengths } }: Seq2SeqBatch<Source>) => lengths.reduce((n, length) => n + length - 1, 0);
    if (this.model.config.reduction !== "sum") return meanLoss(this.model, batches, tokensOf);
    const tokens = rows.reduce((n, { target }) => n + target.length - 1, 0);
    return ((await meanLoss(this.model, batches, ({ target }) => target.lengths.length)) * examples.length) / tokens;
  }

  #collate(examples: readonly Example[]): { source: Source; target: PaddedRows } {
    return this.#padded(examples.map((example) => this.#rowOf(example)));
  }

  /** The part of an example that the model reads, and the tokens that it must write. */
  #rowOf(example: Example): Row<Item> {
    const { sos, eos } = endsOf(this.target);
    const target = [sos, ...this.target.encode(this.textOf(example)).subarray(0, this.context), eos];
    return { item: this.itemOf(this.inputOf(example)), target };
  }

  #padded(rows: readonly Row<Item>[]): { source: Source; target: PaddedRows } {
    return { source: this.padded(rows.map(({ item }) => item)), target: padRows(rows.map(({ target }) => target)) };
  }
}

interface Row<Item> {
  readonly item: Item;
  readonly target: readonly number[];
}

/** For each example the texts of all examples with the same input: they are references of each other. */
export function referencesOf(inputs: readonly unknown[], texts: readonly string[]): string[][] {
  const byInput = new Map<unknown, string[]>();
  for (const [i, input] of inputs.entries()) {
    const list = byInput.get(input) ?? [];
    if (!list.includes(nth(texts, i))) list.push(nth(texts, i));
    byInput.set(input, list);
  }
  return inputs.map((input) => byInput.get(input)!);
}

/** A reference as the tokenizer writes it, whose case and spaces may differ; none where there is a word that it does not know. */
function spelled(tokenizer: Tokenizer, text: string): string | undefined {
  const ids = tokenizer.encode(text);
  const { unk } = tokenizer.special;
  return unk !== undefined && ids.includes(unk) ? undefined : tokenizer.decode(ids);
}

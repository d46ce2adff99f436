import { noGrad } from "../autograd/tape.js";
import { DataLoader } from "../data/data-loader.js";
import { padRows } from "../data/padding.js";
import { beamSearch } from "../decode/beam-search.js";
import type { SavedModel } from "../io/model-folder.js";
import { bleu } from "../metrics/bleu.js";
import { RecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from "../models/recurrent-seq2seq.js";
import type { Seq2SeqBatch } from "../models/seq2seq-batch.js";
import { scope } from "../tensor/scope.js";
import { CharTokenizer } from "../text/char-tokenizer.js";
import { tokenizerFromJSON } from "../text/load.js";
import { sequenceTokens, type Tokenizer } from "../text/tokenizer.js";
import { WordTokenizer } from "../text/word-tokenizer.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { type BatchOptions, demand, evaluating, type Task } from "./task.js";

export interface TextPair {
  readonly source: string;
  readonly target: string;
}

export interface TranslatorOptions extends Omit<RecurrentSeq2SeqConfig, "sourceVocabulary" | "targetVocabulary"> {
  /** What a text is cut into where no tokenizer is given: `words`, in lower case, or `characters`. Default `words`. */
  readonly unit?: "words" | "characters";
  /** Words that occur less often are unknown. Default 2. */
  readonly minCount?: number;
  /** With `<pad>` as 0, `<eos>` and `<unk>`. Default: by `unit`. */
  readonly sourceTokenizer?: Tokenizer;
  /** With `<pad>` as 0, `<sos>` and `<eos>`. Default: by `unit`. */
  readonly targetTokenizer?: Tokenizer;
  /** Longer texts are cut off after so many tokens; no answer is longer. Default 64. */
  readonly maxLength?: number;
}

/** Evaluation looks at so many sentences at once. */
const BATCH = 64;

/**
 * Sequence to sequence on raw text: translations, summaries, answers, dates.
 * @example
 * const pairs = [{ source: "turn off the light", target: "éteins la lumière" }, { source: "go on", target: "continue" }];
 * const task = sg.tasks.Translator.create(pairs, { cell: "gru", hidden: 8, minCount: 1 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * for await (const event of sg.fit(task.model, task.loader(pairs, { batchSize: 2 }), { optimizer, epochs: 3 })) continue;
 * const [answer] = await task.predict(["go on"], { beams: 3 });
 */
export class Translator implements Task<TextPair, string, string, Seq2SeqBatch> {
  static readonly type = "seqgrad-translator";
  readonly type = Translator.type;

  private constructor(
    readonly model: RecurrentSeq2Seq,
    readonly source: Tokenizer,
    readonly target: Tokenizer,
    readonly maxLength: number,
  ) {
    const fits = ({ special }: Tokenizer, parts: readonly ("sos" | "eos")[]) =>
      special.pad === 0 && parts.every((part) => special[part] !== undefined);
    if (!fits(source, ["eos"]) || !fits(target, ["sos", "eos"]))
      throw new SeqgradError(
        "value",
        "Translator: a tokenizer lacks <sos>, <eos> or <pad> as 0; make it with { special: sequenceTokens }.",
      );
  }

  /**
   * A new model for the texts of the pairs to train on.
   * @throws SeqgradError `value` for no pair, an unknown unit or a tokenizer without special tokens, or as the model
   */
  static create(pairs: readonly TextPair[], options: TranslatorOptions = {}): Translator {
    const { unit = "words", minCount = 2, sourceTokenizer, targetTokenizer, maxLength = 64, ...config } = options;
    checkInteger("Translator", "maxLength", maxLength, 1);
    if (pairs.length === 0) throw new SeqgradError("value", "Translator: there is no pair to learn from.");
    if (unit !== "words" && unit !== "characters")
      throw new SeqgradError("value", `Translator: there is no unit "${String(unit)}"; use words or characters.`);
    const tokenizerOf = (texts: readonly string[]): Tokenizer =>
      unit === "words"
        ? WordTokenizer.fromTexts(texts, { minCount, special: sequenceTokens })
        : CharTokenizer.fromText(texts.join(""), { special: sequenceTokens });
    const source = sourceTokenizer ?? tokenizerOf(pairs.map((pair) => pair.source));
    const target = targetTokenizer ?? tokenizerOf(pairs.map((pair) => pair.target));
    const sizes = { sourceVocabulary: source.size, targetVocabulary: target.size };
    return new Translator(new RecurrentSeq2Seq({ ...config, ...sizes }), source, target, maxLength);
  }

  static async fromSaved({ config, tensors, tokenizer }: SavedModel): Promise<Translator> {
    const maxLength = demand(config, "maxLength", (n): n is number => Number.isInteger(n), "a whole number");
    const targetJson = demand(config, "targetTokenizer", (x): x is object => typeof x === "object" && x !== null, "a tokenizer");
    const [source, target] = await Promise.all([tokenizerFromJSON(tokenizer), tokenizerFromJSON(targetJson)]);
    const sizes = { sourceVocabulary: source.size, targetVocabulary: target.size };
    const model = new RecurrentSeq2Seq({ ...(config as unknown as RecurrentSeq2SeqConfig), ...sizes });
    model.loadStateDict(tensors);
    return new Translator(model, source, target, maxLength);
  }

  loader(pairs: readonly TextPair[], { batchSize, seed = 0 }: BatchOptions): DataLoader<TextPair, Seq2SeqBatch> {
    const collate = (items: TextPair[]) => this.#collate(items);
    const bucketBy = ({ source, target }: TextPair) => source.length + target.length;
    return new DataLoader(pairs, { batchSize, seed, shuffle: true, bucketBy, collate });
  }

  /** `bleu` of greedy answers (in lower case), the share of texts answered `exact`ly, and the `loss` of a token. */
  async evaluate(pairs: readonly TextPair[]): Promise<Record<string, number>> {
    const answers = await this.predict(pairs.map(({ source }) => source));
    const exact = answers.filter((answer, i) => answer === spelled(this.target, pairs[i]!.target)).length / pairs.length;
    const references = pairs.map(({ target }) => target);
    return { bleu: bleu(answers, references, { lowercase: true }).score, exact, loss: await this.#meanLoss(pairs) };
  }

  /** The likeliest answer to each text: token by token (`beams` 1, many texts at once), or by beam search. */
  async predict(texts: readonly string[], { beams = 1 }: { beams?: number } = {}): Promise<string[]> {
    checkInteger("Translator", "beams", beams, 1, this.target.size);
    const rows = texts.map((text) => this.#sourceOf(text));
    const { sos, eos } = this.target.special as { sos: number; eos: number };
    const answers = new Array<string>(texts.length);
    await evaluating(this.model, async () => {
      if (beams > 1) {
        for (const [i, row] of rows.entries()) answers[i] = this.target.decode(await this.#search(row, beams));
        return;
      }
      const order = Array.from(rows.keys()).sort((a, b) => rows[a]!.length - rows[b]!.length);
      for (let start = 0; start < order.length; start += BATCH) {
        const batch = order.slice(start, start + BATCH);
        const written = await this.model.greedy(padRows(batch.map((i) => rows[i]!)), { sos, eos, maxTokens: this.maxLength });
        for (const [b, i] of batch.entries()) answers[i] = this.target.decode(written[b]!);
      }
    });
    return answers;
  }

  describe(): Omit<SavedModel, "tensors"> {
    const config = { ...this.model.config, maxLength: this.maxLength, targetTokenizer: this.target.toJSON() };
    return { config, tokenizer: this.source.toJSON() };
  }

  async #search(row: ArrayLike<number>, beams: number): Promise<readonly number[]> {
    const { sos, eos } = this.target.special as { sos: number; eos: number };
    const decoder = this.model.about(row);
    try {
      const [best] = await beamSearch(decoder, [sos], { beams, maxTokens: this.maxLength, stop: [eos] });
      return best!.tokens;
    } finally {
      decoder.dispose();
    }
  }

  /** Of all tokens alike, whatever batch they are in. */
  async #meanLoss(pairs: readonly TextPair[]): Promise<number> {
    let [sum, count] = [0, 0];
    await evaluating(this.model, async () => {
      for (const batch of new DataLoader(pairs, { batchSize: BATCH, collate: (items) => this.#collate(items) })) {
        const loss = scope(() => noGrad(() => this.model.loss(batch)));
        const { lengths } = batch.target;
        const tokens = lengths.reduce((n, length) => n + length - 1, 0);
        sum += (await loss.item()) * (this.model.config.reduction === "sum" ? lengths.length : tokens);
        count += tokens;
        loss.dispose();
      }
    });
    return sum / count;
  }

  #sourceOf(text: string): Int32Array {
    const { eos } = this.source.special as { eos: number };
    return Int32Array.of(...this.source.encode(text).subarray(0, this.maxLength), eos);
  }

  #collate(pairs: readonly TextPair[]): Seq2SeqBatch {
    const { sos, eos } = this.target.special as { sos: number; eos: number };
    const targets = pairs.map(({ target }) => [sos, ...this.target.encode(target).subarray(0, this.maxLength), eos]);
    return { source: padRows(pairs.map(({ source }) => this.#sourceOf(source))), target: padRows(targets) };
  }
}

/** A reference as the tokenizer writes it, whose case and spaces may differ; none where there is a word that it does not know. */
function spelled(tokenizer: Tokenizer, text: string): string | undefined {
  const ids = tokenizer.encode(text);
  const { unk } = tokenizer.special;
  return unk !== undefined && ids.includes(unk) ? undefined : tokenizer.decode(ids);
}

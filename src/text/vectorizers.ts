import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkArray, checkBoolean, checkChoice, checkInteger, checkIterable, checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { normOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";
import { SparseRows } from "./sparse.js";
import { textsIn } from "./tokenizer.js";
import { Vocabulary } from "./vocabulary.js";
import { type WordOptions, WordSplitter, wordOptions } from "./word-splitter.js";

/**
 * Lists every run of n neighboring words, joined by blanks, for n from `least` to `most`.
 *
 * @param words the words
 * @param least the shortest run; default 1
 * @param most the longest run; default `least`
 * @returns the runs, the short ones first
 * @throws SeqgradError `range` for impossible lengths
 * @example
 * sg.text.ngrams(["not", "so", "bad"], 1, 2); // = ["not", "so", "bad", "not so", "so bad"]
 */
export function ngrams(words: readonly string[], least = 1, most = least): string[] {
  checkArray("ngrams", "words", words, "a list of words");
  for (const word of words) checkText("ngrams", word, "a word");
  checkInteger("ngrams", "least", least, 1);
  checkInteger("ngrams", "most", most, least);
  const all: string[] = [];
  for (let n = least; n <= Math.min(most, words.length); n++)
    for (let i = 0; i + n <= words.length; i++) all.push(words.slice(i, i + n).join(" "));
  return all;
}

export interface BagOptions extends WordOptions {
  /** `keep`: signs are words of their own; `drop`: only what holds a letter or a digit is a word. Default `drop`. */
  readonly punctuation?: "keep" | "drop";
  /** Shortest and longest runs of words that count as a term. Default [1, 1]. */
  readonly ngrams?: readonly [least: number, most: number];
  /** Words to leave out, before runs are made. Default none. */
  readonly stopWords?: Iterable<string>;
  /** Leaves out terms that occur in fewer texts. Default 1. */
  readonly minTexts?: number;
  /** The most terms to keep, by the number of texts that have them. Default: all. */
  readonly maxTerms?: number;
}

const bagOptions = [...wordOptions, "ngrams", "stopWords", "minTexts", "maxTerms"] as const;

/**
 * Texts as how often each term occurs in them: without order, one dimension a term.
 * @example
 * const bag = sg.text.BagOfWords.fit(["the cat saw the dog", "the dog ran"]);
 * bag.terms; // = ["dog", "the", "cat", "ran", "saw"]
 * bag.transform(["the dog and the dog"]).toDense(); // = [2, 2, 0, 0, 0]
 */
export class BagOfWords {
  readonly #vocabulary: Vocabulary;
  readonly #termsOf: (text: string) => string[];
  /** The number of texts that it was made from. */
  readonly texts: number;

  private constructor(vocabulary: Vocabulary, termsOf: (text: string) => string[], texts: number) {
    if (!(vocabulary instanceof Vocabulary) || typeof termsOf !== "function")
      throw new SeqgradError("state", "BagOfWords: make one by BagOfWords.fit(texts).");
    this.#vocabulary = vocabulary;
    this.#termsOf = termsOf;
    this.texts = texts;
  }

  /**
   * Finds the terms of texts.
   *
   * @param texts the texts
   * @param options see BagOptions
   * @returns the vectorizer
   * @throws SeqgradError `value` for texts without a term, `range` for an option outside its interval
   */
  static fit(texts: Iterable<string>, options: BagOptions = {}): BagOfWords {
    return finish(BagOfWords.fitting(texts, options));
  }

  /**
   * Finds the terms of texts in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @param options see BagOptions
   * @returns the vectorizer
   * @throws SeqgradError `value` for texts without a term, `range` for an option outside its interval
   * @example
   * const bag = await sg.text.BagOfWords.fitAsync(["the cat saw the dog", "the dog ran"]);
   * bag.terms; // = ["dog", "the", "cat", "ran", "saw"]
   */
  static fitAsync(texts: Iterable<string>, options: BagOptions = {}): Promise<BagOfWords> {
    return inTurns(BagOfWords.fitting(texts, options));
  }

  /** @internal */
  static *fitting(texts: Iterable<string>, options: BagOptions = {}): Pieces<BagOfWords> {
    const op = "BagOfWords.fit";
    checkOptions(op, options, bagOptions);
    const { ngrams: lengths = [1, 1], stopWords = [], minTexts = 1, maxTerms } = options;
    if (!Array.isArray(lengths) || lengths.length !== 2)
      throw new SeqgradError(
        "value",
        `${op}: ngrams is ${Array.isArray(lengths) ? `[${lengths.map(shown).join(",")}]` : shown(lengths)}; give the shortest and the longest, such as [1, 2].`,
      );
    checkIterable(op, "stopWords", stopWords, "a list of words");
    checkInteger(op, "minTexts", minTexts, 1);
    if (maxTerms !== undefined) checkInteger(op, "maxTerms", maxTerms, 1);
    const [least, most] = lengths;
    const { lowercase = true, punctuation = "drop", locale } = options;
    const splitter = new WordSplitter({ lowercase, punctuation, ...(locale !== undefined && { locale }) });
    const stop = new Set<string>();
    for (const word of stopWords) stop.add(checkText(op, word, "a stop word"));
    const termsOf = (text: string) =>
      ngrams(
        splitter.split(text).filter((word) => !stop.has(word)),
        least,
        most,
      );
    const counts = new Map<string, number>();
    let count = 0;
    for (const text of textsIn(op, texts)) {
      count++;
      for (const term of new Set(termsOf(text))) counts.set(term, (counts.get(term) ?? 0) + 1);
      yield;
    }
    const frequent = new Map<string, number>();
    for (const [term, n] of counts) {
      if (n >= minTexts) frequent.set(term, n);
      yield;
    }
    if (frequent.size === 0)
      throw new SeqgradError(
        "value",
        `${op}: no term is in ${minTexts} of the ${count} texts; give more text, fewer stop words or a smaller minTexts.`,
      );
    const sizes = { minCount: minTexts, ...(maxTerms !== undefined && { vocab: maxTerms }) };
    return new BagOfWords(yield* Vocabulary.ofCounts(frequent, { special: [], ...sizes }), termsOf, count);
  }

  /** The terms, each a column: from that in most texts to the rarest. */
  get terms(): readonly string[] {
    return this.#vocabulary.tokens();
  }

  /** In how many of the texts that it was made from each term occurs. */
  get textCounts(): readonly number[] {
    return this.terms.map((term) => this.#vocabulary.countOf(term));
  }

  /**
   * Counts the terms of texts; unknown terms are left out.
   *
   * @param texts the texts
   * @returns `[texts, terms]`
   */
  transform(texts: Iterable<string>): SparseRows {
    return finish(this.transforming(texts));
  }

  /**
   * Counts the terms of texts in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @returns `[texts, terms]`
   * @example
   * const bag = sg.text.BagOfWords.fit(["the cat saw the dog", "the dog ran"]);
   * (await bag.transformAsync(["the dog and the dog"])).toDense(); // = [2, 2, 0, 0, 0]
   */
  transformAsync(texts: Iterable<string>): Promise<SparseRows> {
    return inTurns(this.transforming(texts));
  }

  /** @internal */
  *transforming(texts: Iterable<string>): Pieces<SparseRows> {
    const rows: Map<number, number>[] = [];
    for (const text of textsIn("BagOfWords.transform", texts)) {
      const counts = new Map<number, number>();
      for (const term of this.#termsOf(text)) {
        const column = this.#vocabulary.idOf(term);
        if (column !== undefined) counts.set(column, (counts.get(column) ?? 0) + 1);
      }
      rows.push(counts);
      yield;
    }
    return yield* SparseRows.assembling(rows, this.#vocabulary.size);
  }
}

export interface TfIdfOptions extends BagOptions {
  /** Count 1 + ln(tf) in place of tf. Default false. */
  readonly sublinear?: boolean;
  /** The norm of each row that is made 1. Default `l2`. */
  readonly norm?: "l1" | "l2" | "none";
}

/**
 * Represents texts by the frequencies of terms, weighted by the rarity of each term.
 *
 * tf (ln((1 + n) / (1 + df)) + 1) for a term in df of n texts, each row divided by its norm: scikit-learn's TfidfVectorizer with its
 * smoothing.
 * @see Spärck Jones 1972, "A Statistical Interpretation of Term Specificity"
 * @example
 * const tfidf = sg.text.TfIdf.fit(["good film", "bad film"]);
 * tfidf.transform(["good film"]).toDense(); // = [0.5797, 0, 0.8148]
 */
export class TfIdf {
  readonly #norm: "l1" | "l2" | "none";
  readonly #sublinear: boolean;

  private constructor(
    readonly bag: BagOfWords,
    /** The factor of a term's frequency. */
    readonly idf: readonly number[],
    options: TfIdfOptions = {},
  ) {
    checkOptions("TfIdf", options, ["norm", "sublinear"]);
    const { norm = "l2", sublinear = false } = options;
    if (!(bag instanceof BagOfWords) || !Array.isArray(idf)) throw new SeqgradError("state", "TfIdf: make one by TfIdf.fit(texts).");
    checkChoice("TfIdf", "norm", norm, ["l1", "l2", "none"]);
    checkBoolean("TfIdf", "sublinear", sublinear);
    this.#norm = norm;
    this.#sublinear = sublinear;
  }

  /**
   * Finds the weights of terms.
   *
   * @param texts the texts
   * @param options see TfIdfOptions
   * @returns the vectorizer
   * @throws SeqgradError `value` for texts without a term, `range` for an option outside its interval
   */
  static fit(texts: Iterable<string>, options: TfIdfOptions = {}): TfIdf {
    return finish(TfIdf.#fitting(texts, options));
  }

  /**
   * Finds the weights of terms in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @param options see TfIdfOptions
   * @returns the vectorizer
   * @throws SeqgradError `value` for texts without a term, `range` for an option outside its interval
   * @example
   * const tfidf = await sg.text.TfIdf.fitAsync(["good film", "bad film"]);
   * (await tfidf.transformAsync(["good film"])).toDense(); // = [0.5797, 0, 0.8148]
   */
  static fitAsync(texts: Iterable<string>, options: TfIdfOptions = {}): Promise<TfIdf> {
    return inTurns(TfIdf.#fitting(texts, options));
  }

  static *#fitting(texts: Iterable<string>, options: TfIdfOptions): Pieces<TfIdf> {
    checkOptions("TfIdf.fit", options, [...bagOptions, "sublinear", "norm"]);
    const { sublinear, norm, ...terms } = options;
    const bag = yield* BagOfWords.fitting(texts, terms);
    const idf = bag.textCounts.map((df) => Math.log((1 + bag.texts) / (1 + df)) + 1);
    return new TfIdf(bag, idf, { ...(norm !== undefined && { norm }), ...(sublinear !== undefined && { sublinear }) });
  }

  /** The terms, each a column. */
  get terms(): readonly string[] {
    return this.bag.terms;
  }

  /**
   * Weighs the terms of texts; unknown terms are left out.
   *
   * @param texts the texts
   * @returns `[texts, terms]`
   */
  transform(texts: Iterable<string>): SparseRows {
    return finish(this.#transforming(texts));
  }

  /**
   * Weighs the terms of texts in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @returns `[texts, terms]`
   * @example
   * const tfidf = sg.text.TfIdf.fit(["good film", "bad film"]);
   * (await tfidf.transformAsync(["good film"])).toDense(); // = [0.5797, 0, 0.8148]
   */
  transformAsync(texts: Iterable<string>): Promise<SparseRows> {
    return inTurns(this.#transforming(texts));
  }

  *#transforming(texts: Iterable<string>): Pieces<SparseRows> {
    const { shape, starts, columns, values: counts } = yield* this.bag.transforming(texts);
    const values = counts.map((tf, k) => (this.#sublinear ? 1 + Math.log(tf) : tf) * nth(this.idf, nth(columns, k)));
    for (let r = 0; r < shape[0] && this.#norm !== "none"; r++) {
      const row = values.subarray(starts[r], starts[r + 1]);
      const norm = this.#norm === "l1" ? row.reduce((sum, v) => sum + v, 0) : normOf(row);
      if (norm > 0) for (const [k, value] of row.entries()) row[k] = value / norm;
      yield;
    }
    return new SparseRows(shape, starts, columns, values);
  }
}

import { checkText } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { remembering } from "../util/remember.js";
import {
  checkIds,
  type EncodeOptions,
  framed,
  isSilent,
  type SpecialIds,
  sequenceTokens,
  type Tokenizer,
  textsIn,
  unknownId,
} from "./tokenizer.js";
import { Vocabulary, type VocabularyOptions } from "./vocabulary.js";

export interface WordOptions {
  /** Take words in lower case. Default true. */
  readonly lowercase?: boolean;
  /** `keep`: signs are words of their own; `drop`: only what holds a letter or a digit is a word. Default `keep`. */
  readonly punctuation?: "keep" | "drop";
  /** The language whose rules tell where words end, as a BCP 47 tag. Default: those that hold for all. */
  readonly locale?: string;
}

/**
 * Cuts texts into words by Unicode's rules (UAX 29, by Intl.Segmenter).
 * @example
 * const words = new sg.WordSplitter();
 * words.split("Don't panic, Zaphod!"); // = ["don't", "panic", ",", "zaphod", "!"]
 */
export class WordSplitter {
  readonly options: Required<Omit<WordOptions, "locale">> & { readonly locale: string | undefined };
  readonly #segmenter: Intl.Segmenter;
  readonly #wordsOf = remembering((piece: string) => this.wordsOf(piece));

  /** @throws SeqgradError `value` for an option that is none, `range` for a locale that is none */
  constructor({ lowercase = true, punctuation = "keep", locale }: WordOptions = {}) {
    if (punctuation !== "keep" && punctuation !== "drop")
      throw new SeqgradError("value", `WordSplitter: punctuation is ${JSON.stringify(punctuation)}; give "keep" or "drop".`);
    this.options = { lowercase, punctuation, locale };
    try {
      this.#segmenter = new Intl.Segmenter(locale, { granularity: "word" });
    } catch (cause) {
      throw new SeqgradError("range", `WordSplitter: ${JSON.stringify(locale)} is no language tag; give one such as "en" or "hi".`, {
        cause,
      });
    }
  }

  split(text: string): string[] {
    const words: string[] = [];
    for (const piece of checkText("WordSplitter.split", text).match(/\S+/g) ?? []) words.push(...this.#wordsOf(piece));
    return words;
  }

  /** The words of a piece without white space. */
  wordsOf(piece: string): readonly string[] {
    const { lowercase, punctuation } = this.options;
    const words: string[] = [];
    for (const segment of segments(lowercase ? piece.toLowerCase() : piece, this.#segmenter)) {
      if (punctuation === "keep" || /[\p{L}\p{N}]/u.test(segment)) words.push(segment);
    }
    return words;
  }
}

/** What the segmenter makes of a piece; for the most usual form, Latin letters and a sign after them, without asking it. */
function segments(piece: string, segmenter: Intl.Segmenter): string[] {
  const [, word, sign] = /^([A-Za-z]+)([,.;:!?]?)$/.exec(piece) ?? [];
  if (word) return sign ? [word, sign] : [word];
  return Array.from(segmenter.segment(piece), ({ segment }) => segment);
}

/**
 * A tokenizer whose tokens are words.
 * @example
 * const tokenizer = sg.WordTokenizer.fromTexts(["the dog sat", "the cat ran"]);
 * tokenizer.decode(tokenizer.encode("The cat sat.")); // = "the cat sat <unk>"
 */
export class WordTokenizer implements Tokenizer {
  readonly #splitter: WordSplitter;
  /** The ids of a piece between white space. */
  readonly #idsOf = remembering((piece: string) => this.#splitter.wordsOf(piece).map((word) => this.#idOf(word)));

  constructor(
    readonly vocabulary: Vocabulary,
    options: WordOptions = {},
  ) {
    this.#splitter = new WordSplitter(options);
  }

  /**
   * The tokenizer of the words that occur in the texts.
   * @throws SeqgradError `value` for no word or what is no list of texts, as `Vocabulary.fromTokens` and `WordSplitter`
   */
  static fromTexts(texts: Iterable<string>, options: WordOptions & VocabularyOptions = {}): WordTokenizer {
    const splitter = new WordSplitter(options);
    const counts = new Map<string, number>();
    const op = "WordTokenizer.fromTexts";
    for (const text of textsIn(op, texts)) for (const word of splitter.split(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
    const vocabulary = Vocabulary.fromCounts(counts, options);
    if (vocabulary.size > (options.special ?? sequenceTokens).length) return new WordTokenizer(vocabulary, options);
    const { minCount = 1 } = options;
    throw new SeqgradError("value", `${op}: no word occurs ${minCount} times; give more text, a smaller minCount or a larger maxSize.`);
  }

  /**
   * What toJSON() gave.
   * @throws SeqgradError `format`
   */
  static fromJSON(json: unknown): WordTokenizer {
    const { type, vocabulary, lowercase, punctuation, locale } = (json ?? {}) as Readonly<Record<string, unknown>>;
    if (type !== "words" || typeof vocabulary !== "object" || vocabulary === null)
      throw new SeqgradError("format", `WordTokenizer.fromJSON: wants { type: "words", vocabulary: .. }; type is ${JSON.stringify(type)}.`);
    const options = { lowercase, punctuation, ...(locale !== undefined && { locale }) } as WordOptions;
    return new WordTokenizer(Vocabulary.fromJSON(vocabulary as Record<string, number>), options);
  }

  get size(): number {
    return this.vocabulary.size;
  }

  get special(): SpecialIds {
    return this.vocabulary.special;
  }

  /** The words of a text, before they are numbered. */
  split(text: string): string[] {
    return this.#splitter.split(text);
  }

  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    const ids: number[] = [];
    for (const piece of checkText("WordTokenizer.encode", text).match(/\S+/g) ?? []) for (const id of this.#idsOf(piece)) ids.push(id);
    return framed("WordTokenizer.encode", new Int32Array(ids), this.special, options);
  }

  /** The words with blanks between them, but not before signs that end something nor after those that open it. */
  decode(ids: ArrayLike<number>): string {
    checkIds("WordTokenizer.decode", ids);
    let text = "";
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      if (!(id >= 0 && id < this.size)) throw unknownId("WordTokenizer.decode", id, i, this.size);
      if (isSilent(id, this.special)) continue;
      const word = this.vocabulary.tokenOf(id);
      const joins = text === "" || /^[,.!?;:%)\]}»”’।…]+$/u.test(word) || /[([{«“‘¿¡]$/u.test(text);
      text += joins ? word : ` ${word}`;
    }
    return text;
  }

  idOf(token: string): number | undefined {
    return this.vocabulary.idOf(token);
  }

  tokenOf(id: number): string {
    return this.vocabulary.tokenOf(id);
  }

  toJSON(): Record<string, unknown> {
    return { type: "words", ...this.#splitter.options, vocabulary: this.vocabulary.toJSON() };
  }

  #idOf(word: string): number {
    const id = this.vocabulary.idOf(word) ?? this.special.unk;
    if (id !== undefined) return id;
    const advice = "leave it out, or make the vocabulary with <unk> among its special tokens";
    throw new SeqgradError("range", `WordTokenizer.encode: ${JSON.stringify(word)} is not one of the ${this.size} words; ${advice}.`);
  }
}

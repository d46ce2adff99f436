import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkText, isRecord, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import { remembering } from "../util/remember.js";
import { chunksOf, LONG } from "./chunks.js";
import { differences, type Probes, probesOf, readProbes } from "./dictionary.js";
import { Spacing, SpacingCounts } from "./spacing.js";
import {
  checkIds,
  type EncodeOptions,
  framed,
  type SpecialIds,
  sequenceTokens,
  silentIds,
  type Tokenizer,
  textsIn,
  tokenAt,
} from "./tokenizer.js";
import { Vocabulary, type VocabularyOptions, vocabularyOptions } from "./vocabulary.js";
import { scriptOf } from "./word-break.js";
import { unicodeVersion } from "./word-data.js";
import { pieces, piecesOf, type WordOptions, WordSplitter, wordOptions } from "./word-splitter.js";

/** How words were found where the vocabulary was made, and how they stood. */
interface Origin {
  readonly spacing: Spacing;
  readonly unicode: string;
  /** How that host's dictionary cut a few texts, for scripts without spaces in the vocabulary. */
  readonly dictionary: Probes;
}

/**
 * A tokenizer whose tokens are words.
 *
 * @param vocabulary the words by their ids
 * @param options see WordOptions
 * @example
 * const tokenizer = sg.text.WordTokenizer.fromTexts(["the dog sat", "the cat ran"]);
 * tokenizer.decode(tokenizer.encode("The cat sat.")); // = "the cat sat <unk>"
 */
export class WordTokenizer implements Tokenizer {
  readonly #splitter: WordSplitter;
  /** Ids that decoding leaves out. */
  readonly #silent: ReadonlySet<unknown>;
  readonly #origin: Origin;
  /** The ids of a piece between white space. */
  readonly #idsOf = remembering((piece: string) => this.#splitter.wordsOf(piece).map((word) => this.#idOf(word)));
  /** A warning for a person: that this host finds other words than the one where the tokenizer was made. */
  readonly warnings: readonly string[];

  /** @throws SeqgradError `value` for anything but a vocabulary, and as `WordSplitter` */
  constructor(vocabulary: Vocabulary, options?: WordOptions);
  /** @internal */
  constructor(vocabulary: Vocabulary, options: WordOptions | undefined, origin: Partial<Origin>);
  constructor(
    readonly vocabulary: Vocabulary,
    options: WordOptions = {},
    origin: Partial<Origin> = {},
  ) {
    if (!(vocabulary instanceof Vocabulary))
      throw new SeqgradError("value", `WordTokenizer: the vocabulary is ${kindOf(vocabulary)}; expected a Vocabulary.`);
    this.#silent = silentIds(vocabulary.tokens(), vocabulary.special);
    this.#splitter = new WordSplitter(options);
    const cut = (text: string) => [...this.#splitter.wordsOf(text)];
    const scripts = new Set(vocabulary.tokens().flatMap((token) => scriptOf(token.codePointAt(0)) ?? []));
    this.#origin = {
      spacing: origin.spacing ?? new Spacing(),
      unicode: origin.unicode ?? unicodeVersion,
      dictionary: origin.dictionary ?? probesOf(scripts, cut),
    };
    this.warnings = [...otherUnicode(this.#origin.unicode), ...(origin.dictionary ? differences(origin.dictionary, cut) : [])];
  }

  /**
   * Makes a tokenizer of the words that occur in texts.
   *
   * @param texts the texts
   * @param options see WordOptions and VocabularyOptions
   * @returns the tokenizer
   * @throws SeqgradError `value` without a word or for a value that is not a list of texts, `range` for an option outside its interval
   */
  static fromTexts(texts: Iterable<string>, options: WordOptions & VocabularyOptions = {}): WordTokenizer {
    return finish(WordTokenizer.training(texts, options));
  }

  /**
   * Makes a tokenizer of the words that occur in texts, in turns: timers, clicks and other work of a page run in between.
   *
   * @param texts the texts
   * @param options see WordOptions and VocabularyOptions
   * @returns the tokenizer
   * @throws SeqgradError `value` without a word or for a value that is not a list of texts, `range` for an option outside its interval
   * @example
   * const tokenizer = await sg.text.WordTokenizer.fromTextsAsync(["the dog sat", "the cat ran"]);
   * tokenizer.decode(tokenizer.encode("the cat sat")); // = "the cat sat"
   */
  static fromTextsAsync(texts: Iterable<string>, options: WordOptions & VocabularyOptions = {}): Promise<WordTokenizer> {
    return inTurns(WordTokenizer.training(texts, options));
  }

  /** @internal */
  static *training(texts: Iterable<string>, options: WordOptions & VocabularyOptions = {}): Pieces<WordTokenizer> {
    const op = "WordTokenizer.fromTexts";
    checkOptions(op, options, [...wordOptions, ...vocabularyOptions]);
    const { special = sequenceTokens, minCount = 1, vocab, ...words } = options;
    const splitter = new WordSplitter(words);
    const wordsOf = remembering((piece: string) => splitter.wordsOf(piece));
    const counts = new Map<string, number>();
    const spacing = new SpacingCounts();
    for (const text of textsIn(op, texts)) {
      let before: string | undefined;
      for (const [piece] of text.matchAll(pieces)) {
        yield;
        let hasBlank = true;
        for (const word of piece.length > LONG ? yield* splitter.splitting(piece) : wordsOf(piece)) {
          counts.set(word, (counts.get(word) ?? 0) + 1);
          if (before !== undefined) spacing.add(before, word, hasBlank);
          before = word;
          hasBlank = false;
        }
      }
    }
    const vocabulary = yield* Vocabulary.ofCounts(counts, { special, minCount, ...(vocab !== undefined && { vocab }) });
    if (vocabulary.size > special.length) return new WordTokenizer(vocabulary, words, { spacing: spacing.spacing(vocabulary.tokens()) });
    throw new SeqgradError("value", `${op}: no word occurs ${minCount} times; give more text, a smaller minCount or a larger vocab.`);
  }

  /**
   * Restores a tokenizer from the result of toJSON(). If this host finds other words than the one that made it, `warnings` says so.
   *
   * @param json the result of toJSON()
   * @returns the tokenizer
   * @throws SeqgradError `format` for anything else
   */
  static fromJSON(json: unknown): WordTokenizer {
    const op = "WordTokenizer.fromJSON";
    const parts: Readonly<Record<string, unknown>> = isRecord(json) ? json : {};
    const { type, vocabulary, lowercase, punctuation, locale, unicode, dictionary, spacing } = parts;
    if (type !== "words" || typeof vocabulary !== "object" || vocabulary === null)
      throw new SeqgradError("format", `${op}: type is ${shown(type)}; expected { type: "words", vocabulary: .. }.`);
    if (unicode !== undefined && typeof unicode !== "string")
      throw new SeqgradError("format", `${op}: unicode is ${shown(unicode)}; expected a version such as "${unicodeVersion}".`);
    const options = { lowercase, punctuation, ...(locale !== undefined && { locale }) } as WordOptions;
    return new WordTokenizer(Vocabulary.fromJSON(vocabulary), options, {
      spacing: Spacing.fromJSON(op, spacing),
      ...(unicode !== undefined && { unicode }),
      ...(dictionary !== undefined && { dictionary: readProbes(op, dictionary) }),
    });
  }

  get size(): number {
    return this.vocabulary.size;
  }

  get special(): SpecialIds {
    return this.vocabulary.special;
  }

  /**
   * Cuts a text into words, before they are numbered.
   *
   * @param text the text
   * @returns its words, in order
   */
  split(text: string): string[] {
    return this.#splitter.split(text);
  }

  encode(text: string, options: EncodeOptions = {}): Int32Array<ArrayBuffer> {
    return finish(this.#encoding(text, options));
  }

  /**
   * Converts a text to the ids of its words in turns: timers, clicks and other work of a page run in between.
   *
   * @param text the text
   * @param options `sos` and `eos`: see EncodeOptions
   * @returns the ids, each in 0..V-1
   * @throws SeqgradError `range` for a word that is not in the vocabulary if that has no `<unk>`, `state` for an option without its special
   *   token
   * @example
   * const ids = await sg.text.WordTokenizer.fromTexts(["the dog sat"], { special: ["<unk>"] }).encodeAsync("the cat sat");
   * Array.from(ids); // = [3, 0, 2]
   */
  encodeAsync(text: string, options: EncodeOptions = {}): Promise<Int32Array<ArrayBuffer>> {
    return inTurns(this.#encoding(text, options));
  }

  *#encoding(text: string, options: EncodeOptions): Pieces<Int32Array<ArrayBuffer>> {
    const ids: number[] = [];
    for (const chunk of chunksOf(checkText("WordTokenizer.encode", text))) {
      yield;
      for (const piece of piecesOf(chunk)) {
        if (piece.length > LONG) for (const word of yield* this.#splitter.splitting(piece)) ids.push(this.#idOf(word));
        else for (const id of this.#idsOf(piece)) ids.push(id);
      }
    }
    return framed("WordTokenizer.encode", new Int32Array(ids), this.special, options);
  }

  /**
   * The words with blanks between them as the texts of the vocabulary had them: none before signs that end something nor after those that
   * open it, none between words of scripts without spaces.
   */
  decode(ids: ArrayLike<number>): string {
    checkIds("WordTokenizer.decode", ids);
    let text = "";
    let before: string | undefined;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      const word = tokenAt("WordTokenizer.decode", this.vocabulary.tokens(), id, i);
      if (this.#silent.has(id)) continue;
      text += before === undefined || this.#origin.spacing.joins(before, word) ? word : ` ${word}`;
      before = word;
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
    const { unicode, dictionary } = this.#origin;
    const spacing = this.#origin.spacing.toJSON();
    const origin = { unicode, ...(Object.keys(dictionary).length > 0 && { dictionary }), ...(spacing && { spacing }) };
    return { type: "words", ...this.#splitter.options, ...origin, vocabulary: this.vocabulary.toJSON() };
  }

  #idOf(word: string): number {
    const id = this.vocabulary.idOf(word) ?? this.special.unk;
    if (id !== undefined) return id;
    const advice = "leave it out, or make the vocabulary with <unk> among its special tokens";
    throw new SeqgradError("range", `WordTokenizer.encode: ${JSON.stringify(word)} is not one of the ${this.size} words; ${advice}.`);
  }
}

/** A warning where a tokenizer was made by the rules of another version of Unicode. */
const otherUnicode = (version: string): string[] =>
  version === unicodeVersion
    ? []
    : [
        `The tokenizer was made with the words of Unicode ${version}, and this version of seqgrad has the words of ${unicodeVersion}: words with ` +
          "characters that changed between them may be cut otherwise. Train the model again if its texts have such characters.",
      ];

import { finish, type Pieces } from "../util/breath.js";
import { checkBoolean, checkChoice, checkText } from "../util/check.js";
import { checkOptions } from "../util/options.js";
import { remembering } from "../util/remember.js";
import { hostDictionary } from "./dictionary.js";
import { lowerCaseOf } from "./lower-case.js";
import { isWord, segmented } from "./word-break.js";

export interface WordOptions {
  /** Take words in lower case. Default true. */
  readonly lowercase?: boolean;
  /** `keep`: signs are words of their own; `drop`: only what holds a letter or a digit is a word. Default `keep`. */
  readonly punctuation?: "keep" | "drop";
  /** The language of the texts as a BCP 47 tag, for lower case: `tr` has I and ı, İ and i. Default: what holds for most languages. */
  readonly locale?: string;
}

/** The names of the options, for who takes more than these. */
export const wordOptions = ["lowercase", "punctuation", "locale"] as const;

/**
 * Cuts texts into words by Unicode's rules (UAX 29, Unicode 17), the same on every host: `node.js`, `3.14` and `don't` are one word each.
 * Only scripts without spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are left to the host's dictionary, which may differ.
 *
 * @param options see WordOptions
 * @example
 * const words = new sg.text.WordSplitter();
 * words.split("Don't panic, Zaphod!"); // = ["don't", "panic", ",", "zaphod", "!"]
 */
export class WordSplitter {
  readonly options: Required<Omit<WordOptions, "locale">> & { readonly locale: string | undefined };
  readonly #lowerCase: (text: string) => string;
  readonly #wordsOf = remembering((piece: string) => this.wordsOf(piece));

  /** @throws SeqgradError `value` for an option that is unknown or of the wrong kind, `range` for a locale that is not a language tag */
  constructor(options: WordOptions = {}) {
    checkOptions("WordSplitter", options, wordOptions);
    const { lowercase = true, punctuation = "keep", locale } = options;
    checkBoolean("WordSplitter", "lowercase", lowercase);
    checkChoice("WordSplitter", "punctuation", punctuation, ["keep", "drop"]);
    this.options = { lowercase, punctuation, locale };
    this.#lowerCase = lowerCaseOf("WordSplitter", locale);
  }

  /**
   * Cuts a text into words.
   *
   * @param text the text
   * @returns its words, in order
   * @throws SeqgradError `value` for anything but a string
   */
  split(text: string): string[] {
    const words: string[] = [];
    for (const piece of piecesOf(checkText("WordSplitter.split", text))) for (const word of this.#wordsOf(piece)) words.push(word);
    return words;
  }

  /**
   * Cuts a piece without white space into words.
   *
   * @param piece the piece
   * @returns its words, in order
   */
  wordsOf(piece: string): readonly string[] {
    return finish(this.splitting(piece));
  }

  /** @internal */
  *splitting(piece: string): Pieces<readonly string[]> {
    checkText("WordSplitter.wordsOf", piece);
    const { lowercase, punctuation } = this.options;
    const words = yield* segmented(lowercase ? this.#lowerCase(piece) : piece, hostDictionary);
    return punctuation === "keep" ? words : words.filter(isWord);
  }
}

/** The text between white space, including the zero-width space: Khmer and Thai have it between words. */
export const pieces = /[^\s\u200b]+/g;
export const piecesOf = (text: string): readonly string[] => text.match(pieces) ?? [];

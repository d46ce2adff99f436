import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkChoice, checkInteger, checkObject } from "../util/check.js";
import { checkOptions } from "../util/options.js";
import { BpeTokenizer } from "./bpe-tokenizer.js";
import { CharTokenizer } from "./char-tokenizer.js";
import { lowerCaseOf } from "./lower-case.js";
import { checkTextList, type Tokenizer, textsIn } from "./tokenizer.js";
import { WordTokenizer } from "./word-tokenizer.js";

/** The units that a text may be cut into: words, in lower case, characters, or parts of words by byte-pair encoding. */
export const textUnits = ["words", "characters", "bpe"] as const;
export type TextUnit = (typeof textUnits)[number];

export interface TokenizerOptions {
  readonly unit: TextUnit;
  /** The most tokens, for words and parts of words. Default 8000. */
  readonly vocab?: number;
  /** Words that occur less often are unknown. Default 1. */
  readonly minCount?: number;
  /** Tokens that come first, such as `sequenceTokens`. Default: none, but `<unk>` for words. */
  readonly special?: readonly string[];
  /** The language of the texts as a BCP 47 tag, for words in lower case: `tr` has I and ı. Default: what holds for most languages. */
  readonly locale?: string;
}

/**
 * Makes a tokenizer of a unit from texts.
 *
 * @param texts the texts to train on
 * @param options see TokenizerOptions
 * @returns the tokenizer
 * @throws SeqgradError `value` for an unknown unit or no text, `range` for an impossible size
 * @example
 * const tokenizer = sg.text.trainTokenizer(["the cat sat", "the dog sat"], { unit: "words" });
 * tokenizer.decode(tokenizer.encode("The cow sat")); // = "the <unk> sat"
 */
export function trainTokenizer(texts: readonly string[], options: TokenizerOptions): Tokenizer {
  return finish(training(texts, options));
}

/**
 * Makes a tokenizer of a unit from texts, in turns: timers, clicks and other work of a page run in between.
 *
 * @param texts the texts to train on
 * @param options see TokenizerOptions
 * @returns the tokenizer
 * @throws SeqgradError `value` for an unknown unit or no text, `range` for an impossible size
 * @example
 * const tokenizer = await sg.text.trainTokenizerAsync(["the cat sat", "the dog sat"], { unit: "words" });
 * tokenizer.decode(tokenizer.encode("The cow sat")); // = "the <unk> sat"
 */
export function trainTokenizerAsync(texts: readonly string[], options: TokenizerOptions): Promise<Tokenizer> {
  return inTurns(training(texts, options));
}

/** The same in pieces. */
export function* training(texts: readonly string[], options: TokenizerOptions): Pieces<Tokenizer> {
  checkTextList("trainTokenizer", texts);
  checkObject("trainTokenizer", "options", options, 'what texts are cut into, as in { unit: "words" }');
  checkOptions("trainTokenizer", options, ["unit", "vocab", "minCount", "special", "locale"]);
  const { unit, vocab = 8000, minCount = 1, special = unit === "words" ? ["<unk>"] : [], locale } = options;
  checkChoice("trainTokenizer", "unit", unit, textUnits);
  checkInteger("trainTokenizer", "vocab", vocab, 1);
  checkInteger("trainTokenizer", "minCount", minCount, 1);
  if (locale !== undefined) lowerCaseOf("trainTokenizer", locale);
  if (unit === "words") return yield* WordTokenizer.training(texts, { minCount, vocab, special, ...(locale !== undefined && { locale }) });
  if (unit === "characters") return yield* CharTokenizer.training([...textsIn("trainTokenizer", texts)].join(""), { special });
  return yield* BpeTokenizer.training(texts, { vocab, special });
}

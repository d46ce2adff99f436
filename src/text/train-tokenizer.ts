import { SeqgradError } from "../util/errors.js";
import { BpeTokenizer } from "./bpe-tokenizer.js";
import { CharTokenizer } from "./char-tokenizer.js";
import { type Tokenizer, textsIn } from "./tokenizer.js";
import { WordTokenizer } from "./word-tokenizer.js";

/** What a text may be cut into: words, in lower case, characters, or parts of words by byte-pair encoding. */
export const textUnits = ["words", "characters", "bpe"] as const;
export type TextUnit = (typeof textUnits)[number];

export interface TokenizerOptions {
  readonly unit: TextUnit;
  /** Of words and parts of words, the most tokens. Default 8000. */
  readonly vocabularySize?: number;
  /** Words that occur less often are unknown. Default 1. */
  readonly minCount?: number;
  /** Tokens that come first, such as `sequenceTokens`. Default: none, but `<unk>` for words. */
  readonly special?: readonly string[];
}

/**
 * A tokenizer of a unit, for the texts to train on.
 * @throws SeqgradError `value` for an unknown unit or no text, or as the tokenizer
 * @example
 * const tokenizer = sg.trainTokenizer(["the cat sat", "the dog sat"], { unit: "words" });
 * tokenizer.decode(tokenizer.encode("The cow sat")); // = "the <unk> sat"
 */
export function trainTokenizer(texts: readonly string[], options: TokenizerOptions): Tokenizer {
  const { unit, vocabularySize = 8000, minCount = 1, special = unit === "words" ? ["<unk>"] : [] } = options;
  if (unit === "words") return WordTokenizer.fromTexts(texts, { minCount, maxSize: vocabularySize, special });
  if (unit === "characters") return CharTokenizer.fromText([...textsIn("trainTokenizer", texts)].join(""), { special });
  if (unit === "bpe") return BpeTokenizer.train(texts, { vocabularySize, special });
  throw new SeqgradError("value", `trainTokenizer: there is no unit "${String(unit)}"; use ${textUnits.join(", ")}.`);
}

import { bitsPerCharacter, perplexity } from "../metrics/language.js";
import type { Tokenizer } from "../text/tokenizer.js";

export interface LanguageModelMeasures extends Readonly<Record<string, number>> {
  /** The mean cross-entropy of a token, in nats. */
  readonly loss: number;
  readonly perplexity: number;
  readonly bitsPerCharacter: number;
}

/** The measures of a mean cross-entropy of these tokens, in nats. @param text the text of the tokens, where it is at hand */
export function measuresOf(tokenizer: Tokenizer, loss: number, ids: Int32Array, text?: string): LanguageModelMeasures {
  const perToken = charactersOf(tokenizer, ids, text) / (ids.length - 1); // nothing predicts the first
  return { loss, perplexity: perplexity(loss), bitsPerCharacter: bitsPerCharacter(loss, perToken) };
}

/** The number of characters of a text without its first token. */
export const charactersOf = (tokenizer: Tokenizer, ids: Int32Array, text = tokenizer.decode(ids)): number =>
  Math.max(1, [...text].length - [...tokenizer.decode(ids.subarray(0, 1))].length);

import { checkFinite } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/**
 * e^loss: how many equally likely tokens a language model hesitates between.
 * @param loss mean cross-entropy of a token, in nats
 * @throws SeqgradError `value` for a loss that is not finite
 * @example
 * sg.metrics.perplexity(Math.log(65)); // = 65
 */
export const perplexity = (loss: number): number => Math.exp(checkFinite("perplexity", "loss", loss));

/**
 * loss / ln 2, in bits a character.
 * @param loss mean cross-entropy of a token, in nats
 * @param charactersPerToken default 1; of a model of words, say, the characters of the text over its tokens
 * @throws SeqgradError `value` for a loss that is not finite, `range` for no characters
 * @example
 * sg.metrics.bitsPerCharacter(Math.log(8)); // = 3
 */
export function bitsPerCharacter(loss: number, charactersPerToken = 1): number {
  if (!(checkFinite("bitsPerCharacter", "charactersPerToken", charactersPerToken) > 0))
    throw new SeqgradError("range", `bitsPerCharacter: charactersPerToken is ${charactersPerToken}; give a number above 0.`);
  return checkFinite("bitsPerCharacter", "loss", loss) / Math.LN2 / charactersPerToken;
}

import { checkFinite } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/**
 * Returns e^loss: the number of equally likely tokens among which a language model hesitates.
 *
 * @param loss the mean cross-entropy of a token, in nats
 * @returns at least 1 for a loss of at least 0
 * @throws SeqgradError `value` for a loss that is not finite
 * @example
 * sg.metrics.perplexity(Math.log(65)); // = 65
 */
export const perplexity = (loss: number): number => Math.exp(checkFinite("perplexity", "loss", loss));

/**
 * Returns loss / ln 2 per character.
 *
 * @param loss the mean cross-entropy of a token, in nats
 * @param charactersPerToken the characters of the text divided by its tokens; default 1, for a model of characters
 * @returns bits per character
 * @throws SeqgradError `value` for a loss that is not finite, `range` for no characters
 * @example
 * sg.metrics.bitsPerCharacter(Math.log(8)); // = 3
 */
export function bitsPerCharacter(loss: number, charactersPerToken = 1): number {
  if (!(checkFinite("bitsPerCharacter", "charactersPerToken", charactersPerToken) > 0))
    throw new SeqgradError("range", `bitsPerCharacter: charactersPerToken is ${charactersPerToken}; give a number above 0.`);
  return checkFinite("bitsPerCharacter", "loss", loss) / Math.LN2 / charactersPerToken;
}

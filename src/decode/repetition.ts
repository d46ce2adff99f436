import { checkInteger, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkScores } from "./scores.js";

/** Throws `range` unless the penalty is a finite number above 0. */
export function checkPenalty(op: string, penalty = 1): void {
  if (!(typeof penalty === "number" && penalty > 0 && penalty < Number.POSITIVE_INFINITY))
    throw new SeqgradError(
      "range",
      `${op}: repetitionPenalty is ${shown(penalty)}; give a finite number over 0: 1 for none, 1.2 for a common one.`,
    );
}

/**
 * Makes tokens less likely that were seen already.
 *
 * y = x / penalty where x > 0, x penalty elsewhere, since a division would raise a negative score
 *
 * @param logits `[V]`, the scores
 * @param seen token ids, each once
 * @param penalty above 0; 1 changes nothing
 * @returns `[V]`; with a penalty of 1 the scores themselves, otherwise a copy
 * @throws SeqgradError `range` for a penalty that is not above 0 or an unknown token
 * @see Keskar et al. 2019, "CTRL: A Conditional Transformer Language Model"
 * @example
 * sg.decode.penalizeRepetition([3, -1, 2], [0, 1], 2); // = [1.5, -2, 2]
 */
export function penalizeRepetition(logits: ArrayLike<number>, seen: Iterable<number>, penalty: number): ArrayLike<number> {
  checkPenalty("penalizeRepetition", penalty);
  checkScores("penalizeRepetition", logits);
  if (seen === null || typeof seen !== "object" || typeof seen[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `penalizeRepetition: seen is ${shown(seen)}; give token ids, each once.`);
  if (penalty === 1) return logits;
  const penalized = Float64Array.from(logits);
  for (const token of seen) checkInteger("penalizeRepetition", "a token", token, 0, logits.length - 1);
  for (const token of seen) {
    const score = nth(penalized, token);
    penalized[token] = score * (score > 0 ? 1 / penalty : penalty);
  }
  return penalized;
}

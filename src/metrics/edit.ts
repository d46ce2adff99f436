import { finish, type Pieces } from "../util/breath.js";
import { checkArray, checkList } from "../util/check.js";
import { nth } from "../util/nth.js";
import { tokenizerFor } from "./bleu-words.js";
import { checkPairs, checkTexts } from "./pairs.js";

/**
 * Returns the fewest insertions, deletions and substitutions of one item that make `a` into `b`.
 *
 * @param a a text or a list
 * @param b a text or a list
 * @returns the number of changes
 * @see Levenshtein 1966, "Binary Codes Capable of Correcting Deletions, Insertions, and Reversals"
 * @example
 * sg.metrics.editDistance("kitten", "sitting"); // = 3
 */
export function editDistance<T>(a: ArrayLike<T>, b: ArrayLike<T>): number {
  for (const list of [a, b]) if (typeof list !== "string") checkList("editDistance", "an argument", list, "texts or lists");
  // row[j]: the distance of the first i items of a to the first j of b.
  const row = Uint32Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    let [diagonal, left] = [i - 1, i];
    row[0] = i;
    for (let j = 1; j <= b.length; j++) {
      const above = row[j]!;
      left = Math.min(diagonal + (a[i - 1] === b[j - 1] ? 0 : 1), above + 1, left + 1);
      row[j] = left;
      diagonal = above;
    }
  }
  return nth(row, b.length);
}

/**
 * Returns the edit distance divided by the length of the targets, all sequences together: the error rate of symbols, phones or characters.
 *
 * @param predictions texts or lists
 * @param targets as many texts or lists
 * @returns 0 if all are equal; above 1 if much was inserted
 * @throws SeqgradError `shape` if the numbers of sequences differ, `value` for none
 * @example
 * sg.metrics.symbolErrorRate(["abd"], ["abcd"]); // = 0.25
 */
export function symbolErrorRate<T>(predictions: readonly ArrayLike<T>[], targets: readonly ArrayLike<T>[]): number {
  return finish(countedErrors(predictions, targets));
}

/** The same in pieces. */
export function* countedErrors<T>(predictions: readonly ArrayLike<T>[], targets: readonly ArrayLike<T>[]): Pieces<number> {
  checkPairs("symbolErrorRate", predictions, targets);
  for (const list of [predictions, targets]) checkArray("symbolErrorRate", "one of the lists", list, "a list of sequences");
  let errors = 0;
  let length = 0;
  for (const [i, target] of targets.entries()) {
    errors += editDistance(predictions[i]!, target);
    length += target.length;
    yield;
  }
  return errors === 0 ? 0 : errors / length;
}

export interface WordErrorRate {
  readonly rate: number;
  /** The units that were compared: words, or characters where the targets are of a script without blanks between words. */
  readonly unit: "words" | "characters";
}

/**
 * Returns the symbol error rate of words, which white space separates.
 *
 * If the targets are of a script without blanks between words, as Chinese, Japanese and Thai, each character counts as a word: the
 * character error rate.
 *
 * @param predictions texts
 * @param targets as many texts
 * @returns the rate, above 1 if much was inserted, and its unit
 * @throws SeqgradError `shape` if the numbers of sentences differ, `value` for none
 * @example
 * sg.metrics.wordErrorRate(["turn the light off"], ["turn off the lights"]); // = { rate: 0.75, unit: "words" }
 */
export function wordErrorRate(predictions: readonly string[], targets: readonly string[]): WordErrorRate {
  checkPairs("wordErrorRate", predictions, targets);
  for (const texts of [predictions, targets]) checkTexts("wordErrorRate", texts);
  const unit = tokenizerFor(targets) === "13a" ? "words" : "characters";
  const cut = unit === "words" ? wordsOf : charactersOf;
  return { rate: symbolErrorRate(predictions.map(cut), targets.map(cut)), unit };
}

const charactersOf = (text: string): string[] => Array.from(text).filter((character) => !/\s/u.test(character));
const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== "");

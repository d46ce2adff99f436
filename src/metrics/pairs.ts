import { checkArray, checkText, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/** Throws unless there is one prediction for each of at least one target. */
export function checkPairs(op: string, predictions: ArrayLike<unknown>, targets: ArrayLike<unknown>): void {
  for (const list of [predictions, targets])
    if (
      !(list instanceof Object) ||
      typeof list === "function" ||
      !Number.isInteger(list.length) ||
      list.length < 0 ||
      list.length >= 2 ** 32
    )
      throw new SeqgradError("value", `${op}: one of the two lists, predictions and targets, is ${kindOf(list)}; expected a list.`);
  if (predictions.length !== targets.length) {
    throw new SeqgradError("shape", `${op}: ${predictions.length} predictions for ${targets.length} targets; give one for each.`);
  }
  if (targets.length === 0) throw new SeqgradError("value", `${op}: there is nothing to compare; give at least one pair.`);
}

/** Throws unless each is a text. */
export function checkTexts(op: string, texts: readonly string[]): void {
  checkArray(op, "one of the lists", texts, "a list of texts");
  for (const [i, text] of texts.entries()) checkText(`${op}: text ${i}`, text);
}

/** How often each item occurs. */
export function countsOf<T>(items: Iterable<T>): Map<T, number> {
  const counts = new Map<T, number>();
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1);
  return counts;
}

/** The number of items that two counts share. */
export function overlapOf<T>(a: ReadonlyMap<T, number>, b: ReadonlyMap<T, number>): number {
  let shared = 0;
  for (const [item, count] of a) shared += Math.min(count, b.get(item) ?? 0);
  return shared;
}

/** The n-grams of a sequence of words, each joined by a character that no word holds. */
export function* ngramsOf(words: readonly string[], n: number): Generator<string> {
  for (let i = 0; i + n <= words.length; i++) yield words.slice(i, i + n).join("\u0000");
}

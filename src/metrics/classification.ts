import { finish, type Pieces } from "../util/breath.js";
import { kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkPairs } from "./pairs.js";

/**
 * Returns the share of predictions that equal their target.
 *
 * @param predictions the predictions
 * @param targets as many targets
 * @returns a number from 0 to 1
 * @throws SeqgradError `shape` if the numbers differ, `value` for none
 * @example
 * sg.metrics.accuracy(["dog", "cat", "cat"], ["dog", "dog", "cat"]); // = 2 / 3
 */
export function accuracy<T>(predictions: ArrayLike<T>, targets: ArrayLike<T>): number {
  checkPairs("accuracy", predictions, targets);
  let right = 0;
  for (let i = 0; i < targets.length; i++) if (predictions[i] === targets[i]) right++;
  return right / targets.length;
}

/** How often each label was predicted for each true label. */
export interface ConfusionMatrix<T> {
  readonly labels: readonly T[];
  /** counts[i][j]: how often a target of label i was predicted as label j. */
  readonly counts: readonly (readonly number[])[];
}

/**
 * Counts every pair of target and prediction.
 *
 * @param predictions the predictions
 * @param targets as many targets
 * @param labels the order of rows and columns; default the labels that occur, sorted
 * @returns the labels and the counts: a row for each target, a column for each prediction
 * @throws SeqgradError `shape` if the numbers differ, `value` for none, `range` for a label that the given ones lack
 * @example
 * sg.metrics.confusionMatrix([0, 1, 1], [0, 0, 1]).counts; // = [[1, 1], [0, 1]]
 */
export function confusionMatrix<T extends string | number>(
  predictions: ArrayLike<T>,
  targets: ArrayLike<T>,
  labels?: readonly T[],
): ConfusionMatrix<T> {
  return finish(countedConfusion(predictions, targets, labels));
}

/** The same in pieces. */
export function* countedConfusion<T extends string | number>(
  predictions: ArrayLike<T>,
  targets: ArrayLike<T>,
  labels?: readonly T[],
): Pieces<ConfusionMatrix<T>> {
  checkPairs("confusionMatrix", predictions, targets);
  const known = labels ?? (yield* labelsIn(predictions, targets));
  if (!Array.isArray(known)) throw new SeqgradError("value", `confusionMatrix: labels are ${kindOf(known)}; give a list.`);
  const strange = known.findIndex((label) => typeof label !== "string" && typeof label !== "number");
  if (strange >= 0) throw new SeqgradError("value", `confusionMatrix: a label is ${shown(known[strange])}; give strings or numbers.`);
  const positions = new Map<T | undefined, number>(known.map((label, i) => [label, i]));
  if (positions.size < known.length)
    throw new SeqgradError("value", `confusionMatrix: the labels ${known.map(shown).join(", ")} are not all different.`);
  const counts = known.map(() => new Array<number>(known.length).fill(0));
  const positionOf = (label: T | undefined) => {
    const position = positions.get(label);
    if (position === undefined)
      throw new SeqgradError("range", `confusionMatrix: ${shown(label)} is not one of the ${known.length} labels given.`);
    return position;
  };
  for (let i = 0; i < targets.length; i++) {
    if (i % PIECE === 0) yield;
    const row = nth(counts, positionOf(targets[i]));
    const at = positionOf(predictions[i]);
    row[at] = nth(row, at) + 1;
  }
  return { labels: known, counts };
}

/** Pairs that are counted in a piece of work. */
const PIECE = 2 ** 14;

function* labelsIn<T extends string | number>(...lists: ArrayLike<T>[]): Pieces<T[]> {
  const labels = new Set<T>();
  for (const list of lists)
    for (const [i, label] of Array.from(list).entries()) {
      if (i % PIECE === 0) yield;
      labels.add(label);
    }
  return [...labels].sort((a, b) => (a < b ? -1 : 1));
}

export interface Score {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Precision, recall and F1 from counts; what has nothing to divide by is 0. */
export function scoreOf(right: number, predicted: number, expected: number): Score {
  const precision = predicted > 0 ? right / predicted : 0;
  const recall = expected > 0 ? right / expected : 0;
  return { precision, recall, f1: precision + recall > 0 ? (2 * precision * recall) / (precision + recall) : 0 };
}

export interface ClassificationReport<T> {
  readonly accuracy: number;
  /** By label, with its number of targets. */
  readonly labels: ReadonlyMap<T, Score & { readonly support: number }>;
  /** From the counts of all labels together; each is the accuracy where every item has one label. */
  readonly micro: Score;
  /** The mean over the labels. */
  readonly macro: Score;
  /** The mean over the labels, each as often as it has targets. */
  readonly weighted: Score;
}

/** The mean of scores, and the mean in which each counts as often as its support. */
export function meansOf(scores: readonly (Score & { readonly support: number })[]): { macro: Score; weighted: Score } {
  const mean = (weightOf: (score: { readonly support: number }) => number): Score => {
    const total = scores.reduce((sum, score) => sum + weightOf(score), 0);
    const of = (key: keyof Score) => (total > 0 ? scores.reduce((sum, score) => sum + weightOf(score) * score[key], 0) / total : 0);
    return { precision: of("precision"), recall: of("recall"), f1: of("f1") };
  };
  return { macro: mean(() => 1), weighted: mean(({ support }) => support) };
}

/**
 * Measures precision, recall and F1 by label and over all labels, as scikit-learn's precision_recall_fscore_support with zero_division=0.
 *
 * p = right / predicted, r = right / expected, F1 = 2 p r / (p + r); micro over all, macro the mean of the labels, weighted their mean by
 * support
 *
 * @param predictions the predictions
 * @param targets as many targets
 * @param labels the labels to report; default the labels that occur, sorted
 * @returns the scores, from 0 to 1
 * @throws SeqgradError `shape` if the numbers differ, `value` for none, `range` for a label that the given ones lack
 * @example
 * sg.metrics.classificationReport([0, 1, 1, 1], [0, 0, 1, 1]).macro.f1; // = 0.7333
 */
export function classificationReport<T extends string | number>(
  predictions: ArrayLike<T>,
  targets: ArrayLike<T>,
  labels?: readonly T[],
): ClassificationReport<T> {
  checkPairs("classificationReport", predictions, targets);
  return finish(scored(confusionMatrix(predictions, targets, labels)));
}

/** The scores of a confusion matrix. */
export function* scored<T>({ labels: names, counts }: ConfusionMatrix<T>): Pieces<ClassificationReport<T>> {
  const predicted = new Array<number>(names.length).fill(0);
  let [all, right] = [0, 0];
  const rows: (readonly [T, Score & { readonly support: number }])[] = [];
  for (const row of counts) {
    yield;
    for (const [j, count] of row.entries()) predicted[j] = nth(predicted, j) + count;
  }
  for (const [i, row] of counts.entries()) {
    yield;
    const support = row.reduce((a, b) => a + b, 0);
    all += support;
    const own = nth(row, i);
    right += own;
    rows.push([nth(names, i), { ...scoreOf(own, nth(predicted, i), support), support }]);
  }
  return { accuracy: right / all, labels: new Map(rows), micro: scoreOf(right, all, all), ...meansOf(rows.map(([, score]) => score)) };
}

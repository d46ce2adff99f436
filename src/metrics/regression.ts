import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkPairs } from "./pairs.js";

function meanOf(op: string, predictions: ArrayLike<number>, targets: ArrayLike<number>, of: (p: number, y: number) => number): number {
  checkPairs(op, predictions, targets);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) sum += of(predictions[i]!, targets[i]!);
  return sum / targets.length;
}

/**
 * mean |p - y|, in the units of y.
 * @throws SeqgradError `shape` where the numbers differ, `value` for none
 * @example
 * sg.metrics.meanAbsoluteError([1, 2], [2, 4]); // = 1.5
 */
export const meanAbsoluteError = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  meanOf("meanAbsoluteError", predictions, targets, (p, y) => Math.abs(p - y));

/**
 * sqrt(mean (p - y)^2), in the units of y.
 * @throws SeqgradError `shape` where the numbers differ, `value` for none
 * @example
 * sg.metrics.rootMeanSquareError([1, 2], [2, 5]); // = Math.sqrt(5)
 */
export const rootMeanSquareError = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  Math.sqrt(meanOf("rootMeanSquareError", predictions, targets, (p, y) => (p - y) ** 2));

/**
 * The symmetric mean absolute percentage error as in the M4 competition (Makridakis et al. 2020): 200 mean |p - y| / (|p| + |y|), from 0
 * to 200; a pair of zeros counts as 0.
 * @throws SeqgradError `shape` where the numbers differ, `value` for none
 * @example
 * sg.metrics.smape([110], [90]); // = 20
 */
export const smape = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  200 * meanOf("smape", predictions, targets, (p, y) => (p === y ? 0 : Math.abs(p - y) / (Math.abs(p) + Math.abs(y))));

/**
 * The mean absolute scaled error (Hyndman and Koehler 2006): mean |p - y| over that of the seasonal naive forecast on the training part,
 * mean |y_t - y_{t-m}|; below 1 is better than naive.
 *
 * @param training the series before the forecast
 * @param season m, the steps of a season; 1 for none
 * @throws SeqgradError `shape`, `value`; `range` for a training part not longer than a season
 * @example
 * sg.metrics.mase([5], [6], [1, 2, 3, 4]); // = 1
 */
export function mase(predictions: ArrayLike<number>, targets: ArrayLike<number>, training: ArrayLike<number>, season = 1): number {
  checkInteger("mase", "season", season, 1);
  if (training.length <= season) {
    const advice = "give a longer training part or a shorter season";
    throw new SeqgradError("range", `mase: a training part of ${training.length} steps has none a season of ${season} apart; ${advice}.`);
  }
  const later = Array.from(training).slice(season);
  return meanAbsoluteError(predictions, targets) / meanAbsoluteError(Array.from(training).slice(0, -season), later);
}

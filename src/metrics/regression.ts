import { checkInteger, checkList, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkPairs } from "./pairs.js";

function meanOf(op: string, predictions: ArrayLike<number>, targets: ArrayLike<number>, of: (p: number, y: number) => number): number {
  checkPairs(op, predictions, targets);
  let sum = 0;
  for (let i = 0; i < targets.length; i++) {
    const [p, y] = [predictions[i]!, targets[i]!];
    if (!Number.isFinite(p) || !Number.isFinite(y))
      throw new SeqgradError("not-finite", `${op}: pair ${i} is ${shown(p)} and ${shown(y)}; give finite numbers.`);
    sum += of(p, y);
  }
  return sum / targets.length;
}

const distance = (p: number, y: number) => Math.abs(p - y);

/**
 * Returns mean |p - y|.
 *
 * @param predictions p
 * @param targets y, as many numbers
 * @returns the error, in the unit of y
 * @throws SeqgradError `shape` if the numbers differ, `value` for none, `not-finite`
 * @example
 * sg.metrics.meanAbsoluteError([1, 2], [2, 4]); // = 1.5
 */
export const meanAbsoluteError = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  meanOf("meanAbsoluteError", predictions, targets, distance);

/**
 * Returns sqrt(mean (p - y)^2).
 *
 * @param predictions p
 * @param targets y, as many numbers
 * @returns the error, in the unit of y
 * @throws SeqgradError `shape` if the numbers differ, `value` for none, `not-finite`
 * @example
 * sg.metrics.rootMeanSquareError([1, 2], [2, 5]); // = Math.sqrt(5)
 */
export const rootMeanSquareError = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  Math.sqrt(meanOf("rootMeanSquareError", predictions, targets, (p, y) => (p - y) ** 2));

/**
 * Returns the symmetric mean absolute percentage error as in the M4 competition: 200 mean |p - y| / (|p| + |y|). A pair of zeros counts as
 * 0.
 *
 * @param predictions p
 * @param targets y, as many numbers
 * @returns a number from 0 to 200
 * @throws SeqgradError `shape` if the numbers differ, `value` for none, `not-finite`
 * @see Makridakis, Spiliotis and Assimakopoulos 2020, "The M4 Competition"
 * @example
 * sg.metrics.smape([110], [90]); // = 20
 */
export const smape = (predictions: ArrayLike<number>, targets: ArrayLike<number>): number =>
  200 * meanOf("smape", predictions, targets, (p, y) => (p === y ? 0 : Math.abs(p - y) / (Math.abs(p) + Math.abs(y))));

/**
 * Returns the mean absolute scaled error.
 *
 * mean |p - y| divided by the same of the seasonal naive forecast on the training part, mean |y_t - y_{t-m}|
 *
 * @param predictions p
 * @param targets y, as many numbers
 * @param training the series before the forecast
 * @param season m, the steps of a season; default 1 for none
 * @returns a number; below 1 is better than naive
 * @throws SeqgradError `shape`, `not-finite`; `value` for a training part that does not change from season to season; `range` for one not
 *   longer than a season
 * @see Hyndman and Koehler 2006, "Another Look at Measures of Forecast Accuracy"
 * @example
 * sg.metrics.mase([5], [6], [1, 2, 3, 4]); // = 1
 */
export function mase(predictions: ArrayLike<number>, targets: ArrayLike<number>, training: ArrayLike<number>, season = 1): number {
  checkInteger("mase", "season", season, 1);
  checkList("mase", "the training part", training, "a list of numbers");
  checkPairs("mase", predictions, targets);
  if (training.length <= season) {
    const advice = "give a longer training part or a shorter season";
    throw new SeqgradError("range", `mase: a training part of ${training.length} steps has none a season of ${season} apart; ${advice}.`);
  }
  const later = Array.from(training).slice(season);
  const scale = meanOf("mase: the training part", Array.from(training).slice(0, -season), later, distance);
  if (scale === 0) {
    const got = `the training part is the same after each season of ${season}, and its change is what to divide by`;
    throw new SeqgradError("value", `mase: ${got}; give another season, or take meanAbsoluteError().`);
  }
  return meanOf("mase", predictions, targets, distance) / scale;
}

import { finish, type Pieces } from "../util/breath.js";
import { checkInteger, checkList, isRecord, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { indexOfName } from "./column-names.js";

/** Several series side by side, step by step. */
export interface Series {
  /** `[T, C]`, row-major. */
  readonly values: Float64Array;
  readonly steps: number;
  readonly channels: number;
  /** A name for each of the series. Default: their order distinguishes them. */
  readonly names?: readonly string[];
}

/**
 * Makes series from a row of numbers for each step.
 *
 * @param rows a row for each step, with a number for each series
 * @param options `names`: the names of the series, by which a forecaster finds them; default none
 * @returns the series
 * @throws SeqgradError `value` for none or names that do not fit, `shape` for rows of different lengths, `not-finite` for something that is
 *   not a number
 * @example
 * sg.data.seriesOf([[1, 10], [2, 20], [3, 30]], { names: ["temp", "wind"] }).steps; // = 3
 */
export function seriesOf(rows: readonly (readonly number[])[], options: { names?: readonly string[] } = {}): Series {
  checkOptions("seriesOf", options, ["names"]);
  const { names } = options;
  if (rows !== undefined && rows !== null && typeof rows[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `seriesOf: the rows are ${kindOf(rows)}; give a list of rows, such as [[1], [2]].`);
  const flat = Array.from(rows ?? []).findIndex((row) => !Array.isArray(row));
  if (flat >= 0)
    throw new SeqgradError("value", `seriesOf: step ${flat} is ${kindOf(rows[flat])}; give a row for each step, such as [[1], [2]].`);
  const channels = rows?.[0]?.length ?? 0;
  if (channels === 0)
    throw new SeqgradError("value", "seriesOf: the rows hold no number; give a row of at least one number for each step.");
  const odd = rows.findIndex((row) => row.length !== channels);
  if (odd >= 0) throw new SeqgradError("shape", `seriesOf: step ${odd} has ${rows[odd]?.length} numbers; the first has ${channels}.`);
  // findIndex() looks at the holes of an array too.
  const hole = rows.findIndex((row) => row.findIndex((value) => !Number.isFinite(value)) >= 0);
  if (hole >= 0)
    throw new SeqgradError(
      "not-finite",
      `seriesOf: step ${hole} has [${Array.from(nth(rows, hole), shown).join(", ")}]; fill what is missing.`,
    );
  if (names !== undefined) checkNames("seriesOf", names, channels);
  return { values: Float64Array.from(rows.flat()), steps: rows.length, channels, ...(names && { names: [...names] }) };
}

function checkNames(op: string, names: unknown, channels: number): void {
  const isGood = Array.isArray(names) && names.every((name) => typeof name === "string") && new Set(names).size === names.length;
  if (!isGood) throw new SeqgradError("value", `${op}: names are ${shown(names)}; give a list of strings, each once.`);
  if (names.length !== channels)
    throw new SeqgradError("value", `${op}: there are ${names.length} names for ${channels} series; give one for each.`);
}

/** The series, when it is one. */
export function checkSeries(op: string, series: Series): Series {
  const isSeries =
    isRecord(series) && series.values instanceof Float64Array && Number.isInteger(series.steps) && Number.isInteger(series.channels);
  if (!isSeries) throw new SeqgradError("value", `${op}: the series are ${kindOf(series)}; give what seriesOf() or parseSeries() made.`);
  const { values, steps, channels, names } = series;
  if (steps < 1 || channels < 1 || values.length < steps * channels)
    throw new SeqgradError(
      "shape",
      `${op}: the series have ${values.length} values for ${steps} steps of ${channels}; make them by seriesOf().`,
    );
  if (names !== undefined) checkNames(op, names, channels);
  return series;
}

/**
 * The series of some names, in their order; others are left out. Series without names are taken as they stand.
 * @throws SeqgradError `value` for a name that is missing, `shape` for another number of series without names
 */
export function namedSeries(op: string, series: Series, names: readonly string[] | undefined, channels: number): Series {
  const { values, steps, channels: count, names: own } = checkSeries(op, series);
  if (!names || !own) {
    if (count === channels) return series;
    throw new SeqgradError(
      "shape",
      `${op}: got ${count} series side by side; the model knows ${channels}${names ? ` (${names.join(", ")})` : ""}.`,
    );
  }
  const places = names.map((name) => indexOfName(own, name));
  const missing = places.indexOf(-1);
  if (missing >= 0) {
    const got = `the series ${JSON.stringify(names[missing])} is missing; there are ${own.map((name) => JSON.stringify(name)).join(", ")}`;
    throw new SeqgradError("value", `${op}: ${got}. Expected ${names.map((name) => JSON.stringify(name)).join(", ")}, as in training.`);
  }
  if (count === channels && places.every((place, c) => place === c)) return series;
  const picked = new Float64Array(steps * channels);
  for (let t = 0; t < steps; t++) for (const [c, place] of places.entries()) picked[t * channels + c] = nth(values, t * count + place);
  return { values: picked, steps, channels, names };
}

/** The standard deviation of numbers from their mean; 1 where they do not change. */
function deviationFrom(mean: number, values: Float64Array): number {
  const [first] = values;
  let most = 0;
  for (const value of values) if (value !== first) most = Math.max(most, Math.abs(value - mean));
  if (most === 0) return 1;
  // The squares of the smallest differences are 0 unless these are made larger first.
  const unit = most < 1e-100 ? most : 1;
  let sum = 0;
  for (const value of values) sum += ((value - mean) / unit) ** 2;
  return unit * Math.sqrt(sum / values.length);
}

/**
 * Scales each series to mean 0 and standard deviation 1, both from the part to train on, so that it knows nothing about the steps to
 * predict.
 * @example
 * const scaler = sg.data.SeriesScaler.fit(sg.data.seriesOf([[1], [3]]));
 * scaler.apply([5], 0); // = [3]
 * scaler.undo([3], 0); // = [5]
 */
export class SeriesScaler {
  private constructor(
    readonly means: readonly number[],
    readonly deviations: readonly number[],
  ) {
    if (!isScale({ means, deviations }))
      throw new SeqgradError("state", "SeriesScaler: make one by SeriesScaler.fit(series) or SeriesScaler.fromJSON(json).");
  }

  /**
   * Measures a series. A series that does not change is only shifted.
   *
   * @param series the series
   * @param end the number of steps to measure; default all
   * @returns the scaler
   * @throws SeqgradError `range` for an end outside the series, `not-finite` for numbers whose squares overflow
   */
  static fit(series: Series, end = checkSeries("SeriesScaler.fit", series).steps): SeriesScaler {
    return finish(SeriesScaler.fitting(series, end));
  }

  /**
   * Measures a series in pieces, for fit() and its callers.
   *
   * @param series the series
   * @param end the number of steps to measure; default all
   * @returns the pieces
   * @internal
   */
  static *fitting(series: Series, end = checkSeries("SeriesScaler.fit", series).steps): Pieces<SeriesScaler> {
    const { values, steps, channels } = checkSeries("SeriesScaler.fit", series);
    checkInteger("SeriesScaler.fit", "end", end, 1, steps);
    const means: number[] = [];
    const deviations: number[] = [];
    for (let c = 0; c < channels; c++) {
      yield;
      const own = Float64Array.from({ length: end }, (_, t) => nth(values, t * channels + c));
      const mean = own.reduce((sum, value) => sum + value, 0) / end;
      means.push(mean);
      yield;
      deviations.push(deviationFrom(mean, own));
    }
    const wild = deviations.findIndex((deviation) => !Number.isFinite(deviation));
    if (wild >= 0)
      throw new SeqgradError(
        "not-finite",
        `SeriesScaler.fit: the deviation of series ${wild} is ${deviations[wild]}; divide its numbers by a large one.`,
      );
    return new SeriesScaler(means, deviations);
  }

  /**
   * Rebuilds a scaler.
   *
   * @param json the result of toJSON()
   * @returns the scaler
   * @throws SeqgradError `format` for anything else
   */
  static fromJSON(json: unknown): SeriesScaler {
    if (!isScale(json))
      throw new SeqgradError(
        "format",
        "SeriesScaler.fromJSON: expected { means, deviations }, as many numbers in each, deviations above 0.",
      );
    return new SeriesScaler(json.means, json.deviations);
  }

  /**
   * Scales a number of one series.
   *
   * @param value the number
   * @param channel the series, from 0
   * @returns the scaled number
   * @throws SeqgradError `range` for a series that is not there, `value` for something that is not a number
   */
  scaled(value: number, channel: number): number {
    checkInteger("SeriesScaler.scaled", "channel", channel, 0, this.means.length - 1);
    if (typeof value !== "number") throw new SeqgradError("value", `SeriesScaler.scaled: the value is ${shown(value)}; give a number.`);
    return (value - nth(this.means, channel)) / nth(this.deviations, channel);
  }

  /**
   * Scales numbers of one series.
   *
   * @param values the numbers
   * @param channel the series, from 0
   * @returns the scaled numbers
   * @throws SeqgradError `range` for a series that is not there, `value` for something that is not a number
   */
  apply(values: ArrayLike<number>, channel: number): number[] {
    this.#check("apply", values, channel);
    return Array.from(values, (value) => this.scaled(value, channel));
  }

  /**
   * Takes scaled numbers back to the unit of the series.
   *
   * @param values the scaled numbers
   * @param channel the series, from 0
   * @returns the numbers
   * @throws SeqgradError `range` for a series that is not there, `value` for something that is not a number
   */
  undo(values: ArrayLike<number>, channel: number): number[] {
    this.#check("undo", values, channel);
    return Array.from(values, (value) => value * nth(this.deviations, channel) + nth(this.means, channel));
  }

  #check(name: string, values: ArrayLike<number>, channel: number): void {
    checkList(`SeriesScaler.${name}`, "the first argument", values, "a list of numbers");
    const bad = Array.from(values).findIndex((value) => typeof value !== "number");
    if (bad >= 0) throw new SeqgradError("value", `SeriesScaler.${name}: values[${bad}] is ${shown(values[bad])}; give a list of numbers.`);
    checkInteger(`SeriesScaler.${name}`, "channel", channel, 0, this.means.length - 1);
  }

  /**
   * Returns the means and deviations, fit for JSON.
   *
   * @returns the means and deviations
   */
  toJSON(): { means: readonly number[]; deviations: readonly number[] } {
    return { means: this.means, deviations: this.deviations };
  }
}

const areNumbers = (list: unknown): list is number[] =>
  Array.isArray(list) && list.length > 0 && list.findIndex((value) => !Number.isFinite(value)) < 0;

/** True if there are as many means as deviations, these above 0. */
function isScale(json: unknown): json is { means: number[]; deviations: number[] } {
  if (!isRecord(json) || !areNumbers(json.means) || !areNumbers(json.deviations)) return false;
  return json.means.length === json.deviations.length && json.deviations.every((deviation) => deviation > 0);
}

export interface SeriesWindow {
  /** `[history, C]`: what is known. */
  readonly past: Float32Array<ArrayBuffer>;
  /** `[horizon, C]`: the steps to predict. */
  readonly future: Float32Array<ArrayBuffer>;
  /** The step at which the future begins. */
  readonly at: number;
}

/**
 * Cuts series into windows: `history` known steps and the `horizon` steps that follow.
 *
 * @param series the series
 * @param options `history` and `horizon`: numbers of steps. `from` and `to`: the steps of the futures, default all; a past may reach back
 *   before `from`. `stride`: the steps between windows, default 1. `scaler`: scales both parts, default none
 * @returns the windows, in order
 * @throws SeqgradError `range` if not one window fits, `value` for a scaler of another number of series
 * @example
 * const windows = sg.data.seriesWindows(sg.data.seriesOf([[1], [2], [3], [4]]), { history: 2, horizon: 1 });
 * windows.map(({ future }) => future[0]); // = [3, 4]
 */
export function seriesWindows(
  series: Series,
  options: { history: number; horizon: number; from?: number; to?: number; stride?: number; scaler?: SeriesScaler },
): SeriesWindow[] {
  checkSeries("seriesWindows", series);
  checkOptions("seriesWindows", options ?? null, ["history", "horizon", "from", "to", "stride", "scaler"]);
  const { history, horizon, from = 0, to = series.steps, stride = 1, scaler } = options;
  if (scaler !== undefined && !(scaler instanceof SeriesScaler && scaler.means.length === series.channels))
    throw new SeqgradError("value", `seriesWindows: the scaler is ${kindOf(scaler)}; give a SeriesScaler of as many series.`);
  checkInteger("seriesWindows", "history", history, 1);
  checkInteger("seriesWindows", "horizon", horizon, 1);
  checkInteger("seriesWindows", "stride", stride, 1);
  checkInteger("seriesWindows", "to", to, 0, series.steps);
  checkInteger("seriesWindows", "from", from, 0, to);
  const { channels, values } = series;
  const scaled = Float32Array.from(values, (value, i) => {
    const c = i % channels;
    return scaler ? (value - nth(scaler.means, c)) / nth(scaler.deviations, c) : value;
  });
  const windows: SeriesWindow[] = [];
  for (let at = Math.max(from, history); at + horizon <= to; at += stride) {
    const part = (start: number, end: number) => scaled.slice(start * channels, end * channels);
    windows.push({ past: part(at - history, at), future: part(at, at + horizon), at });
  }
  if (windows.length === 0) {
    const got = `${history} steps and the ${horizon} that follow do not fit the steps ${from} to ${to} of a series of ${series.steps}`;
    throw new SeqgradError("range", `seriesWindows: ${got}; give a longer series or shorter windows.`);
  }
  return windows;
}

import { checkInteger, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/** Several series side by side, step by step. */
export interface Series {
  /** `[T, C]`, row-major. */
  readonly values: Float64Array;
  readonly steps: number;
  readonly channels: number;
}

/**
 * Series from a row of numbers for each step.
 * @throws SeqgradError `value` for none, `shape` for rows of different lengths, `not-finite` for what is no number
 * @example
 * sg.seriesOf([[1, 10], [2, 20], [3, 30]]).steps; // = 3
 */
export function seriesOf(rows: readonly (readonly number[])[]): Series {
  const flat = Array.from(rows ?? []).findIndex((row) => !Array.isArray(row));
  if (flat >= 0)
    throw new SeqgradError("value", `seriesOf: step ${flat} is ${kindOf(rows[flat])}; give a row for each step, such as [[1], [2]].`);
  const channels = rows?.[0]?.length ?? 0;
  if (channels === 0) throw new SeqgradError("value", "seriesOf: there is no number; give a row of at least one for each step.");
  const odd = rows.findIndex((row) => row.length !== channels);
  if (odd >= 0) throw new SeqgradError("shape", `seriesOf: step ${odd} has ${rows[odd]!.length} numbers; the first has ${channels}.`);
  const hole = rows.findIndex((row) => !row.every(Number.isFinite));
  if (hole >= 0)
    throw new SeqgradError(
      "not-finite",
      `seriesOf: step ${hole} has [${rows[hole]!.map((value) => `${shown(value)}`).join(", ")}]; fill what is missing.`,
    );
  return { values: Float64Array.from(rows.flat()), steps: rows.length, channels };
}

/**
 * Scales each series to mean 0 and standard deviation 1, both taken from the part to train on, so that nothing of what is to be
 * foretold is known.
 * @example
 * const scaler = sg.SeriesScaler.fit(sg.seriesOf([[1], [3]]));
 * scaler.apply([5], 0); // = [3]
 * scaler.undo([3], 0); // = [5]
 */
export class SeriesScaler {
  private constructor(
    readonly means: readonly number[],
    readonly deviations: readonly number[],
  ) {}

  /**
   * From a series, of which steps from `end` on are not looked at. A series that does not change is only shifted.
   * @throws SeqgradError `range` for an end outside the series, `not-finite` for numbers whose squares are past all numbers
   */
  static fit({ values, steps, channels }: Series, end = steps): SeriesScaler {
    checkInteger("SeriesScaler.fit", "end", end, 1, steps);
    const of = (term: (value: number, channel: number) => number) =>
      Array.from({ length: channels }, (_, c) => {
        let sum = 0;
        for (let t = 0; t < end; t++) sum += term(values[t * channels + c]!, c);
        return sum / end;
      });
    const means = of((value) => value);
    const deviations = of((value, c) => (value - means[c]!) ** 2).map((variance) => Math.sqrt(variance) || 1);
    const wild = deviations.findIndex((deviation) => !Number.isFinite(deviation));
    if (wild >= 0)
      throw new SeqgradError(
        "not-finite",
        `SeriesScaler.fit: the deviation of series ${wild} is ${deviations[wild]}; divide its numbers by a large one.`,
      );
    return new SeriesScaler(means, deviations);
  }

  /** @throws SeqgradError `format` for what toJSON() did not give */
  static fromJSON(json: unknown): SeriesScaler {
    const { means, deviations } = (json ?? {}) as { means?: unknown; deviations?: unknown };
    const isNumbers = (list: unknown): list is number[] => Array.isArray(list) && list.length > 0 && list.every(Number.isFinite);
    if (!isNumbers(means) || !isNumbers(deviations) || means.length !== deviations.length || deviations.some((d) => d <= 0))
      throw new SeqgradError("format", "SeriesScaler.fromJSON: wants { means, deviations }, as many numbers in each, deviations above 0.");
    return new SeriesScaler(means, deviations);
  }

  /** A number of one series, scaled. */
  scaled(value: number, channel: number): number {
    return (value - this.means[channel]!) / this.deviations[channel]!;
  }

  /** Numbers of one series, scaled. */
  apply(values: ArrayLike<number>, channel: number): number[] {
    return Array.from(values, (value) => this.scaled(value, channel));
  }

  /** Scaled numbers in the series' own units. */
  undo(values: ArrayLike<number>, channel: number): number[] {
    return Array.from(values, (value) => value * this.deviations[channel]! + this.means[channel]!);
  }

  toJSON(): { means: readonly number[]; deviations: readonly number[] } {
    return { means: this.means, deviations: this.deviations };
  }
}

export interface SeriesWindow {
  /** `[history, C]`: what is known. */
  readonly past: Float32Array<ArrayBuffer>;
  /** `[horizon, C]`: what is to be foretold. */
  readonly future: Float32Array<ArrayBuffer>;
  /** The step at which the future begins. */
  readonly at: number;
}

/**
 * Windows over series: `history` steps and the `horizon` steps that follow. Futures lie in steps `from` up to, not including, `to`; the
 * past of the first may reach back before `from`.
 *
 * @param scaler scales both parts
 * @throws SeqgradError `range` where not one window fits
 * @example
 * const windows = sg.seriesWindows(sg.seriesOf([[1], [2], [3], [4]]), { history: 2, horizon: 1 });
 * windows.map(({ future }) => future[0]); // = [3, 4]
 */
export function seriesWindows(
  series: Series,
  {
    history,
    horizon,
    from = 0,
    to = series.steps,
    stride = 1,
    scaler,
  }: { history: number; horizon: number; from?: number; to?: number; stride?: number; scaler?: SeriesScaler },
): SeriesWindow[] {
  checkInteger("seriesWindows", "history", history, 1);
  checkInteger("seriesWindows", "horizon", horizon, 1);
  checkInteger("seriesWindows", "stride", stride, 1);
  checkInteger("seriesWindows", "to", to, 0, series.steps);
  checkInteger("seriesWindows", "from", from, 0, to);
  const { channels, values } = series;
  const scaled = Float32Array.from(values, (value, i) => {
    const c = i % channels;
    return scaler ? (value - scaler.means[c]!) / scaler.deviations[c]! : value;
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

import { DataLoader } from "../data/data-loader.js";
import { checkSeries, namedSeries, type Series, SeriesScaler } from "../data/series.js";
import type { SavedModel } from "../io/model-folder.js";
import { meanAbsoluteError } from "../metrics/regression.js";
import { type ForecastBatch, Forecaster, type ForecasterConfig, forecasterNames } from "../models/forecaster.js";
import { tensor } from "../tensor/create.js";
import { finish, inTurns, mapInTurns, type Pieces } from "../util/breath.js";
import { checkArray, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, optionsAmong } from "../util/options.js";
import { type Fields, inCode, integer, numbers, schema } from "../util/schema.js";
import { BaseTask } from "./base-task.js";
import { type Criterion, courseRule, encoderFields, encoderOf, epochFields } from "./fields.js";
import {
  type BatchOptions,
  checkBatchOptions,
  checkItems,
  checkSaved,
  demand,
  demandCount,
  isStrings,
  meanLoss,
  outputs,
  rowOf,
  withWeights,
} from "./task.js";

/** A place in a series: the known steps end before the step `at`, and the steps to predict begin there. */
export interface SeriesPoint {
  readonly series: Series;
  readonly at: number;
}

/** A predicted step, in the series' own units; a number for each series. */
export interface ForecastStep {
  /** The middle quantile. */
  readonly value: readonly number[];
  /** The lowest and the highest quantile: between them lies the prediction interval. */
  readonly low: readonly number[];
  readonly high: readonly number[];
}

export interface SeriesForecasterReport {
  readonly measures: Record<string, number>;
  /** The mean absolute errors of each step of the horizon, the next one first: `mae`, `persistence` and, with a season, `seasonalNaive`. */
  readonly steps: readonly Readonly<Record<string, number>>[];
  /** The same errors of each series, over the whole horizon. */
  readonly series: readonly Readonly<Record<string, number>>[];
  /** The forecast at each place, as predict() returns it. */
  readonly answers: readonly Forecast[];
}

/** Places that are looked at together where nothing is learned. */
const BATCH = 64;

/** The steps that follow, the next one first. */
export type Forecast = readonly ForecastStep[];

export interface SeriesForecasterOptions extends Omit<ForecasterConfig, "channels" | "horizon"> {
  /** The number of known steps that the model reads. Default 30. */
  readonly history?: number;
  /** The number of steps that are predicted at once. Default 1. */
  readonly horizon?: number;
  /** The number of steps after which the series repeats approximately, as 365 for daily values of years; 0 for none. Default 0. */
  readonly season?: number;
}

const options = schema({
  history: integer({ min: 1, default: 30, help: "Steps that are looked back on" }),
  horizon: integer({ min: 1, default: 1, help: "Steps that are predicted at once" }),
  season: integer({ default: 0, help: "Steps after which the series about repeats, for a comparison; 0 for none" }),
  quantiles: numbers<readonly number[]>({
    ...{
      default: [0.1, 0.5, 0.9],
      hint: "Q,Q,..",
      help: "The quantiles to predict: the middle one is the forecast, the outer ones the interval",
    },
    ...{
      advice: "give at least one, ascending between 0 and 1",
      isGood: (list) => list.length > 0 && list.every((q, i) => q > (list[i - 1] ?? 0) && q < 1),
    },
  }),
  ...encoderFields({ arch: "gru", hidden: 32, dropout: 0, bidirectional: false }),
} satisfies Fields<SeriesForecasterOptions>);

/** Of all steps of the horizon. */
export const overHorizon = (name: string) => (measures: Readonly<Record<string, number>>) => measures[`${name}Horizon`] ?? measures[name];

const criteria: readonly Criterion[] = [
  { name: "mae", larger: false, of: overHorizon("mae") },
  { name: "loss", larger: false },
];
const training = schema(epochFields({ epochs: 10, lr: 3e-3, criteria }), courseRule);

/**
 * Forecasts the next steps of one or several series, with intervals.
 *
 * the last `history` steps -> recurrent encoder -> quantiles of each of the next `horizon` steps
 *
 * Make one with create(), train it with train(), then call predict(), evaluate() or save(). evaluate() compares the mean absolute error
 * with simple forecasts, in the unit of the series.
 * @example
 * const series = sg.data.seriesOf(Array.from({ length: 60 }, (_, t) => [20 + 5 * Math.sin(t)]));
 * const task = sg.tasks.SeriesForecaster.create(series, 48, { history: 6, horizon: 2, hidden: 4 });
 * const optimizer = new sg.optim.Adam(task.model.parameters(), { lr: 0.01 });
 * const loader = task.loader(task.points(series, { to: 48 }), { batch: 8 });
 * for await (const event of sg.fit(task.model, loader, { optimizer, epochs: 2 })) continue;
 * await task.evaluate(task.points(series, { from: 48 })); // { mae, persistence, coverage, .. }
 * const [next] = await task.predict([series]); // [{ value: [..], low: [..], high: [..] }, ..], steps 60 and 61
 */
export class SeriesForecaster extends BaseTask<SeriesPoint, Series, Forecast, ForecastBatch> {
  static readonly type = "seqgrad-series-forecaster";
  static readonly options = options;
  static readonly training = training;
  static readonly criteria = criteria;
  override readonly type = SeriesForecaster.type;
  override readonly training = training;
  override readonly criteria = criteria;

  private constructor(
    override readonly model: Forecaster,
    readonly scaler: SeriesScaler,
    readonly history: number,
    readonly season: number | undefined,
    /** The names of the series to train on, by which those to answer are found; undefined where they had none. */
    readonly names?: readonly string[] | undefined,
  ) {
    super();
  }

  /**
   * Makes an untrained forecaster, scaled by the means and deviations of the series before the step `end`.
   *
   * @param series steps by series, as seriesOf() returns
   * @param end the number of steps to train on; later steps are not read
   * @param options see SeriesForecasterOptions
   * @returns the untrained task
   * @throws SeqgradError `range` for an end outside the series, a history or season below 1 or another impossible size, `value` for an
   *   unknown option
   */
  static create(series: Series, end: number, options: SeriesForecasterOptions = {}): SeriesForecaster {
    return finish(SeriesForecaster.#making(series, end, options));
  }

  /**
   * Makes an untrained forecaster in turns: timers, clicks and other work of a page run in between.
   *
   * @param series steps by series, as seriesOf() returns
   * @param end the number of steps to train on; later steps are not read
   * @param options see SeriesForecasterOptions
   * @returns the untrained task
   * @throws SeqgradError `range` for an end outside the series, a history or season below 1 or another impossible size, `value` for an
   *   unknown option
   * @example
   * const task = await sg.tasks.SeriesForecaster.createAsync(sg.data.seriesOf([[1], [3], [5]]), 2, { history: 1, hidden: 4 });
   * task.scaler.means; // = [2]
   */
  static createAsync(series: Series, end: number, options: SeriesForecasterOptions = {}): Promise<SeriesForecaster> {
    return inTurns(SeriesForecaster.#making(series, end, options));
  }

  static *#making(series: Series, end: number, options: SeriesForecasterOptions): Pieces<SeriesForecaster> {
    const settings = SeriesForecaster.options.complete(options, inCode("SeriesForecaster.create"));
    const { history, horizon, season, ...config } = settings;
    checkSeries("SeriesForecaster.create", series);
    const scaler = yield* SeriesScaler.fitting(series, end);
    const model = new Forecaster({ ...encoderOf(config), channels: series.channels, horizon });
    return new SeriesForecaster(model, scaler, history, season === 0 ? undefined : season, series.names);
  }

  /**
   * Rebuilds the forecaster of a folder that save() or `seqgrad train` wrote.
   *
   * @param saved the result of io.loadModel()
   * @returns the task
   * @throws SeqgradError `io` for a folder that is not complete, `format` for a config that does not fit the other files
   */
  static async fromSaved(saved: SavedModel): Promise<SeriesForecaster> {
    const { config, tensors } = checkSaved("SeriesForecaster.fromSaved", saved);
    const [history, horizon] = [demandCount(config, "history"), demandCount(config, "horizon")];
    const season = config.season === undefined ? undefined : demandCount(config, "season");
    const scaler = SeriesScaler.fromJSON(config.scaler);
    const isNames = (value: unknown): value is string[] => isStrings(value) && value.length === scaler.means.length;
    const names = config.names === undefined ? undefined : demand(config, "names", isNames, "a name for each series");
    const model = withWeights(
      tensors,
      () => new Forecaster({ ...optionsAmong(config, forecasterNames), horizon, channels: scaler.means.length }),
    );
    return new SeriesForecaster(model, scaler, history, season, names);
  }

  /**
   * Lists the places in the series that have a known history before them and their whole future in steps `from` to below `to`.
   *
   * @param series the series; with names they are found by their names
   * @param options `from` and `to`: the steps; default all
   * @returns the places, in order
   * @throws SeqgradError `range` if there is none, `value` for a series that is missing
   */
  points(series: Series, options: { from?: number; to?: number } = {}): SeriesPoint[] {
    checkOptions("SeriesForecaster.points", options, ["from", "to"]);
    const known = this.#named("points", series);
    const { from = 0, to = series.steps } = options;
    checkInteger("SeriesForecaster.points", "to", to, 0, series.steps);
    checkInteger("SeriesForecaster.points", "from", from, 0, to);
    const { horizon } = this.model.config;
    const first = Math.max(from, this.history);
    if (first + horizon > to) {
      const got = `steps ${from} to ${to} hold no ${horizon} that follow ${this.history} known ones`;
      throw new SeqgradError("range", `SeriesForecaster.points: ${got}; give a longer part or a shorter history.`);
    }
    return Array.from({ length: to - horizon - first + 1 }, (_, i) => ({ series: known, at: first + i }));
  }

  /**
   * Makes batches of windows, in another order each epoch.
   *
   * @param points the places, as points() returns them
   * @param options `batch` and `seed`: see BatchOptions
   * @returns the loader
   * @throws SeqgradError `range` for a place with less than the history or the horizon around it
   */
  override loader(points: readonly SeriesPoint[], options: BatchOptions): DataLoader<SeriesPoint, ForecastBatch> {
    const { batch, seed } = checkBatchOptions("SeriesForecaster.loader", options);
    return new DataLoader(this.#namedPoints("loader", points), {
      batch,
      seed,
      shuffle: true,
      collate: (items) => this.#collate(items),
    });
  }

  /**
   * Measures the forecaster at places that it has not seen, in the unit of the series.
   *
   * `mae` is the mean absolute error of the next step, `persistence` of the last known value as its forecast, and with a season
   * `seasonalNaive` of the value a season before (Hyndman and Athanasopoulos 2021, section 5.2). A horizon of several steps has these for
   * all of them too: `maeHorizon` and so on. `coverage` is the share of values within the interval, the outer quantiles' difference if the
   * model is right. Of several series all are means. `loss` is the mean pinball loss of the scaled values, over all steps and quantiles,
   * which training lowers.
   *
   * @param points the places, as points() returns them
   * @returns the measures by name
   * @throws SeqgradError `range` for a place with less than the history, the horizon or the season around it
   */
  override async evaluate(points: readonly SeriesPoint[]): Promise<Record<string, number>> {
    return (await this.report(points)).measures;
  }

  /**
   * Measures the forecaster with details: the errors of each step of the horizon and of each series, and every forecast.
   *
   * @param points the places, as points() returns them
   * @returns the report
   * @throws SeqgradError `range` for a place with less than the history, the horizon or the season around it
   */
  async report(points: readonly SeriesPoint[]): Promise<SeriesForecasterReport> {
    const { channels, horizon, quantiles } = this.model.config;
    const { season } = this;
    points = this.#namedPoints("evaluate", points);
    for (const { series, at } of points) {
      if (at + horizon > series.steps || at < (season ?? 0)) {
        const expected = `${season ? `a season of ${season} before it and ` : ""}${horizon} known steps from it on`;
        throw new SeqgradError("range", `SeriesForecaster.evaluate: the place ${at} of ${series.steps} steps; expected ${expected}.`);
      }
    }
    const answers = await this.#forecast(points);
    const expected = await mapInTurns(points, ({ series, at }) => rowsOf(series, at, at + horizon));
    const naive = (lag: number) =>
      mapInTurns(points, ({ series, at }) =>
        nth(expected, 0).map((_, h) => nth(rowsOf(series, at + h - lag * (1 + Math.floor(h / lag))), 0)),
      );
    const forecasts: Record<string, number[][][]> = {
      mae: await mapInTurns(answers, (steps) => steps.map(({ value }) => [...value])),
      persistence: await naive(1),
      ...(season && { seasonalNaive: await naive(season) }),
    };
    /** The errors of a part of the values, of one step or of one series. */
    const errorsOf = async (part: (steps: number[][]) => number[]) =>
      Object.fromEntries(
        await mapInTurns(
          Object.entries(forecasts),
          ([name, all]) => [name, meanAbsoluteError(all.flatMap(part), expected.flatMap(part))] as const,
        ),
      );
    const measures: Record<string, number> = await errorsOf(([first]) => first!);
    if (horizon > 1)
      for (const [name, error] of Object.entries(await errorsOf((steps) => steps.flat()))) measures[`${name}Horizon`] = error;
    if (quantiles.length > 1) {
      let inside = 0;
      for (const [i, steps] of answers.entries())
        for (const [h, { low, high }] of steps.entries())
          for (const [c, y] of nth(nth(expected, i), h).entries()) inside += Number(y >= nth(low, c) && y <= nth(high, c));
      measures.coverage = inside / (points.length * horizon * channels);
    }
    const batches = new DataLoader(points, { batch: BATCH, collate: (items) => this.#collate(items) });
    measures.loss = await meanLoss(this.model, batches, ({ batch }) => batch);
    return {
      measures,
      steps: await mapInTurns(Array(horizon).keys(), (h) => errorsOf((steps) => nth(steps, h))),
      series: await mapInTurns(Array(channels).keys(), (c) => errorsOf((steps) => steps.map((row) => nth(row, c)))),
      answers,
    };
  }

  /**
   * Predicts the steps after the last one of each series.
   *
   * @param inputs the series, each with at least `history` steps
   * @returns a forecast for each
   * @throws SeqgradError `range` for fewer steps than the history
   */
  override async predict(inputs: readonly Series[]): Promise<Forecast[]> {
    checkArray("SeriesForecaster.predict", "the first argument", inputs, "a list of series, as seriesOf() makes them");
    return this.#forecast(
      this.#namedPoints(
        "predict",
        Array.from(inputs, (series) => ({ series, at: series?.steps })),
      ),
    );
  }

  override describe(): Omit<SavedModel, "tensors"> {
    const { model, scaler, history, season, names } = this;
    return { config: { ...model.config, history, scaler: scaler.toJSON(), ...(season && { season }), ...(names && { names }) } };
  }

  #named(method: string, series: Series): Series {
    return namedSeries(`SeriesForecaster.${method}`, series, this.names, this.model.config.channels);
  }

  /** The points of the series that the model knows; a series that many share is picked once. */
  #namedPoints(method: string, points: readonly SeriesPoint[]): SeriesPoint[] {
    const isPoint = (point: SeriesPoint) => Number.isInteger(point?.at) || (method === "predict" && point?.at === undefined);
    checkItems(`SeriesForecaster.${method}`, "points", points, isPoint, "{ series, at }, as points() makes them");
    const picked = new Map<Series, Series>();
    return points.map(({ series, at }) => {
      const known = picked.get(series) ?? this.#named(method, series);
      picked.set(series, known);
      return { series: known, at };
    });
  }

  async #forecast(points: readonly SeriesPoint[]): Promise<Forecast[]> {
    const { channels: C, horizon, quantiles } = this.model.config;
    const { scaler } = this;
    const [Q, middle] = [quantiles.length, quantiles.length >> 1];
    const batches = new DataLoader(points, { batch: BATCH, collate: (items) => this.#collate(items, false) });
    const answers: Forecast[] = [];
    const forward = ({ past, batch }: ForecastBatch) => this.model.forward(tensor(past, [batch, this.history, C]));
    for await (const { batch, data } of outputs(batches, forward)) {
      for (let b = 0; b < batch.batch; b++) {
        const steps = Array.from({ length: horizon }, (_, h) => {
          // Quantiles that have crossed are put in order (Chernozhukov, Fernández-Val and Galichon 2010).
          const ordered = (c: number) => rowOf(data, Q, (b * horizon + h) * C + c).sort((x, y) => x - y);
          const own = Array.from({ length: C }, (_, c) => scaler.undo(ordered(c), c));
          const at = (q: number) => own.map((values) => nth(values, q));
          return { value: at(middle), low: at(0), high: at(Q - 1) };
        });
        answers.push(steps);
      }
    }
    return answers;
  }

  /** The scaled values around some places; without a future where it is not asked for. */
  #collate(points: readonly SeriesPoint[], future = true): ForecastBatch {
    const { history, scaler } = this;
    const { horizon } = this.model.config;
    const part = ({ series }: SeriesPoint, begin: number, end: number) =>
      rowsOf(series, begin, end).flatMap((row) => row.map((value, c) => nth(scaler.apply([value], c), 0)));
    for (const { series, at } of points) {
      const last = future ? series.steps - horizon : series.steps;
      if (at < history || at > last) {
        const expected = `${history} before it${future ? ` and ${horizon} from it on` : ""}`;
        throw new SeqgradError("range", `SeriesForecaster: the place ${at} of ${series.steps} steps; expected ${expected}.`);
      }
    }
    return {
      past: Float32Array.from(points.flatMap((point) => part(point, point.at - history, point.at))),
      future: Float32Array.from(future ? points.flatMap((point) => part(point, point.at, point.at + horizon)) : []),
      batch: points.length,
    };
  }
}

/** Steps of a series, a row of numbers each. */
const rowsOf = ({ values, channels }: Series, begin: number, end = begin + 1): number[][] =>
  Array.from({ length: end - begin }, (_, t) => rowOf(values, channels, begin + t));

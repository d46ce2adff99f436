import type { Spell } from "../../data/column-names.js";
import type { Series } from "../../data/series.js";
import { readSeries, type SeriesColumn, type SeriesTableOptions } from "../../data/series-table.js";
import { type Forecast, overHorizon, SeriesForecaster, type SeriesPoint } from "../../tasks/series-forecaster.js";
import { SeqgradError } from "../../util/errors.js";
import { formatNumber } from "../../util/format.js";
import { nth } from "../../util/nth.js";
import { asFlags, type Values } from "../../util/schema.js";
import type { Judge, Measures } from "../judges/judge.js";
import { kindOf } from "../train.js";
import { listOf, note, type Reading, seriesReading, signOf, spellFlag, valuesOf, wordsOf } from "./reading.js";

/** The series of a file, as the options of reading say; notes say what is taken and what is left out. */
async function seriesIn(text: string, file: string, reading: Values<typeof seriesReading>, names?: readonly string[], spell = spellFlag) {
  const { time, delimiter, decimal, thousands, strip, fill } = reading;
  const options: SeriesTableOptions = {
    ...{ name: file, decimal, fill },
    ...(delimiter !== "" && { delimiter: signOf(delimiter) }),
    ...(thousands !== "none" && { thousands }),
    ...(strip !== "" && { strip: await listOf(strip) }),
    ...(time !== "" && { time: time === "none" ? false : time }),
    ...(names && { columns: names }),
  };
  const { series, columns, notes } = await readSeries(text, options, spell);
  const named = (use: string) => columns.filter((column) => column.use === use);
  const word = ({ name, column }: SeriesColumn) => (name === "" ? `column ${column}` : JSON.stringify(name));
  const times = named("time").map((column) => `; the times are ${word(column)}, ${column.why}`);
  const left = named("none").map((column) => `${word(column)} (${column.why})`);
  const more = left.length > 20 ? [...left.slice(0, 20), `and ${left.length - 20} more`] : left;
  note(
    file,
    `the series are ${series.names.map((name) => JSON.stringify(name)).join(", ")}${times.join("")}${left.length > 0 ? `; left out: ${more.join(", ")}` : ""}`,
  );
  for (const line of notes) note(file, line);
  return series;
}

/** Refuses options that leave nothing to train on or to judge by; the rows from `end` on are for validation. */
function checkFit(
  file: string,
  steps: number,
  end: number,
  { history, horizon, season }: Values<typeof SeriesForecaster.options.fields>,
): void {
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("range", `${file}: ${what}; ${advice}.`);
  };
  const both = `--history ${history} and --horizon ${horizon}`;
  if (history + horizon > end) refuse(`${both} do not fit the ${end} rows to train on`, "give smaller ones, or a longer file");
  if (end === steps) return;
  if (end + horizon > steps)
    refuse(
      `--horizon ${horizon} does not fit the ${steps - end} rows for validation`,
      "give a smaller one, a larger --validation, or --validation 0",
    );
  if (season > end)
    refuse(`--season ${season} is longer than the ${end} rows before those for validation`, "give a shorter one, or 0 for none");
}

/** The series of a file: the number that the model was trained on, with at least `rows` rows. */
async function seriesFor({ model, names }: SeriesForecaster, text: string, file: string, least: number, reading: Reading): Promise<Series> {
  const options = valuesOf(reading, seriesReading);
  const { columns } = options;
  if (names && reading.flags.columns !== undefined)
    throw new SeqgradError(
      "value",
      `--columns: the model finds its series ${names.map((name) => JSON.stringify(name)).join(", ")} by name; leave it out.`,
    );
  const spell: Spell = (option, value) => (option === "columns" ? `the model's series ${JSON.stringify(value)}` : spellFlag(option, value));
  const series = await seriesIn(text, file, options, names ?? (columns ? await listOf(columns) : undefined), names ? spell : spellFlag);
  const { channels } = model.config;
  const fail = (what: string) => new SeqgradError("format", `${file}: ${what}.`);
  if (series.channels !== channels)
    throw fail(`the file has ${series.channels} columns of numbers; expected ${channels}, as the model was made for`);
  if (series.steps < least)
    throw fail(`the file has ${series.steps} rows below its header; expected ${least} at least, as the model looks back`);
  return series;
}

const naive = [
  ["persistence", "the last known value (naive)"],
  ["seasonalNaive", "the value a season before (seasonal naive)"],
] as const;

const forecasterJudge: Judge<SeriesForecaster, SeriesPoint> = {
  advice: "Try more --epochs, a longer --history, a --season, or a longer file; or use the baseline.",

  async evaluate(forecaster, points) {
    const { measures, steps, series, answers } = await forecaster.report(points);
    const names = Object.keys(nth(steps, 0));
    const rows = (list: readonly Measures[], nameOf: (i: number) => string) =>
      list.map((errors, i) => [nameOf(i), ...names.map((name) => errors[name]!)] as const);
    const tables = [
      ...(steps.length > 1 ? [{ title: "step", columns: names, rows: rows(steps, (h) => `${h + 1}`) }] : []),
      ...(series.length > 1 ? [{ title: "series", columns: names, rows: rows(series, (c) => forecaster.names?.[c] ?? `${c + 1}`) }] : []),
    ];
    const samples = points.map(({ series: { values, channels }, at }, i) => {
      const answer = nth(answers, i);
      const expected = answer.map((_, h) => Array.from({ length: channels }, (_, c) => nth(values, (at + h) * channels + c)));
      const write = (list: readonly (readonly number[])[]) => list.map((row) => row.map(formatNumber).join(" ")).join("; ");
      const right = answer.every(({ low, high }, h) => nth(expected, h).every((y, c) => y >= nth(low, c) && y <= nth(high, c)));
      return { input: `after ${at} steps`, expected: write(expected), answer: write(answer.map(({ value }) => value)), right };
    });
    return { measures, tables, samples, json: { steps, series } };
  },

  baselines: async (_, __, measures) =>
    naive.flatMap(([key, name]) => {
      const error = overHorizon(key)(measures);
      return error === undefined ? [] : [{ name, measures: { [measures.maeHorizon === undefined ? "mae" : "maeHorizon"]: error } }];
    }),
};

export const forecast = kindOf<SeriesForecaster, SeriesPoint, Series, Forecast>({
  name: "forecast",
  task: SeriesForecaster,
  description: "Train a forecaster of series",
  data: "A CSV file with a header; each column of numbers is a series, unless it is constant or counts the rows",
  reading: seriesReading,
  judge: forecasterJudge,

  async prepare(text, file, recipe, shares) {
    const reading = valuesOf({ flags: wordsOf(recipe), trained: {} }, seriesReading);
    const series = await seriesIn(text, file, reading, reading.columns === "" ? undefined : await listOf(reading.columns));
    const steps = series.steps - Math.round(series.steps * shares.test);
    const end = steps - Math.round(series.steps * shares.validation);
    const options = SeriesForecaster.options.among(recipe);
    const settings = SeriesForecaster.options.complete(options, asFlags);
    const { horizon } = settings;
    checkFit(file, steps, end, settings);
    if (steps < series.steps && steps + horizon > series.steps)
      throw new SeqgradError(
        "range",
        `${file}: --horizon ${horizon} does not fit the ${series.steps - steps} rows of --test; give a smaller one, or a larger --test.`,
      );
    return async () => {
      const task = await SeriesForecaster.createAsync(series, end, options);
      const validation = end < steps ? task.points(series, { from: end, to: steps }) : [];
      const test = steps < series.steps ? task.points(series, { from: steps }) : [];
      return { task, train: task.points(series, { to: end }), validation, test };
    };
  },
  train: (task, { train, validation }, recipe, run) =>
    task.train(train, { ...SeriesForecaster.training.among(recipe), ...run, validation }),

  async examples(task, text, file, reading) {
    const { history, season = 0, model } = task;
    const series = await seriesFor(task, text, file, Math.max(history, season) + model.config.horizon, reading);
    return task.points(series, { from: season });
  },

  answers: {
    inputs: async (task, text, source, reading) => [await seriesFor(task, text, source, task.history, reading)],
    predict: (task, series) => task.predict(series),
    isBlank: () => false,
    show: (answer) =>
      answer
        .map(({ value, low, high }) =>
          value.map((v, c) => `${formatNumber(v)} (${formatNumber(low[c] ?? v)} to ${formatNumber(high[c] ?? v)})`).join("\t"),
        )
        .join("\n"),
    json: (answer) => ({ steps: answer }),
  },
});

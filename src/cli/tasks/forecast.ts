import type { Spell } from "../../data/column-names.js";
import type { Series } from "../../data/series.js";
import { readSeries, type SeriesColumn, type SeriesTableOptions } from "../../data/series-table.js";
import { type Forecast, SeriesForecaster } from "../../tasks/series-forecaster.js";
import { SeqgradError } from "../../util/errors.js";
import { formatNumber } from "../../util/format.js";
import { forecasterJudge } from "../judges/forecaster.js";
import { commonOptions, type TaskKind, type TaskRecipe, wholeOption } from "./kind.js";
import { listOf, note, seriesReading, signOf, spellFlag, valuesOf } from "./reading.js";
import type { Reading } from "./task-options.js";

/** The series of a file, as the options of reading say; what is taken and what is left out is told. */
async function seriesIn(text: string, file: string, reading: TaskRecipe, names?: readonly string[], spell = spellFlag): Promise<Series> {
  const { time, delimiter, decimal, thousands, strip, fill } = reading as Readonly<Record<string, string>>;
  const options = {
    ...{ name: file, decimal, fill },
    ...(delimiter !== "" && { delimiter: signOf(delimiter!) }),
    ...(thousands !== "none" && { thousands }),
    ...(strip !== "" && { strip: await listOf(strip!) }),
    ...(time !== "" && { time: time === "none" ? false : time }),
    ...(names && { columns: names }),
  } as SeriesTableOptions;
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
function checkFit(file: string, steps: number, end: number, { history, horizon, season }: Readonly<Record<string, number>>): void {
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("range", `${file}: ${what}; ${advice}.`);
  };
  const both = `--history ${history} and --horizon ${horizon}`;
  if (history! + horizon! > end) refuse(`${both} do not fit the ${end} rows to train on`, "give smaller ones, or a longer file");
  if (end === steps) return;
  if (end + horizon! > steps)
    refuse(`--horizon ${horizon} does not fit the ${steps - end} rows for validation`, "give a smaller one, a larger --val, or --val 0");
  if (season! > end)
    refuse(`--season ${season} is longer than the ${end} rows before those for validation`, "give a shorter one, or 0 for none");
}

/** The series of a file: the number that the model was trained on, with at least `rows` rows. */
async function seriesFor({ model, names }: SeriesForecaster, text: string, file: string, least: number, reading: Reading): Promise<Series> {
  const { columns, ...told } = valuesOf(reading, forecast.options);
  if (names && reading.given.columns !== undefined)
    throw new SeqgradError(
      "value",
      `--columns: the model finds its series ${names.map((name) => JSON.stringify(name)).join(", ")} by name; leave it out.`,
    );
  const spell: Spell = (option, value) => (option === "columns" ? `the model's series ${JSON.stringify(value)}` : spellFlag(option, value));
  const series = await seriesIn(
    text,
    file,
    told,
    names ?? (columns ? await listOf(columns as string) : undefined),
    names ? spell : spellFlag,
  );
  const { channels } = model.config;
  const fail = (what: string) => new SeqgradError("format", `${file}: ${what}.`);
  if (series.channels !== channels)
    throw fail(`the file has ${series.channels} columns of numbers; expected ${channels}, as the model was made for`);
  if (series.steps < least)
    throw fail(`the file has ${series.steps} rows below its header; expected ${least} at least, as the model looks back`);
  return series;
}

export const forecast: TaskKind = {
  name: "forecast",
  type: SeriesForecaster.type,
  description: "Train a forecaster of series",
  data: "A CSV file with a header; each column of numbers is a series, unless it is constant or counts the rows",
  options: {
    history: wholeOption("history", 1, 30, "Steps that are looked back on"),
    horizon: wholeOption("horizon", 1, 1, "Steps that are predicted at once"),
    ...seriesReading,
    season: wholeOption("season", 0, 0, "Steps after which the series about repeats, for a comparison; 0 for none"),
    ...commonOptions({ cell: "gru", hidden: 32, dropout: 0, batch: 32, epochs: 10 }, ["rnn", "gru", "lstm", "transformer"]),
  },
  judge: forecasterJudge,

  async prepare(text, file, recipe) {
    const { columns } = recipe;
    const series = await seriesIn(text, file, recipe, columns === "" ? undefined : await listOf(columns as string));
    const steps = series.steps - Math.round(series.steps * Number(recipe.test));
    const end = steps - Math.round(series.steps * (recipe.val as number));
    const { cell: arch, hidden, layers, dropout, history, horizon, season } = recipe;
    checkFit(file, steps, end, recipe as Readonly<Record<string, number>>);
    if (steps < series.steps && steps + (horizon as number) > series.steps)
      throw new SeqgradError(
        "range",
        `${file}: --horizon ${horizon} does not fit the ${series.steps - steps} rows of --test; give a smaller one, or a larger --test.`,
      );
    return async () => {
      const options = { arch, hidden, layers, dropout, history, horizon, ...(season !== 0 && { season }) };
      const task = await SeriesForecaster.createAsync(series, end, options as object);
      const validation = end < steps ? task.points(series, { from: end, to: steps }) : [];
      const test = steps < series.steps ? task.points(series, { from: steps }) : [];
      return { task, train: task.points(series, { to: end }), validation, test };
    };
  },

  async examples(task, text, file, reading) {
    const forecaster = task as unknown as SeriesForecaster;
    const { history, season = 0, model } = forecaster;
    const series = await seriesFor(forecaster, text, file, Math.max(history, season) + model.config.horizon, reading);
    return forecaster.points(series, { from: season });
  },

  async inputs(task, text, source, reading) {
    const forecaster = task as unknown as SeriesForecaster;
    return [await seriesFor(forecaster, text, source, forecaster.history, reading)];
  },
  show: (answer) =>
    (answer as Forecast)
      .map(({ value, low, high }) =>
        value.map((v, c) => `${formatNumber(v)} (${formatNumber(low[c]!)} to ${formatNumber(high[c]!)})`).join("\t"),
      )
      .join("\n"),
  json: (answer) => ({ steps: answer }),
};

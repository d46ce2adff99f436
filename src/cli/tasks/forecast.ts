import { type Series, seriesOf } from "../../data/series.js";
import { numberIn, parseCsv } from "../../data/tables.js";
import { type Forecast, SeriesForecaster } from "../../tasks/series-forecaster.js";
import { SeqgradError } from "../../util/errors.js";
import { commonOptions, type TaskKind, wholeOption } from "./kind.js";

/** The columns that hold numbers in the first row below the header, or in most rows, each a series. */
async function seriesIn(text: string, file: string): Promise<Series> {
  const [header, ...rows] = await parseCsv(text, { name: file });
  const fail = (line: number, what: string) => new SeqgradError("format", `${file}, line ${line}, column 1: ${what}.`);
  const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));
  if (header!.cells.every(isNumber)) throw fail(header!.line, "the first row holds numbers; wants a header, which names the columns");
  const [first] = rows;
  if (!first) throw new SeqgradError("format", `${file} holds no row below its header.`);
  // An empty line is a row of one column without its number.
  const gap = header!.cells.length === 1 ? rows.find(({ line }, i) => line !== first.line + i) : undefined;
  if (first.line > 2 || gap) throw fail((gap?.line ?? first.line) - 1, "the line is empty; fill what is missing");
  // What is missing from the first row does not hide a series.
  const isSeries = (i: number) => isNumber(first.cells[i]!) || 2 * rows.filter(({ cells }) => isNumber(cells[i]!)).length > rows.length;
  const columns = header!.cells.flatMap((_, i) => (isSeries(i) ? [i + 1] : []));
  if (columns.length === 0) throw fail(first.line, "the row has no number");
  return seriesOf(rows.map((row) => columns.map((column) => numberIn(row, column, file))));
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

/** The series of a file, as many as the model knows and of so many rows at least. */
async function seriesFor({ model }: SeriesForecaster, text: string, file: string, least: number): Promise<Series> {
  const series = await seriesIn(text, file);
  const { channels } = model.config;
  const fail = (what: string) => new SeqgradError("format", `${file}: ${what}.`);
  if (series.channels !== channels)
    throw fail(`the file has ${series.channels} columns of numbers; wants ${channels}, as the model was made for`);
  if (series.steps < least)
    throw fail(`the file has ${series.steps} rows below its header; wants ${least} at least, as the model looks back`);
  return series;
}

export const forecast: TaskKind = {
  name: "forecast",
  type: SeriesForecaster.type,
  description: "Train a forecaster of series",
  data: "A CSV file with a header; each column of numbers is a series",
  options: {
    history: wholeOption("history", 1, 30, "Steps that are looked back on"),
    horizon: wholeOption("horizon", 1, 1, "Steps that are foretold at once"),
    season: wholeOption("season", 0, 0, "Steps after which the series about repeats, for a comparison; 0 for none"),
    ...commonOptions({ cell: "gru", hidden: 32, dropout: 0, batch: 32, epochs: 10 }, ["rnn", "gru", "lstm", "transformer"]),
  },
  best: { measure: "mae", larger: false },

  async prepare(text, file, recipe) {
    const series = await seriesIn(text, file);
    const end = series.steps - Math.round(series.steps * (recipe.val as number));
    const { cell, hidden, layers, dropout, history, horizon, season } = recipe;
    checkFit(file, series.steps, end, recipe as Readonly<Record<string, number>>);
    return () => {
      const options = { cell, hidden, layers, dropout, history, horizon, ...(season !== 0 && { season }) };
      const task = SeriesForecaster.create(series, end, options as object);
      const validation = end < series.steps ? task.points(series, { from: end }) : [];
      return { task, train: task.points(series, { to: end }), validation };
    };
  },

  async examples(task, text, file) {
    const forecaster = task as unknown as SeriesForecaster;
    const { history, season = 0, model } = forecaster;
    const series = await seriesFor(forecaster, text, file, Math.max(history, season) + model.config.horizon);
    return forecaster.points(series, { from: season });
  },

  async inputs(task, text, source) {
    const forecaster = task as unknown as SeriesForecaster;
    return [await seriesFor(forecaster, text, source, forecaster.history)];
  },
  show: (answer) =>
    (answer as Forecast)
      .map(({ value, low, high }) => value.map((v, c) => `${v.toFixed(4)} (${low[c]!.toFixed(4)} to ${high[c]!.toFixed(4)})`).join("\t"))
      .join("\n"),
  json: (answer) => ({ steps: answer }),
};

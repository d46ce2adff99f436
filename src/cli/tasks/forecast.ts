import { type Series, seriesOf } from "../../data/series.js";
import { numberIn, parseCsv } from "../../data/tables.js";
import { type Forecast, SeriesForecaster } from "../../tasks/series-forecaster.js";
import { SeqgradError } from "../../util/errors.js";
import { commonOptions, type TaskKind, wholeOption } from "./kind.js";

/** The columns that hold numbers in the first row below the header, each a series. */
async function seriesIn(text: string, file: string): Promise<Series> {
  const [header, ...rows] = await parseCsv(text, { name: file });
  const [first] = rows;
  if (!first) throw new SeqgradError("format", `${file} holds no row below its header.`);
  const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));
  const columns = header!.cells.flatMap((_, i) => (isNumber(first.cells[i]!) ? [i + 1] : []));
  if (columns.length === 0) throw new SeqgradError("format", `${file}, line ${first.line}, column 1: the row has no number.`);
  return seriesOf(rows.map((row) => columns.map((column) => numberIn(row, column, file))));
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
    return () => {
      const options = { cell, hidden, layers, dropout, history, horizon, ...(season !== 0 && { season }) };
      const task = SeriesForecaster.create(series, end, options as object);
      const validation = end < series.steps ? task.points(series, { from: end }) : [];
      return { task, train: task.points(series, { to: end }), validation };
    };
  },

  async examples(task, text, file) {
    const forecaster = task as unknown as SeriesForecaster;
    const series = await seriesIn(text, file);
    return forecaster.points(series, { from: Math.min(forecaster.season ?? 0, series.steps) });
  },

  inputs: async (_, text, source) => [await seriesIn(text, source)],
  show: (answer) =>
    (answer as Forecast)
      .map(({ value, low, high }) => value.map((v, c) => `${v.toFixed(4)} (${low[c]!.toFixed(4)} to ${high[c]!.toFixed(4)})`).join("\t"))
      .join("\n"),
  json: (answer) => ({ steps: answer }),
};

import * as sg from "seqgrad";
import { echo, temperatures, tides } from "../data/series.js";
import { predicted } from "../examples.js";
import { archField, batchField, epochsField, hiddenField, integer, layersField, lrField, scheduleField } from "../fields.js";
import { readLeniently } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, textOf, type Values } from "../task.js";

type Series = sg.data.Series;
type Forecaster = Awaited<ReturnType<sg.worker.WorkerTasks["SeriesForecaster"]["create"]>>;

/** A forecast for the end of the series, beside what came. */
export interface Shown {
  readonly names: readonly string[];
  /** The last known steps of each series, and those that the forecast does not know. */
  readonly known: readonly (readonly number[])[];
  readonly truth: readonly (readonly number[])[];
  readonly forecast: readonly sg.tasks.ForecastStep[];
}

const HELD = 0.2;
const endOf = ({ steps }: Series) => Math.floor((1 - HELD) * steps);

/** The places of which the history and the future lie in steps `from` to `to`. */
function pointsOf(series: Series, values: Values, from: number, to: number): sg.tasks.SeriesPoint[] {
  const [history, horizon] = [numberOf(values, "history"), numberOf(values, "horizon")];
  const first = Math.max(from, history);
  return Array.from({ length: Math.max(0, to - horizon - first + 1) }, (_, i) => ({ series, at: first + i }));
}

/** Some steps of a series. */
export function part({ values, channels, names }: Series, from: number, to: number): Series {
  return { values: values.slice(from * channels, to * channels), steps: to - from, channels, ...(names && { names }) };
}

const column = ({ values, channels, steps }: Series, c: number) => Array.from({ length: steps }, (_, t) => values[t * channels + c] ?? 0);

/** A forecast of the steps after `at`. */
export async function forecastAt(task: unknown, series: Series, at: number, horizon: number): Promise<Shown> {
  const [from, to] = [Math.max(0, at - 60), Math.min(series.steps, at + horizon)];
  const [forecast = []] = await predicted<sg.tasks.Forecast>(task as Forecaster, [part(series, 0, at)]);
  const columns = (some: Series) => Array.from({ length: series.channels }, (_, c) => column(some, c));
  const names = series.names ?? Array.from({ length: series.channels }, (_, c) => `series ${c + 1}`);
  return { names, known: columns(part(series, from, at)), truth: columns(part(series, at, to)), forecast };
}

/** The next steps of series. */
export const forecast: LabTask<Series> = {
  id: "forecast",
  datasets: [
    { id: "nights", title: "Four years of nights: a season, and weather", make: temperatures },
    { id: "tides", title: "The water in a harbor, hour by hour", make: tides },
    { id: "echo", title: "Two series, one of which follows the other", make: echo },
  ],
  accept: ".csv,.tsv",
  form: "A table with a header: columns of numbers, and a column of times if there is one.",
  async read(text, name) {
    const { result, problems } = await readLeniently(text, (lines) => sg.data.parseSeries(lines, { name, fill: "linear" }));
    const { series, columns, notes } = result;
    const uses = columns.map(
      ({ name: head, use, why }) => `${head}: ${use === "none" ? `left out, ${why}` : use === "time" ? `the times, ${why}` : "a series"}`,
    );
    if (series.steps < 100) throw new Error(`${name} has ${series.steps} steps; expected at least 100. Choose a longer series.`);
    return { data: series, notes: [`${series.steps} steps`, ...uses, ...notes], problems };
  },
  preview: (series) => ({
    note: `${series.steps.toLocaleString("en")} steps of ${series.channels === 1 ? "one series" : `${series.channels} series`}`,
    columns: ["step", ...(series.names ?? Array.from({ length: series.channels }, (_, c) => `series ${c + 1}`))],
    rows: Array.from({ length: Math.min(6, series.steps) }, (_, t) => [
      t + 1,
      ...Array.from(series.values.subarray(t * series.channels, (t + 1) * series.channels), (value) => Number(value.toPrecision(4))),
    ]),
  }),
  fields: [
    archField(["gru", "lstm", "rnn"], "gru"),
    hiddenField(24),
    layersField,
    integer("history", "Steps that it reads", 2, 500, 28),
    integer("horizon", "Steps that it predicts", 1, 100, 7),
    batchField(32),
    epochsField(8),
    lrField(0.005),
    scheduleField("cosine"),
  ],
  check(series, values) {
    const needed = numberOf(values, "history") + numberOf(values, "horizon");
    const held = series.steps - endOf(series);
    if (pointsOf(series, values, 0, endOf(series)).length < 10 || held <= numberOf(values, "horizon"))
      throw new Error(
        `The series has ${series.steps} steps; a history and a horizon of ${needed} leave too few to learn from. Choose fewer.`,
      );
  },
  size(series, values) {
    const hidden = numberOf(values, "hidden");
    const shape = { arch: textOf(values, "arch"), input: series.channels, hidden, layers: numberOf(values, "layers") };
    const outputs = 3 * series.channels * numberOf(values, "horizon");
    return {
      parameters: layersSize(shape) + (hidden + 1) * outputs,
      activations: activationsOf(shape, numberOf(values, "batch"), numberOf(values, "history"), outputs),
    };
  },
  updates: (series, values) =>
    Math.ceil(pointsOf(series, values, 0, endOf(series)).length / numberOf(values, "batch")) * numberOf(values, "epochs"),
  amount: (_, values) => numberOf(values, "batch") * numberOf(values, "history"),
  unit: "steps",
  loss: "pinball loss, scaled",
  create: (trainer, series, values) =>
    trainer.tasks.SeriesForecaster.create(series, endOf(series), {
      ...{ arch: textOf(values, "arch") as "gru", hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers") },
      ...{ history: numberOf(values, "history"), horizon: numberOf(values, "horizon") },
    }),
  train(task, series, values, added) {
    return (task as Forecaster).train(pointsOf(series, values, 0, endOf(series)), {
      ...{
        epochs: numberOf(values, "epochs"),
        batch: numberOf(values, "batch"),
        lr: numberOf(values, "lr"),
        seed: numberOf(values, "seed"),
      },
      ...{ schedule: textOf(values, "schedule") as "cosine", validation: pointsOf(series, values, endOf(series), series.steps) },
      ...added,
    });
  },
  evaluate: (task, series, values) => (task as Forecaster).evaluate(pointsOf(series, values, endOf(series), series.steps)),
  // Not at the very end, so that the truth is known.
  sample: (task, series) => forecastAt(task, series, Math.max(endOf(series), series.steps - 30), 30),
};

import { overHorizon, type SeriesForecaster, type SeriesPoint } from "../../tasks/series-forecaster.js";
import { formatNumber } from "../../util/format.js";
import type { Judge, Measures } from "./judge.js";

const naive = [
  ["persistence", "the last known value (naive)"],
  ["seasonalNaive", "the value a season before (seasonal naive)"],
] as const;

export const forecasterJudge: Judge<SeriesForecaster, SeriesPoint> = {
  advice: "Try more --epochs, a longer --history, a --season, or a longer file; or use the baseline.",

  async evaluate(forecaster, points) {
    const { measures, steps, series, answers } = await forecaster.report(points);
    const names = Object.keys(steps[0]!);
    const rows = (list: readonly Measures[], nameOf: (i: number) => string) =>
      list.map((errors, i) => [nameOf(i), ...names.map((name) => errors[name]!)] as const);
    const tables = [
      ...(steps.length > 1 ? [{ title: "step", columns: names, rows: rows(steps, (h) => `${h + 1}`) }] : []),
      ...(series.length > 1 ? [{ title: "series", columns: names, rows: rows(series, (c) => forecaster.names?.[c] ?? `${c + 1}`) }] : []),
    ];
    const samples = points.map(({ series: { values, channels }, at }, i) => {
      const answer = answers[i]!;
      const wanted = answer.map((_, h) => Array.from({ length: channels }, (_, c) => values[(at + h) * channels + c]!));
      const write = (list: readonly (readonly number[])[]) => list.map((row) => row.map(formatNumber).join(" ")).join("; ");
      const right = answer.every(({ low, high }, h) => wanted[h]!.every((y, c) => y >= low[c]! && y <= high[c]!));
      return { input: `after ${at} steps`, wanted: write(wanted), answer: write(answer.map(({ value }) => value)), right };
    });
    return { measures, tables, samples, json: { steps, series } };
  },

  baselines: async (_, __, measures) =>
    naive.flatMap(([key, name]) => {
      const error = overHorizon(key)(measures);
      return error === undefined ? [] : [{ name, measures: { [measures.maeHorizon === undefined ? "mae" : "maeHorizon"]: error } }];
    }),
};

// Sequence -> values: how cold will tomorrow's night be?
//
// A GRU reads the 30 days before and predicts three quantiles of the difference from the last one: the middle one is the forecast, and
// between the outer ones the temperature should lie four times of five. Two forecasts that know nothing stand beside it: tomorrow is
// as today (persistence), tomorrow is as a year ago (seasonal naive). The last fifth of the years is held back, and the mean and deviation
// that scale the values are taken from the years before.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import * as sg from "seqgrad";

await sg.init();
sg.manualSeed(1);
const file = new URL("../../shared/data/daily-min-temperatures.csv", import.meta.url);

/** Minimum temperatures of Melbourne, 1981 to 1990, or where they are not at hand ten years made up: a season, and weather that lasts for days. */
async function temperatures() {
  if (existsSync(file)) return (await sg.data.parseSeries(readFileSync(file, "utf8"))).series;
  const random = new sg.RandomGenerator(1);
  const noise = () => random.uniform() + random.uniform() + random.uniform() - 1.5;
  let weather = 0;
  const days = Array.from({ length: 3650 }, (_, day) => {
    weather = 0.6 * weather + 4 * noise();
    return [11 + 4 * Math.cos((2 * Math.PI * day) / 365) + weather];
  });
  return sg.data.seriesOf(days);
}

console.log(
  existsSync(file)
    ? "Data: daily minimum temperatures of Melbourne, 1981 to 1990 (Australian Bureau of Meteorology)."
    : "Data: ten years of made-up temperatures, because the real ones are missing: put daily-min-temperatures.csv of " +
        "https://github.com/jbrownlee/Datasets into the folder shared/data beside the project.",
);
const series = await temperatures();
const end = Math.floor(0.8 * series.steps);
const task = sg.tasks.SeriesForecaster.create(series, end, { arch: "gru", hidden: 32, history: 30, horizon: 3, season: 365 });
const loader = task.loader(task.points(series, { to: end }), { batch: 64 });
const optimizer = new sg.optim.AdamW(task.model.parameters(), { lr: 3e-3, clipNorm: 1 });
const [epochs, updates] = [8, 8 * loader.length];
for await (const event of sg.fit(task.model, loader, { optimizer, epochs, schedule: sg.optim.cosine(updates) }))
  if (event.type === "epoch") console.log(`epoch ${event.epoch + 1}  pinball loss ${event.loss.toFixed(4)}`);

const measures = await task.evaluate(task.points(series, { from: end }));
const line = (name, error) => console.log(`  ${name.padEnd(26)} ${error.toFixed(3)}`);
console.log("\nmean absolute error of the next day, in degrees, on days not seen");
line("GRU", measures.mae);
line("persistence", measures.persistence);
line("seasonal naive, 365 days", measures.seasonalNaive);
console.log("of the next three days");
line("GRU", measures.maeHorizon);
line("persistence", measures.persistenceHorizon);
line("seasonal naive, 365 days", measures.seasonalNaiveHorizon);
console.log(`in the interval of 80 %: ${(100 * measures.coverage).toFixed(1)} % of the days\n`);

// The days after the last one, each with its interval.
const [forecast] = await task.predict([series]);
for (const [day, { value, low, high }] of forecast.entries()) {
  const picture = Array.from({ length: 40 }, (_, x) => (x / 2 >= low[0] && x / 2 <= high[0] ? "-" : " "));
  picture[Math.round(2 * value[0])] = "o";
  console.log(`day ${day + 1}  ${value[0].toFixed(1).padStart(4)} in ${low[0].toFixed(1)} to ${high[0].toFixed(1)}  |${picture.join("")}|`);
}

assert(measures.mae < measures.persistence && measures.mae < measures.seasonalNaive, "better than both for the next day");
assert(measures.maeHorizon < measures.persistenceHorizon && measures.maeHorizon < measures.seasonalNaiveHorizon, "and for three");
assert(Math.abs(measures.coverage - 0.8) < 0.06, "the interval holds what it promises");

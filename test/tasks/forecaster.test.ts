import { describe, expect, test } from "vitest";
import { type Series, seriesOf } from "../../src/data/index.js";
import { memoryStore } from "../../src/io/store.js";
import { Forecaster } from "../../src/models/index.js";
import { AdamW } from "../../src/optim/index.js";
import { load, SeriesForecaster } from "../../src/tasks/index.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fit } from "../../src/train/fit.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await init({ device: "wasm" });

/** Two waves of different size and period, with noise. */
function waves(steps: number): Series {
  const random = new RandomGenerator(3);
  const noise = () => 0.2 * (random.uniform() - 0.5);
  return seriesOf(Array.from({ length: steps }, (_, t) => [20 + 5 * (Math.sin(t) + noise()), 0.1 * (Math.cos(t / 2) + noise())]));
}

const series = waves(240);

async function trained(arch: "gru" | "transformer") {
  manualSeed(1);
  const options = { arch, hidden: 8, ...(arch === "transformer" && { heads: 2 }), history: 8, horizon: 2, season: 25 } as const;
  const task = SeriesForecaster.create(series, 200, options);
  const loader = task.loader(task.points(series, { to: 200 }), { batch: 32 });
  for await (const event of fit(task.model, loader, { optimizer: new AdamW(task.model.parameters(), { lr: 0.02 }), epochs: 25 }))
    if (event.type === "end") break;
  return task;
}

describe.each(["gru", "transformer"] as const)("with a %s", (cell) => {
  test("a forecaster beats the naive forecasts, and comes back from a folder", async () => {
    const task = await trained(cell);
    const points = task.points(series, { from: 200 });
    const measures = await task.evaluate(points);
    expect(points.length).toBe(39);
    expect(measures.mae).toBeLessThan(0.5 * measures.persistence!);
    expect(measures.maeHorizon).toBeLessThan(0.5 * measures.persistenceHorizon!);
    expect(measures.mae).toBeLessThan(measures.seasonalNaive!);
    expect(measures.coverage).toBeGreaterThan(0.6);
    const store = memoryStore();
    await task.save(store);
    const again = (await load(store)) as SeriesForecaster;
    expect(await again.evaluate(points)).toEqual(measures);
    const short = { ...series, values: series.values.slice(0, 2 * 50), steps: 50 };
    const together = await again.predict([series, short]);
    expect(together).toEqual(await task.predict([series, short]));
    // One alone and beside another; of what lies before the history nothing counts.
    const [alone] = await task.predict([{ ...short, values: series.values.slice(2 * 42, 2 * 50), steps: 8 }]);
    for (const [h, { value, low, high }] of together[1]!.entries())
      for (const c of [0, 1]) {
        expect(alone![h]!.value[c]).toBeCloseTo(value[c]!, 5);
        expect(low[c]).toBeLessThanOrEqual(value[c]!);
        expect(high[c]).toBeGreaterThanOrEqual(value[c]!);
      }
  });
});

test("the naive forecasts are what they are called", async () => {
  const line = seriesOf(Array.from({ length: 20 }, (_, t) => [t]));
  const task = SeriesForecaster.create(line, 10, { history: 3, horizon: 3, season: 2, hidden: 2 });
  const measures = await task.evaluate(task.points(line, { from: 10 }));
  // Off by 1, 2 and 3 steps; by the season's 2, 2 and, a season further back, 4.
  expect(measures).toMatchObject({ persistence: 1, persistenceHorizon: 2, seasonalNaive: 2, seasonalNaiveHorizon: 8 / 3 });
  const plain = SeriesForecaster.create(line, 10, { history: 3, hidden: 2, quantiles: [0.5] });
  expect(Object.keys(await plain.evaluate(plain.points(line, { from: 10 })))).toEqual(["mae", "persistence", "loss"]);
});

test("the part to train on alone is seen", () => {
  const other = { ...series, values: series.values.map((value, i) => (i < 400 ? value : 1e6)) };
  const of = (data: Series) => SeriesForecaster.create(data, 200, { history: 8, horizon: 2, hidden: 2 });
  expect(of(other).scaler).toEqual(of(series).scaler);
  const batches = (data: Series) => [...of(data).loader(of(data).points(data, { to: 200 }), { batch: 64 })];
  expect(batches(other)).toEqual(batches(series));
  const seen = batches(series).reduce((n, { batch }) => n + batch, 0);
  expect(seen).toBe(200 - 8 - 1);
});

test("the loss is the pinball loss of differences from the last value", async () => {
  const model = new Forecaster({ channels: 1, horizon: 1, hidden: 2, quantiles: [0.2, 0.9] });
  for (const p of [model.linear.weight, model.linear.bias!]) p.write(new Float32Array(p.size));
  const batch = { past: Float32Array.of(9, 3, 9, 5), future: Float32Array.of(4, 3), batch: 2 };
  // Errors 1 and -2: 0.2 and 0.9 of 1, 0.8 and 0.1 of 2.
  expect(await model.loss(batch).loss.item()).toBeCloseTo((0.2 + 0.9 + 1.6 + 0.2) / 4, 6);
});

test("forecasters refuse what they cannot learn from or answer", async () => {
  expectError("range", () => SeriesForecaster.create(series, 241), "end is 241");
  expectError("range", () => SeriesForecaster.create(series, 200, { history: 0 }), "history is 0");
  expectError("range", () => SeriesForecaster.create(series, 200, { season: -1 }), "season is -1");
  expectError("range", () => SeriesForecaster.create(series, 200, { quantiles: [0.9, 0.1] }), "0.9, 0.1");
  expectError("value", () => SeriesForecaster.create(series, 200, { arch: "cnn" as "gru" }), '"cnn"');
  expectError("not-finite", () => seriesOf([[1], [Number.NaN]]), "step 1 has [NaN]");
  const task = SeriesForecaster.create(series, 200, { history: 8, horizon: 2, season: 25, hidden: 2 });
  expectError("range", () => task.points(series, { to: 9 }), "0 to 9 hold no 2 that follow 8");
  await expectRejection("range", task.evaluate([{ series, at: 239 }]), "place 239 of 240");
  await expectRejection("range", task.evaluate([{ series, at: 24 }]), "a season of 25");
  await expectRejection("range", task.predict([{ ...series, steps: 7 }]), "place 7 of 7");
  await expectRejection("shape", task.predict([seriesOf(Array.from({ length: 9 }, () => [1]))]), "got 1 series");
  const { config } = task.describe();
  const saved = { tensors: new Map(), config };
  await expectRejection("format", SeriesForecaster.fromSaved({ ...saved, config: { ...config, history: 0 } }), "history is 0");
  await expectRejection("format", SeriesForecaster.fromSaved({ ...saved, config: { ...config, scaler: {} } }), "means, deviations");
});

import { describe, expect, test } from "vitest";
import { HISTORY, History, TrainingLines } from "../../src/cli/history.js";
import { pageOf } from "../../src/cli/page/page.js";
import { memoryStore } from "../../src/io/store.js";
import type { FitEvent } from "../../src/train/types.js";

const step = (n: number, loss: number): FitEvent => ({ type: "step", step: n, epoch: 0, loss, lr: 0.1, milliseconds: 1 });
const checkpoint = (n: number): FitEvent => ({ type: "checkpoint", step: n });
const device = (n: number): FitEvent => ({ type: "device", step: n, device: "another", reason: "it was lost" });

/** The lines of training that these events leave. */
async function linesOf(events: readonly FitEvent[], every: readonly number[]) {
  const store = memoryStore();
  const history = await History.open(store, { resume: false, run: {}, versions: {} });
  const training = new TrainingLines(history, every);
  for (const event of events) await training.observe(event);
  const text = new TextDecoder().decode(await store.read(HISTORY));
  const lines = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  return lines.filter(({ type }) => type === "training").map((line) => [line.step, line.loss]);
}

describe("lines of training", () => {
  test("are the mean since the line before, at each multiple and each checkpoint", async () => {
    const losses = [1, 3, 5, 7, 9, 11, 13].map((loss, i) => step(i + 1, loss));
    expect(await linesOf(losses, [2])).toEqual([
      [2, 2],
      [4, 6],
      [6, 10],
    ]);
    expect(await linesOf(losses, [3, 4])).toEqual([
      [3, 3],
      [4, 7],
      [6, 10],
    ]);
    expect(await linesOf([...losses, checkpoint(7)], [4])).toEqual([
      [4, 4],
      [7, 11],
    ]);
    expect(await linesOf([...losses.slice(0, 4), checkpoint(4)], [4])).toEqual([[4, 4]]);
  });

  test("have nothing of the updates that a lost device takes away", async () => {
    expect(await linesOf([step(1, 100), device(0), step(1, 2), step(2, 4)], [2])).toEqual([[2, 3]]);
  });
});

describe("the page of a history", () => {
  const evaluations = (...all: Readonly<Record<string, number>>[]) =>
    all.map((measures, i) => ({ type: "evaluation", step: i + 1, measures, best: i === 0 }));
  const page = (...all: Readonly<Record<string, number>>[]) =>
    pageOf(evaluations(...all), { name: "a", kind: "b", summary: "", written: [], attention: [] });
  /** The names of the charts. */
  const chartsOf = (text: string) => Array.from(text.matchAll(/<figcaption>([^<]*)/g), ([, title]) => title);

  test("shows shares, from 0 to 1, in one chart, errors in another, and each other measure by itself", () => {
    expect(chartsOf(page({ loss: 2, accuracy: 0, f1: 1 }))).toEqual(["Loss", "Measures"]);
    expect(chartsOf(page({ loss: 2, accuracy: 0.5, f1: 1.1 }))).toEqual(["Loss", "accuracy", "f1"]);
    expect(chartsOf(page({ loss: 2, accuracy: 0.5, f1: 1 }, { loss: 1, accuracy: 1, f1: -0.1 }))).toEqual(["Loss", "accuracy", "f1"]);
    expect(chartsOf(page({ loss: 2, perplexity: 7, mae: 0.5, persistence: 3 }))).toEqual(["Loss", "Mean absolute errors", "perplexity"]);
  });
});

import type { FitEvent } from "../train/types.js";
import { formatNumber } from "../util/format.js";
import type { Compared } from "./conclusion.js";
import type { Baseline, Measures } from "./judges/judge.js";
import { formatDuration, formatRate, ProgressLine } from "./progress.js";

/** The content of the report of a run, without the events. */
export interface RunFacts {
  /** The kind of task, or the model in words. */
  readonly title: string;
  readonly device: string;
  readonly parameters: number;
  /** The examples of each part, in words. */
  readonly parts?: string;
  /** Updates of the run. */
  readonly steps: number;
  /** The things that an update goes through, and their number. */
  readonly unit: "examples" | "tokens";
  readonly perStep: number;
  /** The measures in words, at an evaluation and at the end. */
  lineOf?(measures: Measures, isEnd: boolean): string;
}

/** The facts known when an event is reported. */
export interface RunResult {
  /** On the examples for validation. */
  readonly measures?: Measures | undefined;
  readonly baselines?: readonly Baseline[];
  /** On the examples that were held back to the end. */
  readonly test?: Compared | undefined;
  /** The sentence that a baseline is better, and what to try. */
  readonly better?: string | undefined;
}

export type Report = (event: FitEvent, result: RunResult) => void;

/** `accuracy 0.7811  f1 0.7810`. */
export const formatMeasures = (measures: Measures): string =>
  Object.entries(measures)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join("  ");

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The output of a run: one JSON object a line, or a bar on the terminal and the milestones on stdout. */
export const reportOf = (json: boolean, facts: RunFacts): Report => (json ? jsonReport(facts) : plainReport(facts));

function jsonReport({ unit, perStep, parameters }: RunFacts): Report {
  const write = (event: object) => print(JSON.stringify(event));
  return (event, { measures, baselines = [], test, better }) => {
    if (event.type === "step") {
      const { step, epoch, loss, milliseconds } = event;
      const rate = { [`${unit}PerSecond`]: Math.round((perStep * 1000) / milliseconds) };
      write({ type: "step", step, ...(unit === "examples" && { epoch }), loss, ...rate });
    } else if (event.type === "evaluation") {
      write({ type: "evaluation", step: event.step, best: event.best, measures });
    } else if (event.type === "epoch" || event.type === "device") {
      write(event);
    } else if (event.type === "end") {
      const { steps, seconds, reason } = event;
      const compared = baselines.length > 0 && { baseline: baselines.at(-1), baselines, better: better ?? null };
      write({ type: "end", steps, reason, measures: measures ?? null, seconds, parameters, ...compared, ...tested(test) });
    }
  };
}

/** The fields of the JSON object about the test. */
const tested = (test: Compared | undefined) =>
  test && {
    test: test.measures,
    ...(test.baselines.length > 0 && { testBaselines: test.baselines, testBetter: test.better ?? null }),
  };

export function plainReport({ title, device, parameters, parts, steps, unit, perStep, lineOf }: RunFacts): Report {
  // A run without epochs has lines of its own, a tenth of it each.
  const milestone = unit === "tokens" ? Math.max(1, Math.round(steps / 10)) : Number.POSITIVE_INFINITY;
  let progress: ProgressLine | undefined;
  let rate = 0;
  let isHeaded = false;
  return (event, { measures, baselines = [], test, better }) => {
    // With the first event: a run that cannot begin has nothing to report.
    if (!isHeaded) print(`${title}, ${parameters} parameters, on ${device}${parts === undefined ? "" : `; ${parts}`}`);
    isHeaded = true;
    if (event.type === "step") {
      progress ??= new ProgressLine(steps, event.step);
      const now = (perStep * 1000) / event.milliseconds;
      rate = rate === 0 ? now : 0.9 * rate + 0.1 * now;
      const details = [`loss ${event.loss.toFixed(4)}`, `${formatRate(rate)} ${unit}/s`];
      progress.update(event.step, details);
      if (event.step % milestone !== 0) return;
      progress.clear();
      print([`step ${event.step}`, ...details].join("  "));
      return;
    }
    progress?.clear();
    if (event.type === "epoch") print(`epoch ${event.epoch + 1}  loss ${event.loss.toFixed(4)}`);
    else if (event.type === "evaluation") {
      const shown = measures && (lineOf ? lineOf(measures, false) : `${formatMeasures(measures)}${event.best ? "  (best)" : ""}`);
      print(`step ${event.step}  ${shown ?? ""}`);
    } else if (event.type === "device") print(`${event.reason} Continuing after step ${event.step} on ${event.device}.`);
    else if (event.type === "end") {
      const stopped = event.reason === "early stop" ? ", stopped early" : "";
      const shown = measures ? `, ${lineOf ? lineOf(measures, true) : `best: ${formatMeasures(measures)}`}` : "";
      print(`${event.steps} steps in ${formatDuration(event.seconds)}${stopped}${shown}`);
      for (const baseline of baselines) print(`${baseline.name}: ${formatMeasures(baseline.measures)}`);
      if (better) print(better);
      if (!test) return;
      print(`test: ${formatMeasures(test.measures)}`);
      for (const baseline of test.baselines) print(`test, ${baseline.name}: ${formatMeasures(baseline.measures)}`);
      if (test.better) print(`On the test: ${test.better}`);
    }
  };
}

import type { FitEvent } from "../train/types.js";
import { formatNumber } from "../util/format.js";
import type { Compared } from "./conclusion.js";
import type { Baseline, Measures } from "./judges/judge.js";
import { formatDuration, formatRate, ProgressLine } from "./progress.js";

/** The content of the report of a task's training beside the events. */
export interface TaskFacts {
  readonly kind: string;
  readonly device: string;
  readonly parameters: number;
  readonly steps: number;
  readonly batchSize: number;
  /** Examples of each part. */
  readonly train: number;
  readonly validation: number;
  readonly test: number;
}

/** The facts known when an event is reported. */
export interface TaskResult {
  /** On the examples for validation. */
  readonly measures?: Measures | undefined;
  readonly baselines?: readonly Baseline[];
  /** On the examples that were held back to the end. */
  readonly test?: Compared | undefined;
  /** The sentence that a baseline is better, and what to try. */
  readonly better?: string | undefined;
}

export type TaskReport = (event: FitEvent, result: TaskResult) => void;

/** `accuracy 0.7811  f1 0.7810`. */
export const formatMeasures = (measures: Measures): string =>
  Object.entries(measures)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join("  ");

const print = (line: string) => process.stdout.write(`${line}\n`);

/** The output of a run: one JSON object a line, or a bar on the terminal and the epochs on stdout. */
export function taskReport(json: boolean, facts: TaskFacts): TaskReport {
  return json ? jsonReport(facts) : plainReport(facts);
}

function jsonReport({ batchSize, parameters }: TaskFacts): TaskReport {
  const tell = (event: object) => print(JSON.stringify(event));
  return (event, { measures, baselines = [], test, better }) => {
    if (event.type === "step") {
      const { step, epoch, loss, milliseconds } = event;
      tell({ type: "step", step, epoch, loss, examplesPerSecond: Math.round((batchSize * 1000) / milliseconds) });
    } else if (event.type === "evaluation") {
      tell({ type: "evaluation", step: event.step, best: event.best, measures });
    } else if (event.type === "epoch" || event.type === "device") {
      tell(event);
    } else if (event.type === "end") {
      const { steps, seconds, reason } = event;
      const compared = baselines.length > 0 && { baseline: baselines.at(-1), baselines, better: better ?? null };
      tell({ type: "end", steps, reason, measures: measures ?? null, seconds, parameters, ...compared, ...tested(test) });
    }
  };
}

/** The fields of the JSON object about the test. */
const tested = (test: Compared | undefined) =>
  test && {
    test: test.measures,
    ...(test.baselines.length > 0 && { testBaselines: test.baselines, testBetter: test.better ?? null }),
  };

function plainReport({ kind, device, parameters, steps, batchSize, train, validation, test: held }: TaskFacts): TaskReport {
  let progress: ProgressLine | undefined;
  let isHeaded = false;
  return (event, { measures, baselines = [], test, better }) => {
    // With the first event: a run that cannot begin has nothing to tell.
    const parts = `${train} examples, ${validation} for validation${held > 0 ? `, ${held} for the test` : ""}`;
    if (!isHeaded) print(`${kind}, ${parameters} parameters, on ${device}; ${parts}`);
    isHeaded = true;
    if (event.type === "step") {
      progress ??= new ProgressLine(steps, event.step);
      const rate = formatRate((batchSize * 1000) / event.milliseconds);
      progress.update(event.step, [`loss ${event.loss.toFixed(4)}`, `${rate} examples/s`]);
      return;
    }
    progress?.clear();
    if (event.type === "epoch") print(`epoch ${event.epoch + 1}  loss ${event.loss.toFixed(4)}`);
    else if (event.type === "evaluation") print(`step ${event.step}  ${formatMeasures(measures!)}${event.best ? "  (best)" : ""}`);
    else if (event.type === "device") print(`${event.reason} Continuing after step ${event.step} on ${event.device}.`);
    else if (event.type === "end") {
      const stopped = event.reason === "early stop" ? ", stopped early" : "";
      print(`${event.steps} steps in ${formatDuration(event.seconds)}${stopped}${measures ? `, best: ${formatMeasures(measures)}` : ""}`);
      for (const baseline of baselines) print(`${baseline.name}: ${formatMeasures(baseline.measures)}`);
      if (better) print(better);
      if (!test) return;
      print(`test: ${formatMeasures(test.measures)}`);
      for (const baseline of test.baselines) print(`test, ${baseline.name}: ${formatMeasures(baseline.measures)}`);
      if (test.better) print(`On the test: ${test.better}`);
    }
  };
}

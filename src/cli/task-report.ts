import type { FitEvent } from "../train/types.js";
import { formatNumber } from "../util/format.js";
import { formatDuration, formatRate, ProgressLine } from "./progress.js";

export type Measures = Readonly<Record<string, number>>;

/** What the report of a task's training tells beside the events. */
export interface TaskFacts {
  readonly kind: string;
  readonly device: string;
  readonly parameters: number;
  readonly steps: number;
  readonly batchSize: number;
  /** Examples of each part. */
  readonly train: number;
  readonly validation: number;
}

export type TaskReport = (event: FitEvent, measures?: Measures, baseline?: { readonly name: string; readonly measures: Measures }) => void;

/** `accuracy 0.7811  f1 0.7810`. */
export const formatMeasures = (measures: Measures): string =>
  Object.entries(measures)
    .map(([name, value]) => `${name} ${formatNumber(value)}`)
    .join("  ");

const print = (line: string) => process.stdout.write(`${line}\n`);

/** What a run tells: one JSON object a line, or a bar on the terminal and the epochs on stdout. */
export function taskReport(json: boolean, facts: TaskFacts): TaskReport {
  return json ? jsonReport(facts) : plainReport(facts);
}

function jsonReport({ batchSize, parameters }: TaskFacts): TaskReport {
  const tell = (event: object) => print(JSON.stringify(event));
  return (event, measures, baseline) => {
    if (event.event === "step") {
      const { step, epoch, loss, milliseconds } = event;
      tell({ event: "step", step, epoch, loss, examplesPerSecond: Math.round((batchSize * 1000) / milliseconds) });
    } else if (event.event === "evaluation") {
      tell({ event: "evaluation", step: event.step, best: event.best, measures });
    } else if (event.event === "epoch" || event.event === "device") {
      tell(event);
    } else if (event.event === "end") {
      const { steps, seconds } = event;
      tell({ event: "end", steps, measures: measures ?? null, seconds, parameters, ...(baseline && { baseline }) });
    }
  };
}

function plainReport({ kind, device, parameters, steps, batchSize, train, validation }: TaskFacts): TaskReport {
  let progress: ProgressLine | undefined;
  let isHeaded = false;
  return (event, measures, baseline) => {
    // With the first event: a run that cannot begin has nothing to tell.
    if (!isHeaded) print(`${kind}, ${parameters} parameters, on ${device}; ${train} examples, ${validation} for validation`);
    isHeaded = true;
    if (event.event === "step") {
      progress ??= new ProgressLine(steps, event.step);
      const rate = formatRate((batchSize * 1000) / event.milliseconds);
      progress.update(event.step, `loss ${event.loss.toFixed(4)}`, `${rate} examples/s`);
      return;
    }
    progress?.clear();
    if (event.event === "epoch") print(`epoch ${event.epoch + 1}  loss ${event.loss.toFixed(4)}`);
    else if (event.event === "evaluation") print(`step ${event.step}  ${formatMeasures(measures!)}${event.best ? "  (best)" : ""}`);
    else if (event.event === "device") print(`${event.reason} Going on after step ${event.step} on ${event.device}.`);
    else if (event.event === "end") {
      print(`${event.steps} steps in ${formatDuration(event.seconds)}${measures ? `, best: ${formatMeasures(measures)}` : ""}`);
      if (baseline) print(`${baseline.name}: ${formatMeasures(baseline.measures)}`);
    }
  };
}

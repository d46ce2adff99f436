import type { HistoryLine } from "./history.js";
import { type AnyTask, type Baseline, betterBaseline, type Criterion, type Evaluation, errorsOf, type Measures } from "./judges/judge.js";
import type { Prepared, TaskKind } from "./tasks/kind.js";

/** Fewer examples than these tell little. */
const ENOUGH = 30;
/** Samples that the history keeps: errors and right answers. */
const KEPT = 12;

interface Conclusion {
  readonly measures?: Measures;
  readonly test?: Measures;
  readonly baselines: readonly Baseline[];
  readonly better?: string;
  readonly warnings: readonly string[];
  /** What the history says of it. */
  readonly lines: readonly HistoryLine[];
}

/** Evaluates the kept model when training ends: on the validation examples, and once on the test examples. */
export async function conclude(
  { judge }: TaskKind,
  criterion: Criterion,
  task: AnyTask,
  { train, validation, test }: Omit<Prepared, "task">,
): Promise<Conclusion> {
  const search = { beams: 1 };
  const warnings: string[] = [];
  const lines: HistoryLine[] = [];
  let measures: Measures | undefined;
  let baselines: readonly Baseline[] = [];
  let better: string | undefined;
  if (validation.length > 0) {
    const evaluation = await judge.evaluate(task, validation, search);
    measures = evaluation.measures;
    baselines = await judge.baselines(train, validation, measures);
    better = betterBaseline(judge, criterion, measures, baselines);
    if (validation.length < ENOUGH) {
      const got = `there are only ${validation.length} examples for validation; measures of fewer than ${ENOUGH} are mostly chance`;
      warnings.push(`${got}. Give a larger --val, or a --val-file.`);
    }
    if (evaluation.warning !== undefined) warnings.push(evaluation.warning);
    const compared = { ...(baselines.length > 0 && { baselines }), ...(better !== undefined && { better }) };
    lines.push({ event: "validation", examples: validation.length, ...contentOf(evaluation), ...compared });
  }
  const tested = test.length > 0 ? await judge.evaluate(task, test, search) : undefined;
  if (tested) lines.push({ event: "test", examples: test.length, ...contentOf(tested) });
  for (const message of warnings) lines.push({ event: "warning", message });
  return {
    ...{ baselines, warnings, lines },
    ...(measures && { measures }),
    ...(tested && { test: tested.measures }),
    ...(better !== undefined && { better }),
  };
}

/** What the history and the report's page keep of an evaluation. */
export function contentOf(evaluation: Evaluation): object {
  const { measures, tables, lines, confusion, samples } = evaluation;
  const errors = errorsOf(evaluation, KEPT);
  const right = samples.filter((sample) => sample.right).slice(0, KEPT);
  return { measures, tables, ...(lines && { notes: lines }), ...(confusion && { confusion }), errors, right };
}

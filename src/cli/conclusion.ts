import type { Given } from "../util/schema.js";
import type { HistoryLine } from "./history.js";
import { type Baseline, betterBaseline, type Evaluation, errorsOf, type Measures } from "./judges/judge.js";
import type { CommandTask, Form, Prepared } from "./tasks/kind.js";

/** Measures of fewer examples than these say little. */
const ENOUGH = 30;
/** Samples that the history keeps: errors and right answers. */
const KEPT = 12;

/** The measures of the kept model and of the baselines on a part of the examples. */
export interface Compared {
  readonly measures: Measures;
  readonly baselines: readonly Baseline[];
  /** The sentence that a baseline is better, and what to try. */
  readonly better?: string;
}

interface Conclusion extends Partial<Compared> {
  readonly test?: Compared;
  readonly warnings: readonly string[];
  /** The line of the history about it. */
  readonly lines: readonly HistoryLine[];
}

/**
 * Evaluates the kept model when training ends: on the validation examples, and once on the test examples. Of a run that counts
 * tokens, the measures for validation are all that it reports.
 * @param known these measures, if the last evaluation is the kept one
 */
export async function conclude<T extends CommandTask, Example, Input, Answer>(
  { judge, task: { criteria }, counted }: Form<T, Example, Input, Answer>,
  recipe: Given,
  { task, train, validation, test: held }: Prepared<T, Example>,
  known: Measures | undefined,
): Promise<Conclusion> {
  const warnings: string[] = [];
  const lines: HistoryLine[] = [];
  const ranked = [...criteria].sort((a, b) => Number(b.name === recipe.best) - Number(a.name === recipe.best));
  const compare = async (type: string, examples: readonly Example[]): Promise<Compared & Pick<Evaluation, "warning">> => {
    const evaluation = await judge.evaluate(task, examples, { beam: 1 });
    const { measures, warning } = evaluation;
    const baselines = await judge.baselines(train, examples, measures, task);
    const better = betterBaseline(judge.advice, ranked, measures, baselines);
    const compared = { ...(baselines.length > 0 && { baselines }), ...(better !== undefined && { better }) };
    lines.push({ type, examples: examples.length, ...contentOf(evaluation), ...compared });
    return { measures, baselines, ...(better !== undefined && { better }), ...(warning !== undefined && { warning }) };
  };
  const validated = validation.length > 0 && !counted ? await compare("validation", validation) : undefined;
  if (validated && validation.length < ENOUGH) {
    const got = `the part for validation has only ${validation.length} examples; measures of fewer than ${ENOUGH} are mostly chance`;
    warnings.push(`${got}. Give a larger --validation, or a --validation-file.`);
  }
  if (validated?.warning !== undefined) warnings.push(validated.warning);
  const test = held.length > 0 ? await compare("test", held) : undefined;
  for (const message of warnings) lines.push({ type: "warning", message });
  const isUnknown = counted && validation.length > 0 && !known;
  const kept = isUnknown && { measures: (await judge.evaluate(task, validation, { beam: 1 })).measures };
  return { ...kept, ...validated, ...(test && { test }), warnings, lines };
}

/** The part of an evaluation that the history and the report's page keep. */
export function contentOf(evaluation: Evaluation): object {
  const { measures, tables, lines, confusion, samples } = evaluation;
  const errors = errorsOf(evaluation, KEPT);
  const right = samples.filter((sample) => sample.right).slice(0, KEPT);
  return { measures, tables, ...(lines && { notes: lines }), ...(confusion && { confusion }), errors, right };
}

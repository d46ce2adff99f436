import type { ConfusionMatrix, Score } from "../../metrics/index.js";
import { type Criterion, measureOf } from "../../tasks/base-task.js";
import type { SearchOptions } from "../../tasks/index.js";
import { formatNumber } from "../../util/format.js";
import { nth } from "../../util/nth.js";
import { maxOf } from "../../util/numbers.js";

export type Measures = Readonly<Record<string, number>>;

/** The result of a simple rule, without the model. */
export interface Baseline {
  readonly name: string;
  readonly measures: Measures;
}

/** An example with its answer. */
export interface Sample {
  readonly input: string;
  readonly expected: string;
  readonly answer: string;
  readonly right: boolean;
  /** The probability of the answer, where the model has one. */
  readonly confidence?: number;
}

/** A table; a row begins with its name. Numbers are measures, counts are texts. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly [name: string, ...values: readonly (number | string)[]])[];
}

/** The evaluation of a model on examples, with all that a person needs to judge it. */
export interface Evaluation {
  readonly measures: Measures;
  readonly tables: readonly Table[];
  /** The amount that was measured, if not a number of examples. */
  readonly head?: string;
  /** The lines after the tables. */
  readonly lines?: readonly string[];
  readonly confusion?: ConfusionMatrix<string>;
  /** In the order of the examples. */
  readonly samples: readonly Sample[];
  /** A warning for a person, as a sentence. */
  readonly warning?: string;
  /** The fields of the JSON object after measures, tables and errors. */
  readonly json?: object;
}

/** How a kind of task is judged. */
export interface Judge<T, Example> {
  evaluate(task: T, examples: readonly Example[], search: SearchOptions): Promise<Evaluation>;
  /** The baselines for the measures; without the examples of training, those that the other examples give. */
  baselines(train: readonly Example[] | undefined, examples: readonly Example[], measures: Measures, task: T): Promise<Baseline[]>;
  /** True if a baseline learns from the data of training. */
  readonly learnsBaseline?: boolean;
  /** The advice if a baseline is better, as a sentence. */
  readonly advice: string;
}

/** A sentence that names the baseline that is better by the criterion, or by the first measure that both have; undefined where none is. */
export function betterBaseline(
  advice: string,
  criteria: readonly Criterion[],
  measures: Measures,
  baselines: readonly Baseline[],
): string | undefined {
  const better = baselines.flatMap((baseline) => {
    for (const one of criteria) {
      const [own, other] = [measureOf(one, measures), measureOf(one, baseline.measures)];
      if (own === undefined || other === undefined) continue;
      const lead = one.larger ? other - own : own - other;
      const text = `The baseline is better: ${baseline.name} has ${one.name} ${formatNumber(other)}, this model ${formatNumber(own)}.`;
      return lead > 0 ? [{ lead, text }] : [];
    }
    return [];
  });
  const [best] = better.sort((a, b) => b.lead - a.lead);
  return best && `${best.text} ${advice}`;
}

/** Precision, recall, F1 and support of each label, with the means below. */
export function scoreTable(
  title: string,
  scores: ReadonlyMap<string, Score & { readonly support: number }>,
  means: Readonly<Record<string, Score>>,
): Table {
  const row = (name: string, { precision, recall, f1 }: Score, support: number) => [name, precision, recall, f1, `${support}`] as const;
  const total = [...scores.values()].reduce((sum, { support }) => sum + support, 0);
  return {
    title,
    columns: ["precision", "recall", "f1", "support"],
    rows: [
      ...Array.from(scores, ([name, score]) => row(name, score, score.support)),
      ...Object.entries(means).map(([name, score]) => row(name, score, total)),
    ],
  };
}

/** The warning that is due where all answers are one class. */
export function singleClass(answers: readonly string[], expected: readonly string[]): { warning?: string } {
  const [first] = answers;
  if (answers.length < 2 || answers.some((answer) => answer !== first)) return {};
  const got = `every answer on these examples is ${JSON.stringify(first)}`;
  if (expected.every((label) => label === first))
    return { warning: `${got}, as is right: they hold no other, and do not show if the model knows others. Give more examples.` };
  return { warning: `${got}: the model does not distinguish the classes. Try more --epochs, another --lr, or more examples of the rest.` };
}

/** The wrong answers, the most confident first; without confidences in the order of the examples. */
export const errorsOf = ({ samples }: Evaluation, n: number): Sample[] =>
  samples
    .filter(({ right }) => !right)
    .sort((a, b) => (b.confidence ?? 0) - (a.confidence ?? 0))
    .slice(0, n);

/** Labels that are written out as a matrix; of more, the pairs most often confused. */
const WIDEST = 16;
const PAIRS = 10;

/** The answers given for each right answer. */
export function confusionLines({ labels, counts }: ConfusionMatrix<string>): string[] {
  if (labels.length > WIDEST) {
    const pairs = counts.flatMap((row, i) => row.flatMap((count, j) => (i !== j && count > 0 ? [{ count, i, j }] : [])));
    const most = pairs.sort((a, b) => b.count - a.count).slice(0, PAIRS);
    return ["most often confused:", ...most.map(({ count, i, j }) => `  ${labels[i]} taken for ${labels[j]}: ${count}`)];
  }
  const table = {
    title: "confusion (rows: right, columns: answered)",
    columns: labels,
    rows: labels.map((label, i) => [label, ...nth(counts, i).map(String)] as const),
  };
  return tableLines(table);
}

/** A table for the terminal. */
export function tableLines({ title, columns, rows }: Table): string[] {
  const cells = rows.map(([name, ...values]) => [
    oneLine(name, 40),
    ...values.map((value) => (typeof value === "string" ? value : formatNumber(value))),
  ]);
  const all = [[title, ...columns.map((column) => oneLine(column, 24))], ...cells];
  const widths = nth(all, 0).map((_, c) => maxOf(all.map((row) => nth(row, c).length)));
  return all.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(nth(widths, 0)) : cell.padStart(nth(widths, c))))
      .join("  ")
      .trimEnd(),
  );
}

/** A text on one line of the terminal, cut off where it is long. */
export function oneLine(text: string, most = 100): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they would change the terminal.
  const line = text.replaceAll(/[\s\u0000-\u001f\u007f-\u009f]+/g, " ").trim();
  const signs = [...line];
  return signs.length > most ? `${signs.slice(0, most - 1).join("")}…` : line;
}

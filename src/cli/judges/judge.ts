import type { ConfusionMatrix, Score } from "../../metrics/index.js";
import type { SearchOptions, Task } from "../../tasks/index.js";
import { formatNumber } from "../../util/format.js";
import { maxOf } from "../../util/numbers.js";

// biome-ignore lint/suspicious/noExplicitAny: kinds differ in their examples, inputs and answers, which only they look into.
export type AnyTask = Task<any, any, any, any>;

export type Measures = Readonly<Record<string, number>>;

/** A measure by which an epoch can be chosen. */
export interface Criterion {
  readonly name: string;
  readonly larger: boolean;
  /** The rank, if it is not the measure of that name. */
  readonly of?: (measures: Measures) => number;
}

/** The result of a simple rule, without the model. */
export interface Baseline {
  readonly name: string;
  readonly measures: Measures;
}

/** An example with its answer. */
export interface Sample {
  readonly input: string;
  readonly wanted: string;
  readonly answer: string;
  readonly right: boolean;
  /** The probability of the answer, where the model tells it. */
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
  /** The lines after the tables. */
  readonly lines?: readonly string[];
  readonly confusion?: ConfusionMatrix<string>;
  /** In the order of the examples. */
  readonly samples: readonly Sample[];
  /** A warning for a person, as a sentence. */
  readonly warning?: string;
  /** The fields of the JSON object beside measures, tables and errors. */
  readonly json?: object;
}

/** How a kind of task is judged. */
export interface Judge {
  /** The measures by which the best epoch can be chosen; the first by default. */
  readonly best: readonly Criterion[];
  evaluate(task: AnyTask, examples: readonly unknown[], search: SearchOptions): Promise<Evaluation>;
  /** The baselines for the measures; without the examples of training, those that the other examples give. */
  baselines(train: readonly unknown[] | undefined, examples: readonly unknown[], measures: Measures): Promise<Baseline[]>;
  /** The advice if a baseline is better, as a sentence. */
  readonly advice: string;
}

export const measureOf = ({ name, of }: Criterion, measures: Measures): number | undefined => (of ? of(measures) : measures[name]);

/** The values that fit() compares, smaller being better: the measure, then the loss. */
export function rankOf(criterion: Criterion, measures: Measures): number[] {
  const value = measureOf(criterion, measures)!;
  const rank = [criterion.larger ? -value : value];
  return criterion.name === "loss" || measures.loss === undefined ? rank : [...rank, measures.loss];
}

/** A sentence that names the baseline that is better by the criterion, or by the first measure that both have; undefined where none is. */
export function betterBaseline(judge: Judge, criterion: Criterion, measures: Measures, baselines: readonly Baseline[]): string | undefined {
  const better = baselines.flatMap((baseline) => {
    const common = [criterion, ...judge.best].find(
      (one) => measureOf(one, baseline.measures) !== undefined && measureOf(one, measures) !== undefined,
    );
    if (!common) return [];
    const [own, other] = [measureOf(common, measures)!, measureOf(common, baseline.measures)!];
    const lead = common.larger ? other - own : own - other;
    return lead > 0
      ? [
          {
            lead,
            text: `The baseline is better: ${baseline.name} has ${common.name} ${formatNumber(other)}, this model ${formatNumber(own)}.`,
          },
        ]
      : [];
  });
  const [best] = better.sort((a, b) => b.lead - a.lead);
  return best && `${best.text} ${judge.advice}`;
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
export function singleClass(answers: readonly string[], wanted: readonly string[]): { warning?: string } {
  const [first] = answers;
  if (answers.length < 2 || answers.some((answer) => answer !== first)) return {};
  const got = `every answer on these examples is ${JSON.stringify(first)}`;
  if (wanted.every((label) => label === first))
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
    rows: labels.map((label, i) => [label, ...counts[i]!.map(String)] as const),
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
  const widths = all[0]!.map((_, c) => maxOf(all.map((row) => row[c]!.length)));
  return all.map((row) =>
    row
      .map((cell, c) => (c === 0 ? cell.padEnd(widths[0]!) : cell.padStart(widths[c]!)))
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

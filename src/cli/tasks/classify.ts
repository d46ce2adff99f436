import { classificationReport } from "../../metrics/classification.js";
import { LogisticRegression } from "../../models/logistic-regression.js";
import { type LabeledText, type LabelProbabilities, TextClassifier } from "../../tasks/text-classifier.js";
import { TfIdf } from "../../text/vectorizers.js";
import { SeqgradError } from "../../util/errors.js";
import { nth } from "../../util/nth.js";
import type { Given } from "../../util/schema.js";
import { type Baseline, type Judge, scoreTable, singleClass } from "../judges/judge.js";
import { warn } from "../notes.js";
import { attentionOn, ofClassifier } from "../page/attention.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { type Reading, textReading, wordsOf } from "./reading.js";
import { columnsIn, inputsIn, isBlankText } from "./text-table.js";

const parts = ["label", "text"] as const;

type Row = LabeledText & { readonly line: number };

/** The label and the text of each row, and its line. */
async function labeled(text: string, file: string, reading: Reading): Promise<{ rows: Row[]; reading: Given }> {
  const found = await columnsIn(text, file, parts, reading);
  return { ...found, rows: found.rows.map(({ line, cells: [label = "", words = ""] }) => ({ label: label.trim(), text: words, line })) };
}

/** Says which labels the model cannot answer; each of their examples is missed. */
function tellStray(file: string, rows: readonly Row[], known: ReadonlySet<string>, whose: string): void {
  const stray = new Map<string, { line: number; count: number }>();
  for (const { label, line } of rows) {
    if (known.has(label)) continue;
    const { line: first, count } = stray.get(label) ?? { line, count: 0 };
    stray.set(label, { line: Math.min(first, line), count: count + 1 });
  }
  if (stray.size === 0) return;
  const list = Array.from(stray)
    .slice(0, 5)
    .map(([label, { line, count }]) => `${JSON.stringify(label)} (line ${line}, ${count} in all)`);
  const more = stray.size > 5 ? ` and ${stray.size - 5} more` : "";
  warn(`${file}: ${whose} ${list.join(", ")}${more}; every such example counts as missed.`);
}

/** The measures of answers that come from elsewhere. */
function measured(name: string, answers: readonly string[], examples: readonly LabeledText[]): Baseline {
  const { accuracy, macro } = classificationReport(
    answers,
    examples.map(({ label }) => label),
  );
  return { name, measures: { accuracy, f1: macro.f1 } };
}

/** The label that occurs most often, the first by name of several. */
function mostCommon(examples: readonly LabeledText[]): string {
  const counts = new Map<string, number>();
  for (const { label } of examples) counts.set(label, (counts.get(label) ?? 0) + 1);
  return nth(
    [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1)),
    0,
  )[0];
}

/** Single words and pairs, weighted by rarity: what a model that knows the order of words has to beat. */
async function bagOfWords(train: readonly LabeledText[], examples: readonly LabeledText[]): Promise<Baseline[]> {
  const texts = (part: readonly LabeledText[]) => part.map(({ text }) => text);
  try {
    const vectorizer = await TfIdf.fitAsync(texts(train), { ngrams: [1, 2], minTexts: 2, sublinear: true });
    const labels = train.map(({ label }) => label);
    const model = await LogisticRegression.fitAsync(await vectorizer.transformAsync(texts(train)), labels);
    const answers = model.predict(await vectorizer.transformAsync(texts(examples)));
    return [measured("TF-IDF with logistic regression", answers, examples)];
  } catch {
    return []; // no word occurs in two texts
  }
}

const classifierJudge: Judge<TextClassifier, LabeledText> = {
  learnsBaseline: true,
  advice:
    "Try more --epochs with --patience 3, --class-weights balanced where labels are rare, another --arch or --pooling, or more examples; or use the baseline.",

  async evaluate(task, rows) {
    const { measures, scores, confusion, answers } = await task.report(rows);
    const samples = rows.flatMap(({ text, label }, i) =>
      (answers[i] ?? []).slice(0, 1).map(({ label: answer, probability }) => ({
        input: text,
        expected: label,
        answer,
        right: answer === label,
        confidence: probability,
      })),
    );
    const warning = singleClass(
      samples.map(({ answer }) => answer),
      samples.map(({ expected }) => expected),
    );
    const { labels, macro, weighted } = scores;
    return { measures, tables: [scoreTable("label", labels, { macro, weighted })], confusion, samples, ...warning };
  },

  async baselines(known, rows) {
    const label = mostCommon(known ?? rows);
    const majority = measured(
      `always the most common label (${label})`,
      rows.map(() => label),
      rows,
    );
    return [majority, ...(known ? await bagOfWords(known, rows) : [])];
  },
};

export const classify = kindOf<TextClassifier, LabeledText, string, LabelProbabilities>({
  name: "classify",
  task: TextClassifier,
  description: "Train a text classifier",
  data: "Rows of label, tab, text; or a .csv file; a header may name the columns",
  reading: textReading(parts),
  needed: ["minCount"],
  judge: classifierJudge,

  async prepare(text, file, recipe, shares) {
    const { rows, reading } = await labeled(text, file, { flags: wordsOf(recipe), trained: {} });
    const { train, validation, test } = partsOf(rows, shares);
    const known = new Set(train.map(({ label }) => label));
    if (known.size < 2)
      throw new SeqgradError("value", `${file}: the examples to train on have 1 label (${[...known][0]}); expected at least 2.`);
    tellStray(file, [...validation, ...test], known, "no example to train on has the label");
    return async () => ({
      task: await TextClassifier.createAsync(train, TextClassifier.options.among(recipe)),
      train,
      validation,
      test,
      reading,
    });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...TextClassifier.training.among(recipe), ...run, validation }),

  async examples(task, text, file, reading) {
    const { rows } = await labeled(text, file, reading);
    tellStray(file, rows, new Set(task.labels), "the model does not know the label");
    return rows;
  },

  answers: {
    inputs: async (_, text, source, reading) => (await inputsIn(text, source, parts, "text", reading)).map(({ cells: [words] }) => words),
    predict: (task, texts) => task.predict(texts),
    isBlank: isBlankText,
    show: (answer) => answer.map(({ label, probability }) => `${label} ${probability.toFixed(4)}`).join("\t"),
    json: (answer, input) => ({ input, labels: answer }),
  },
  page: async (task, samples) => ({ attention: await attentionOn(samples, (sample) => ofClassifier(task, sample)) }),
});

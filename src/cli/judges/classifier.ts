import { classificationReport } from "../../metrics/classification.js";
import { LogisticRegression } from "../../models/logistic-regression.js";
import type { LabeledText, TextClassifier } from "../../tasks/text-classifier.js";
import { TfIdf } from "../../text/vectorizers.js";
import { type Baseline, type Judge, scoreTable, singleClass } from "./judge.js";

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
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1))[0]![0];
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

export const classifierJudge: Judge<TextClassifier, LabeledText> = {
  learnsBaseline: true,
  advice:
    "Try more --epochs with --patience 3, --class-weights balanced where labels are rare, another --arch or --pooling, or more examples; or use the baseline.",

  async evaluate(task, rows) {
    const { measures, scores, confusion, answers } = await task.report(rows);
    const samples = rows.flatMap(({ text, label }, i) =>
      (answers[i] ?? []).slice(0, 1).map(({ label: answer, probability }) => ({
        input: text,
        wanted: label,
        answer,
        right: answer === label,
        confidence: probability,
      })),
    );
    const warning = singleClass(
      samples.map(({ answer }) => answer),
      samples.map(({ wanted }) => wanted),
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

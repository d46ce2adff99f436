import { kinds } from "../../tasks/kinds.js";
import type { LabeledText, LabelProbabilities, TextClassifier } from "../../tasks/text-classifier.js";
import { SeqgradError } from "../../util/errors.js";
import type { Given } from "../../util/schema.js";
import { classifierJudge } from "../judges/classifier.js";
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
  const told = Array.from(stray)
    .slice(0, 5)
    .map(([label, { line, count }]) => `${JSON.stringify(label)} (line ${line}, ${count} in all)`);
  const more = stray.size > 5 ? ` and ${stray.size - 5} more` : "";
  warn(`${file}: ${whose} ${told.join(", ")}${more}; every such example counts as missed.`);
}

const Task = kinds.classify;

export const classify = kindOf<TextClassifier, LabeledText, string, LabelProbabilities>({
  name: "classify",
  description: "Train a text classifier",
  data: "Rows of label, tab, text; or a .csv file; a header may name the columns",
  options: Task.options,
  training: Task.training,
  criteria: Task.criteria,
  reading: textReading(parts),
  needed: ["minCount"],
  fromSaved: Task.fromSaved,
  judge: classifierJudge,

  async prepare(text, file, recipe, shares) {
    const { rows, reading } = await labeled(text, file, { given: wordsOf(recipe), trained: {} });
    const { train, validation, test } = partsOf(rows, shares);
    const known = new Set(train.map(({ label }) => label));
    if (known.size < 2)
      throw new SeqgradError("value", `${file}: the examples to train on have 1 label (${[...known][0]}); expected at least 2.`);
    tellStray(file, [...validation, ...test], known, "no example to train on has the label");
    return async () => ({ task: await Task.createAsync(train, Task.options.among(recipe)), train, validation, test, reading });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...Task.training.among(recipe), ...run, validation }),

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

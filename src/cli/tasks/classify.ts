import { type LabeledText, type LabelProbabilities, TextClassifier } from "../../tasks/text-classifier.js";
import { SeqgradError } from "../../util/errors.js";
import { classifierJudge } from "../judges/classifier.js";
import { warn } from "../notes.js";
import { choiceOption, commonOptions, localeOf, localeOption, partsOf, type TaskKind, type TaskRecipe, wholeOption } from "./kind.js";
import { textReading } from "./reading.js";
import type { Reading } from "./task-options.js";
import { columnsIn, inputsIn } from "./text-table.js";

const cells = ["rnn", "gru", "lstm", "transformer"] as const;
const poolings = ["last", "mean", "max", "attention"] as const;

const parts = ["label", "text"] as const;

type Row = LabeledText & { readonly line: number };

/** The label and the text of each row, and its line. */
async function labeled(text: string, file: string, reading: Reading): Promise<{ rows: Row[]; reading: TaskRecipe }> {
  const found = await columnsIn(text, file, parts, reading);
  return { ...found, rows: found.rows.map(({ line, cells: [label, words] }) => ({ label: label!.trim(), text: words!, line })) };
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

export const classify: TaskKind = {
  name: "classify",
  type: TextClassifier.type,
  description: "Train a text classifier",
  data: "Rows of label, tab, text; or a .csv file; a header may name the columns",
  options: {
    ...textReading(parts),
    pooling: choiceOption("pooling", poolings, "mean", "What makes one vector of a text"),
    embed: wholeOption("embed", 1, 64, "Size of a word's vector"),
    "min-count": wholeOption("min-count", 1, 2, "Words that occur less often are unknown"),
    "max-length": wholeOption("max-length", 1, 256, "The longest text in words; the rest of a longer one is left out"),
    "class-weights": choiceOption("class-weights", ["none", "balanced"], "none", "Let every label count alike in the loss, however rare"),
    locale: localeOption,
    ...commonOptions({ cell: "gru", hidden: 32, dropout: 0.4, batch: 32, epochs: 5, lr: 2e-3 }, cells),
  },
  judge: classifierJudge,
  learnsBaseline: true,

  async prepare(text, file, recipe) {
    const { rows, reading } = await labeled(text, file, { given: recipe, trained: {} });
    const { train, validation, test } = partsOf(rows, recipe);
    const known = new Set(train.map(({ label }) => label));
    if (known.size < 2)
      throw new SeqgradError("value", `${file}: the examples to train on have 1 label (${[...known][0]}); expected at least 2.`);
    tellStray(file, [...validation, ...test], known, "no example to train on has the label");
    const { cell: arch, pooling, hidden, layers, embed, dropout } = recipe;
    const options = {
      arch,
      pooling,
      hidden,
      layers,
      embed,
      dropout,
      minCount: recipe["min-count"],
      maxLength: recipe["max-length"],
      classWeights: recipe["class-weights"],
      ...localeOf(recipe),
    };
    return async () => ({ task: await TextClassifier.createAsync(train, options as object), train, validation, test, reading });
  },

  async examples(task, text, file, reading) {
    const { rows } = await labeled(text, file, reading);
    tellStray(file, rows, new Set((task as unknown as TextClassifier).labels), "the model does not know the label");
    return rows;
  },

  inputs: async (_, text, source, reading) => (await inputsIn(text, source, parts, "text", reading)).map(({ cells: [words] }) => words!),
  show: (answer) => (answer as LabelProbabilities).map(({ label, probability }) => `${label} ${probability.toFixed(4)}`).join("\t"),
  json: (answer, input) => ({ input, labels: answer }),
};

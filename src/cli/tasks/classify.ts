import { type LabelledText, type LabelProbabilities, TextClassifier } from "../../tasks/text-classifier.js";
import { SeqgradError } from "../../util/errors.js";
import { classifierJudge } from "../judges/classifier.js";
import { choiceOption, columnsIn, commonOptions, linesOf, partsOf, type TaskKind, wholeOption } from "./kind.js";

const cells = ["rnn", "gru", "lstm", "transformer"] as const;
const poolings = ["last", "mean", "max", "attention"] as const;

/** The label and the text of each row, and where the label stands. */
async function labelled(text: string, file: string): Promise<(LabelledText & { line: number; column: number })[]> {
  const rows = await columnsIn(text, file, ["label", "text"]);
  return rows.map(({ line, columns: [column], cells: [label, words] }) => ({ label: label!.trim(), text: words!, line, column: column! }));
}

export const classify: TaskKind = {
  name: "classify",
  type: TextClassifier.type,
  description: "Train a text classifier",
  data: "Rows of label, tab, text; or a .csv file; a header may name the columns",
  options: {
    pooling: choiceOption("pooling", poolings, "mean", "What makes one vector of a text"),
    embed: wholeOption("embed", 1, 64, "Size of a word's vector"),
    "min-count": wholeOption("min-count", 1, 2, "Words that occur less often are unknown"),
    "max-length": wholeOption("max-length", 1, 256, "Longer texts are cut off after so many words"),
    "class-weights": choiceOption("class-weights", ["none", "balanced"], "none", "Let every label count alike in the loss, however rare"),
    ...commonOptions({ cell: "gru", hidden: 32, dropout: 0.3, batch: 32, epochs: 5 }, cells),
  },
  judge: classifierJudge,

  async prepare(text, file, recipe) {
    const { train, validation, test } = partsOf(await labelled(text, file), recipe);
    const known = new Set(train.map(({ label }) => label));
    if (known.size < 2)
      throw new SeqgradError("value", `${file}: the examples to train on have 1 labels (${[...known][0]}); wants at least 2.`);
    const stray = validation.find(({ label }) => !known.has(label));
    if (stray) {
      const got = `the label ${JSON.stringify(stray.label)} occurs only in the part for validation`;
      throw new SeqgradError("value", `${file}: ${got}; give more examples of it, another --seed or a smaller --val.`);
    }
    const { cell, pooling, hidden, layers, embed, dropout } = recipe;
    const options = {
      cell,
      pooling,
      hidden,
      layers,
      embed,
      dropout,
      minCount: recipe["min-count"],
      maxLength: recipe["max-length"],
      classWeights: recipe["class-weights"],
    };
    return () => ({ task: TextClassifier.create(train, options as object), train, validation, test });
  },

  async examples(task, text, file) {
    const { labels } = task as unknown as TextClassifier;
    const rows = await labelled(text, file);
    const stray = rows.find(({ label }) => !labels.includes(label));
    if (!stray) return rows;
    const got = `${JSON.stringify(stray.label)} is not one of the model's labels ${labels.join(", ")}`;
    throw new SeqgradError("format", `${file}, line ${stray.line}, column ${stray.column}: ${got}.`);
  },

  inputs: async (_, text) => linesOf(text),
  show: (answer) => (answer as LabelProbabilities).map(({ label, probability }) => `${label} ${probability.toFixed(4)}`).join("\t"),
  json: (answer, input) => ({ input, labels: answer }),
};

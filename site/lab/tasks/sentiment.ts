import type * as sg from "seqgrad";
import { headlines, reviews } from "../data/reviews.js";
import { checkCount, evaluateOn, meanOf, mostOf, parted, predicted, trainOn, updatesOf } from "../examples.js";
import { archField, batchField, choice, dropoutField, epochsField, hiddenField, layersField, lrField, scheduleField } from "../fields.js";
import { columnsOf, readTable } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, type Problem, textOf } from "../task.js";

type Example = sg.tasks.LabeledText;
type Guess = sg.tasks.LabelProbabilities;

const wordsOf = (text: string) => text.split(/\s+/).length;
const EMBED = 32;

/** The column with fewer different cells holds the labels. */
function guess(rows: readonly sg.data.TableRow[]): readonly [number, number] {
  const different = [0, 1].map((c) => new Set(rows.map(({ cells }) => cells[c])).size);
  return (different[0] ?? 0) <= (different[1] ?? 0) ? [0, 1] : [1, 0];
}

/** Labels of texts. */
export const sentiment: LabTask<readonly Example[]> = {
  id: "sentiment",
  datasets: [
    { id: "reviews", title: "600 short reviews, good and bad", make: reviews },
    { id: "topics", title: "600 sentences of four topics", make: headlines },
  ],
  accept: ".csv,.tsv",
  form: "Two columns, a label and a text, in either order; a first line may name them.",
  async read(text, name) {
    const { rows, problems } = await readTable(text, name);
    const { at, body, hasHeader } = columnsOf(
      rows,
      [/^(?:label|class|category|sentiment|topic|target)$/, /^(?:text|review|sentence|message|body)$/],
      guess,
    );
    const empty: Problem[] = [];
    const examples = body.flatMap(({ cells, line }) => {
      const [label, content] = [cells[at[0]]?.trim() ?? "", cells[at[1]]?.trim() ?? ""];
      if (label !== "" && content !== "") return [{ label, text: content }];
      empty.push({ line, text: label === "" ? "the label is empty" : "the text is empty" });
      return [];
    });
    checkCount(name, examples.length, "rows");
    const labels = [...new Set(examples.map(({ label }) => label))];
    if (labels.length < 2 || labels.length > 50)
      throw new Error(
        `${name} has ${labels.length} different labels in column ${at[0] + 1}; expected 2 to 50. Put the label and the text in two columns.`,
      );
    const place = `column ${at[0] + 1} is the label (${labels.slice(0, 6).join(", ")}), column ${at[1] + 1} the text`;
    return {
      data: examples,
      notes: [`${examples.length} rows; ${place}${hasHeader ? "; the first line names them" : ""}`],
      problems: [...problems, ...empty],
    };
  },
  preview: (data) => ({
    note: `${data.length} texts, ${new Set(data.map(({ label }) => label)).size} labels`,
    columns: ["label", "text"],
    rows: data.slice(0, 6).map(({ label, text }) => [label, text]),
  }),
  fields: [
    archField(["rnn", "gru", "lstm", "transformer"], "gru"),
    hiddenField(24),
    layersField,
    choice(
      "pooling",
      "One vector of a text",
      [
        ["mean", "mean"],
        ["max", "maximum"],
        ["last", "last state"],
      ] as const,
      "mean",
    ),
    dropoutField(0.2),
    batchField(16),
    epochsField(8),
    lrField(0.005),
    scheduleField("constant"),
  ],
  size(data, values) {
    const hidden = numberOf(values, "hidden");
    const shape = { arch: textOf(values, "arch"), input: EMBED, hidden, layers: numberOf(values, "layers"), bidirectional: true };
    const vocab = new Set(data.flatMap(({ text }) => text.toLowerCase().split(/\s+/))).size;
    const longest = Math.min(256, mostOf(data.map(({ text }) => wordsOf(text))));
    return {
      parameters: layersSize(shape) + vocab * EMBED + 4 * hidden,
      activations: activationsOf(shape, numberOf(values, "batch"), longest, EMBED),
    };
  },
  updates: updatesOf,
  amount: (data, values) => numberOf(values, "batch") * meanOf(data.map(({ text }) => wordsOf(text))),
  unit: "words",
  loss: "cross-entropy of a text",
  create: (trainer, data, values) =>
    trainer.tasks.TextClassifier.create(data, {
      ...{ arch: textOf(values, "arch") as "gru", hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers"), embed: EMBED },
      ...{ dropout: numberOf(values, "dropout"), pooling: textOf(values, "pooling") as "mean", minCount: 1 },
    }),
  train: trainOn,
  evaluate: evaluateOn,
  async sample(task, data) {
    const some = parted(data).held.slice(0, 6);
    const answers = await predicted<Guess>(
      task,
      some.map(({ text }) => text),
    );
    return some.map((example, i) => ({ ...example, answer: answers[i] ?? [] }));
  },
};

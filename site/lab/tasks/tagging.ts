import * as sg from "seqgrad";
import { sentences, type Tagged } from "../data/sentences.js";
import { checkCount, evaluateOn, meanOf, mostOf, parted, predicted, trainOn, updatesOf } from "../examples.js";
import { archField, batchField, choice, dropoutField, epochsField, hiddenField, layersField, lrField, scheduleField } from "../fields.js";
import { readLeniently } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, textOf } from "../task.js";

const EMBED = 32;

/** A tag for each word of a sentence. */
export const tagging: LabTask<readonly Tagged[]> = {
  id: "tagging",
  datasets: [{ id: "names", title: "500 sentences with persons, places and firms", make: sentences }],
  accept: ".conll,.tsv,.txt",
  form: "A word, a tab and its tag on each line; an empty line after each sentence.",
  async read(text, name) {
    const { result, problems } = await readLeniently(text, (lines) => sg.data.parseConll(lines, name), "block");
    checkCount(name, result.length, "sentences");
    const tags = [...new Set(result.flatMap((sentence) => sentence.tags))];
    const words = result.reduce((sum, sentence) => sum + sentence.words.length, 0);
    const notes = [`${result.length} sentences, ${words} words, ${tags.length} tags (${tags.slice(0, 8).join(", ")})`];
    return { data: result.map((sentence) => ({ words: sentence.words, tags: sentence.tags })), notes, problems };
  },
  preview: (data) => ({
    note: `${data.length} sentences`,
    columns: ["words", "tags"],
    rows: data.slice(0, 6).map(({ words, tags }) => [words.join(" "), tags.join(" ")]),
  }),
  fields: [
    archField(["rnn", "gru", "lstm", "transformer"], "lstm"),
    hiddenField(32),
    layersField,
    choice(
      "crf",
      "Tags of a sentence",
      [
        ["no", "each by itself"],
        ["yes", "together (CRF)"],
      ] as const,
      "no",
    ),
    dropoutField(0.3),
    batchField(16),
    epochsField(6),
    lrField(0.006),
    scheduleField("constant"),
  ],
  size(data, values) {
    const hidden = numberOf(values, "hidden");
    const shape = { arch: textOf(values, "arch"), input: EMBED + 64, hidden, layers: numberOf(values, "layers"), bidirectional: true };
    const vocab = new Set(data.flatMap(({ words }) => words)).size;
    const longest = mostOf(data.map(({ words }) => words.length));
    const letters = layersSize({ arch: "lstm", input: 32, hidden: 32, layers: 1, bidirectional: true }) + 80 * 32;
    const outputs = 2 * hidden * new Set(data.flatMap(({ tags }) => tags)).size;
    return {
      parameters: layersSize(shape) + letters + vocab * EMBED + outputs,
      activations: 4 * activationsOf(shape, numberOf(values, "batch"), longest, EMBED),
    };
  },
  updates: updatesOf,
  amount: (data, values) => numberOf(values, "batch") * meanOf(data.map(({ words }) => words.length)),
  unit: "words",
  loss: "cross-entropy of a word",
  create: (trainer, data, values) =>
    trainer.tasks.EntityTagger.create(data, {
      ...{ arch: textOf(values, "arch") as "lstm", hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers"), embed: EMBED },
      ...{ dropout: numberOf(values, "dropout"), crf: textOf(values, "crf") === "yes", minCount: 2 },
    }),
  train: trainOn,
  evaluate: evaluateOn,
  async sample(task, data) {
    const some = parted(data).held.slice(0, 5);
    const answers = await predicted<string[]>(
      task,
      some.map(({ words }) => words),
    );
    return some.map((sentence, i) => ({ ...sentence, answer: answers[i] ?? [] }));
  },
};

import type * as sg from "seqgrad";
import { dates, french, type Pair } from "../data/pairs.js";
import { checkCount, evaluateOn, meanOf, mostOf, parted, predicted, trainOn, updatesOf } from "../examples.js";
import { archField, batchField, choice, dropoutField, epochsField, hiddenField, layersField, lrField, scheduleField } from "../fields.js";
import { columnsOf, readTable } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, type Problem, textOf } from "../task.js";

const EMBED = 32;
const tokensOf = (text: string, unit: string) => (unit === "characters" ? text.length : text.split(/\s+/).length);

/** Texts for texts. */
export const translation: LabTask<readonly Pair[]> = {
  id: "translation",
  datasets: [
    { id: "french", title: "1,200 sentences, English to French", make: french },
    { id: "dates", title: "1,500 dates, as people and as machines write them", make: dates },
  ],
  accept: ".tsv,.csv",
  form: "Two columns, source and target; a first line may name them.",
  async read(text, name) {
    const { rows, problems } = await readTable(text, name);
    const { at, body, hasHeader } = columnsOf(
      rows,
      [/^(?:source|src|english|en|from|question)$/, /^(?:target|tgt|to|french|german|fr|de|answer)$/],
      () => [0, 1],
    );
    const empty: Problem[] = [];
    const pairs = body.flatMap(({ cells, line }) => {
      const [source, target] = [cells[at[0]]?.trim() ?? "", cells[at[1]]?.trim() ?? ""];
      if (source !== "" && target !== "") return [{ source, target }];
      empty.push({ line, text: source === "" ? "the source is empty" : "the target is empty" });
      return [];
    });
    checkCount(name, pairs.length, "pairs");
    return {
      data: pairs,
      notes: [
        `${pairs.length} pairs; column ${at[0] + 1} is the source, column ${at[1] + 1} the target${hasHeader ? "; the first line names them" : ""}`,
      ],
      problems: [...problems, ...empty],
    };
  },
  preview: (data) => ({
    note: `${data.length} pairs`,
    columns: ["source", "target"],
    rows: data.slice(0, 6).map(({ source, target }) => [source, target]),
  }),
  fields: [
    archField(["gru", "lstm", "rnn", "transformer"], "gru"),
    hiddenField(64),
    layersField,
    choice(
      "unit",
      "Tokens",
      [
        ["words", "words"],
        ["characters", "characters"],
        ["bpe", "parts of words"],
      ] as const,
      "words",
      "Dates need characters.",
    ),
    choice(
      "attention",
      "Attention",
      [
        ["additive", "additive"],
        ["general", "general"],
        ["none", "none"],
      ] as const,
      "additive",
    ),
    dropoutField(0.1),
    batchField(32),
    epochsField(8),
    lrField(0.005),
    scheduleField("cosine"),
  ],
  check(_, values) {
    if (textOf(values, "arch") !== "transformer") return;
    if (numberOf(values, "hidden") % 4 !== 0) throw new Error("A Transformer has 4 heads. Choose units that 4 divides.");
  },
  size(data, values) {
    const [hidden, unit] = [numberOf(values, "hidden"), textOf(values, "unit")];
    const shape = { arch: textOf(values, "arch"), input: EMBED, hidden, layers: numberOf(values, "layers") };
    const vocab =
      unit === "words"
        ? new Set(data.flatMap(({ source, target }) => [...source.split(" "), ...target.split(" ")])).size
        : unit === "characters"
          ? 100
          : 1500;
    const longest = mostOf(data.map(({ source, target }) => Math.max(tokensOf(source, unit), tokensOf(target, unit))));
    return {
      parameters: 4 * layersSize(shape) + 2 * vocab * (EMBED + hidden) + 4 * hidden * hidden,
      activations: 3 * activationsOf(shape, numberOf(values, "batch"), Math.min(64, longest), vocab + hidden),
    };
  },
  updates: updatesOf,
  amount: (data, values) => numberOf(values, "batch") * meanOf(data.map(({ target }) => tokensOf(target, textOf(values, "unit")))),
  unit: "target tokens",
  loss: "cross-entropy of a token",
  create(trainer, data, values) {
    const arch = textOf(values, "arch") as "gru";
    const isRecurrent = (arch as string) !== "transformer";
    return trainer.tasks.Translator.create(data, {
      ...{ arch, hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers"), dropout: numberOf(values, "dropout") },
      ...{ unit: textOf(values, "unit") as "words", minCount: 1 },
      ...(isRecurrent && { embed: EMBED, attention: textOf(values, "attention") as "additive" }),
    } as sg.tasks.TranslatorOptions);
  },
  train: trainOn,
  evaluate: evaluateOn,
  async sample(task, data) {
    const some = parted(data).held.slice(0, 6);
    const answers = await predicted<string>(
      task,
      some.map(({ source }) => source),
    );
    return some.map((pair, i) => ({ ...pair, answer: answers[i] ?? "" }));
  },
};

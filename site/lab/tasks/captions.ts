import type * as sg from "seqgrad";
import { type Scene, scenes } from "../data/scenes.js";
import { checkCount, evaluateOn, meanOf, parted, predicted, trainOn, updatesOf } from "../examples.js";
import { archField, batchField, choice, dropoutField, epochsField, hiddenField, layersField, lrField, scheduleField } from "../fields.js";
import { readTable } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, type Problem, textOf } from "../task.js";

const EMBED = 24;
const wordsOf = (text: string) => text.split(" ").length;

/** Sentences about pictures. */
export const captions: LabTask<readonly Scene[]> = {
  id: "captions",
  datasets: [
    { id: "two", title: "2,400 pictures of one or two shapes", make: () => scenes(2) },
    { id: "one", title: "2,400 pictures of one shape", make: () => scenes(1) },
  ],
  accept: ".csv,.tsv",
  form: "A caption in the first column, and the numbers that describe the picture in the others.",
  async read(text, name) {
    const { rows, problems } = await readTable(text, name);
    const isNumber = (cell: string) => cell.trim() !== "" && Number.isFinite(Number(cell));
    const body = rows[0]?.cells.slice(1).some(isNumber) ? rows : rows.slice(1);
    const odd: Problem[] = [];
    const pictures = body.flatMap(({ cells: [caption = "", ...numbers], line }) => {
      const bad = numbers.findIndex((cell) => !isNumber(cell));
      if (bad < 0 && caption.trim() !== "" && numbers.length > 0) return [{ caption: caption.trim(), features: [numbers.map(Number)] }];
      odd.push({ line, text: bad >= 0 ? `column ${bad + 2} has "${numbers[bad]}"; expected a number` : "the caption is empty" });
      return [];
    });
    checkCount(name, pictures.length, "pictures");
    return {
      data: pictures,
      notes: [`${pictures.length} pictures of ${pictures[0]?.features[0]?.length ?? 0} numbers`],
      problems: [...problems, ...odd],
    };
  },
  preview: (data) => ({
    note: `${data.length} pictures of ${data[0]?.features.length ?? 0} places`,
    columns: ["caption"],
    rows: data.slice(0, 6).map(({ caption }) => [caption]),
  }),
  fields: [
    archField(["lstm", "gru", "rnn"], "lstm"),
    hiddenField(64),
    layersField,
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
    dropoutField(0),
    batchField(48),
    epochsField(9),
    lrField(0.006),
    scheduleField("cosine"),
  ],
  size(data, values) {
    const hidden = numberOf(values, "hidden");
    const shape = { arch: textOf(values, "arch"), input: EMBED + hidden, hidden, layers: numberOf(values, "layers") };
    const vocab = new Set(data.flatMap(({ caption }) => caption.split(" "))).size + 4;
    const [places, features] = [data[0]?.features.length ?? 1, data[0]?.features[0]?.length ?? 1];
    const rows = numberOf(values, "batch");
    return {
      parameters: layersSize(shape) + vocab * (EMBED + hidden) + 4 * hidden * hidden + features * hidden,
      activations: activationsOf(shape, rows, 14, vocab + places * hidden) + rows * places * hidden,
    };
  },
  updates: updatesOf,
  amount: (data, values) => numberOf(values, "batch") * meanOf(data.map(({ caption }) => wordsOf(caption))),
  unit: "words",
  loss: "cross-entropy of a word",
  create: (trainer, data, values) =>
    trainer.tasks.ImageCaptioner.create(data, {
      ...{ arch: textOf(values, "arch") as "lstm", hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers"), embed: EMBED },
      ...{ attention: textOf(values, "attention") as "additive", dropout: numberOf(values, "dropout"), minCount: 1 },
    } as sg.tasks.ImageCaptionerOptions),
  train: trainOn,
  evaluate: evaluateOn,
  async sample(task, data) {
    const some = parted(data).held.slice(0, 4);
    const answers = await predicted<string>(
      task,
      some.map(({ features }) => features),
    );
    return some.map((scene, i) => ({ ...scene, answer: answers[i] ?? "" }));
  },
};

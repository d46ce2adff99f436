import * as sg from "seqgrad";
import { type Melody, melodies } from "../data/melodies.js";
import { checkCount, evaluateOn, meanOf, mostOf, parted, predicted, trainOn, updatesOf } from "../examples.js";
import { archField, batchField, dropoutField, epochsField, hiddenField, layersField, lrField, scheduleField } from "../fields.js";
import { readTable } from "../lenient.js";
import { activationsOf, layersSize } from "../size.js";
import { type LabTask, numberOf, type Problem, textOf } from "../task.js";

/** Texts of sounds. */
export const sounds: LabTask<readonly Melody[]> = {
  id: "sounds",
  datasets: [
    { id: "melodies", title: "260 melodies in noise", make: () => melodies() },
    { id: "noisy", title: "260 melodies in loud noise", make: () => melodies(260, 1.6) },
  ],
  accept: ".tsv",
  form: "A text, a tab and its frames on each line: numbers with commas, and semicolons between frames.",
  async read(text, name) {
    const { rows, problems } = await readTable(text, name.replace(/\.\w+$/, ".tsv"));
    const odd: Problem[] = [];
    const recordings = rows.flatMap(({ cells: [symbols = "", ...cells], line }) => {
      try {
        if (symbols.trim() === "") throw new Error("the text is empty");
        return [{ text: symbols.trim(), frames: sg.data.parseFrames(cells.join(";")) }];
      } catch (error) {
        odd.push({ line, text: error instanceof Error ? error.message : String(error) });
        return [];
      }
    });
    checkCount(name, recordings.length, "recordings");
    return {
      data: recordings,
      notes: [`${recordings.length} recordings of ${recordings[0]?.frames[0]?.length ?? 0} numbers a frame`],
      problems: [...problems, ...odd],
    };
  },
  preview: (data) => ({
    note: `${data.length} recordings`,
    columns: ["text", "frames"],
    rows: data.slice(0, 6).map(({ text, frames }) => [text, frames.length]),
  }),
  fields: [
    archField(["lstm", "gru", "rnn"], "lstm"),
    hiddenField(32),
    layersField,
    dropoutField(0),
    batchField(16),
    epochsField(14),
    lrField(0.01),
    scheduleField("cosine"),
  ],
  size(data, values) {
    const hidden = numberOf(values, "hidden");
    const shape = {
      arch: textOf(values, "arch"),
      input: data[0]?.frames[0]?.length ?? 1,
      hidden,
      layers: numberOf(values, "layers"),
      bidirectional: true,
    };
    const classes = new Set(data.flatMap(({ text }) => [...text])).size + 1;
    const longest = mostOf(data.map(({ frames }) => frames.length));
    return {
      parameters: layersSize(shape) + (2 * hidden + 1) * classes,
      activations: activationsOf(shape, numberOf(values, "batch"), longest, 4 * classes),
    };
  },
  updates: updatesOf,
  amount: (data, values) => numberOf(values, "batch") * meanOf(data.map(({ frames }) => frames.length)),
  unit: "frames",
  loss: "CTC loss of a note",
  create: (trainer, data, values) =>
    trainer.tasks.SpeechRecognizer.create(data, {
      ...{ arch: textOf(values, "arch") as "lstm", hidden: numberOf(values, "hidden"), layers: numberOf(values, "layers") },
      ...{ dropout: numberOf(values, "dropout") },
    }),
  train: trainOn,
  evaluate: evaluateOn,
  async sample(task, data) {
    const some = parted(data).held.slice(0, 3);
    const answers = await predicted<string>(
      task,
      some.map(({ frames }) => frames),
    );
    return some.map((melody, i) => ({ ...melody, answer: answers[i] ?? "" }));
  },
};

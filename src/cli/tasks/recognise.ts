import { type Recording, SpeechRecogniser } from "../../tasks/speech-recogniser.js";
import { recogniserJudge } from "../judges/writers.js";
import { columnsIn, commonOptions, type FramesForm, framesIn, framesOfLines, partsOf, type TaskKind } from "./kind.js";

/** The recordings of a file, and where each stands. */
async function recordingsIn(text: string, file: string, form?: FramesForm): Promise<(Recording & { where: string })[]> {
  const rows = await columnsIn(text, file, ["text", "frames"]);
  const frames = framesIn(rows, 1, file, form);
  return rows.map(({ cells: [said] }, i) => ({ text: said!, ...frames[i]! }));
}

export const recognise: TaskKind = {
  name: "recognise",
  type: SpeechRecogniser.type,
  description: "Train a recogniser of symbols in frames",
  data: "Rows of text, tab, frames: numbers between spaces, frames between semicolons; or a .csv file; a header may name the columns",
  options: commonOptions({ cell: "lstm", hidden: 64, dropout: 0.1, batch: 16, epochs: 20 }, ["rnn", "gru", "lstm", "transformer"]),
  judge: recogniserJudge,

  async prepare(text, file, recipe) {
    const recordings = await recordingsIn(text, file);
    const { train, validation, test } = partsOf(recordings, recipe);
    const { cell, hidden, layers, dropout } = recipe;
    return () => {
      const task = SpeechRecogniser.create(train, { cell, hidden, layers, dropout } as object);
      for (const recording of recordings) task.check(recording, recording.where);
      return { task, train, validation, test };
    };
  },

  async examples(task, text, file) {
    const recogniser = task as unknown as SpeechRecogniser;
    const recordings = await recordingsIn(text, file, { size: recogniser.model.config.features });
    for (const recording of recordings) recogniser.check(recording, recording.where);
    return recordings;
  },

  searches: "prefixes",
  inputs: async (task, text, source) => framesOfLines(text, source, { size: (task as unknown as SpeechRecogniser).model.config.features }),
  show: (answer) => answer as string,
  json: (answer) => ({ answer }),
};

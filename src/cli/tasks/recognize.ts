import { type Recording, SpeechRecognizer } from "../../tasks/speech-recognizer.js";
import { recognizerJudge } from "../judges/writers.js";
import { warn } from "../notes.js";
import { commonOptions, partsOf, type TaskKind, type TaskRecipe } from "./kind.js";
import { textReading } from "./reading.js";
import type { Reading } from "./task-options.js";
import { columnsIn, type FramesForm, framesIn, framesOf, inputsIn } from "./text-table.js";

const parts = ["text", "frames"] as const;

type Row = Recording & { readonly where: string };

/** The recordings of a file, and where each stands. */
async function recordingsIn(
  text: string,
  file: string,
  reading: Reading,
  form?: FramesForm,
): Promise<{ rows: Row[]; reading: TaskRecipe }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  const frames = framesIn(rows, 1, file, form);
  return { rows: rows.map(({ cells: [said] }, i) => ({ text: said!, ...frames[i]! })), reading: found };
}

/** Refuses recordings that are too short, and says which symbols the model cannot write. */
function checkOthers(task: SpeechRecognizer, file: string, rows: readonly Row[], whose: string): void {
  const unknown = new Set<string>();
  for (const row of rows) {
    const strange = task.unknownSymbols(row.text);
    for (const symbol of strange) unknown.add(symbol);
    if (strange.length === 0) task.check(row, row.where);
  }
  if (unknown.size === 0) return;
  const symbols = Array.from(unknown)
    .slice(0, 10)
    .map((symbol) => JSON.stringify(symbol));
  warn(`${file}: ${whose} the symbol${symbols.length === 1 ? "" : "s"} ${symbols.join(", ")}; each counts as missed.`);
}

export const recognize: TaskKind = {
  name: "recognize",
  type: SpeechRecognizer.type,
  description: "Train a recognizer of symbols in frames",
  data: "Rows of text, tab, frames: numbers between spaces, frames between semicolons; or a .csv file; a header may name the columns",
  options: {
    ...textReading(parts),
    ...commonOptions({ cell: "lstm", hidden: 64, dropout: 0.1, batch: 16, epochs: 20 }, ["rnn", "gru", "lstm", "transformer"]),
  },
  judge: recognizerJudge,

  async prepare(text, file, recipe) {
    const { rows: recordings, reading } = await recordingsIn(text, file, { given: recipe, trained: {} });
    const { train, validation, test } = partsOf(recordings, recipe);
    const { cell: arch, hidden, layers, dropout } = recipe;
    return async () => {
      const task = await SpeechRecognizer.createAsync(train, { arch, hidden, layers, dropout } as object);
      for (const recording of train) task.check(recording, recording.where);
      checkOthers(task, file, [...validation, ...test], "no example to train on has");
      return { task, train, validation, test, reading };
    };
  },

  async examples(task, text, file, reading) {
    const recognizer = task as unknown as SpeechRecognizer;
    const { rows: recordings } = await recordingsIn(text, file, reading, { size: recognizer.model.config.features });
    checkOthers(recognizer, file, recordings, "the model does not know");
    return recordings;
  },

  searches: "prefixes",
  inputs: async (task, text, source, reading) =>
    framesOf(await inputsIn(text, source, parts, "frames", reading), source, {
      size: (task as unknown as SpeechRecognizer).model.config.features,
    }),
  blank: "",
  show: (answer) => answer as string,
  json: (answer) => ({ answer }),
};

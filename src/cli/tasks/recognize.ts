import type { Frames } from "../../data/frames.js";
import { countedErrors } from "../../metrics/edit.js";
import { type Recording, SpeechRecognizer } from "../../tasks/speech-recognizer.js";
import { inTurns } from "../../util/breath.js";
import type { Given } from "../../util/schema.js";
import { mostCommon, writerJudge } from "../judges/writers.js";
import { warn } from "../notes.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { type Reading, textReading, wordsOf } from "./reading.js";
import { columnsIn, type FramesForm, framesIn, framesOf, inputsIn } from "./text-table.js";

const parts = ["text", "frames"] as const;

type Row = Recording & { readonly where: string };

/** The recordings of a file, and where each stands. */
async function recordingsIn(text: string, file: string, reading: Reading, form?: FramesForm): Promise<{ rows: Row[]; reading: Given }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  const frames = framesIn(rows, 1, file, form);
  return { rows: frames.map((own, i) => ({ text: rows[i]?.cells[0] ?? "", ...own })), reading: found };
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

/** The form of the frames that a model takes. */
const formOf = ({ model }: SpeechRecognizer): FramesForm => ({ size: model.config.features });

const recognizerJudge = writerJudge<SpeechRecognizer, Recording, Frames>({
  advice: "Try more --epochs, a larger --hidden, or more recordings; or use the baseline.",
  inputOf: ({ frames }) => frames,
  expectedOf: ({ text }) => text,
  shown: ({ frames }) => `${frames.length} frames`,
  measured: async (task, recordings, answers) => ({ measures: await task.evaluate(recordings, { answers }) }),
  async baselines(train, recordings) {
    const texts = recordings.map(({ text }) => text);
    const common = mostCommon(train?.map(({ text }) => text) ?? texts);
    const symbolErrorRate = await inTurns(
      countedErrors(
        texts.map(() => [...common]),
        texts.map((text) => [...text]),
      ),
    );
    const exact = texts.filter((text) => text === common).length / texts.length;
    return [{ name: "always the most common text", measures: { symbolErrorRate, exact } }];
  },
});

export const recognize = kindOf<SpeechRecognizer, Recording, Frames, string>({
  name: "recognize",
  task: SpeechRecognizer,
  description: "Train a recognizer of symbols in frames",
  data: "Rows of text, tab, frames: numbers between spaces, frames between semicolons; or a .csv file; a header may name the columns",
  reading: textReading(parts),
  judge: recognizerJudge,

  async prepare(text, file, recipe, shares) {
    const { rows, reading } = await recordingsIn(text, file, { flags: wordsOf(recipe), trained: {} });
    const { train, validation, test } = partsOf(rows, shares);
    return async () => {
      const task = await SpeechRecognizer.createAsync(train, SpeechRecognizer.options.among(recipe));
      for (const recording of train) task.check(recording, recording.where);
      checkOthers(task, file, [...validation, ...test], "no example to train on has");
      return { task, train, validation, test, reading };
    };
  },
  train: (task, { train, validation }, recipe, run) =>
    task.train(train, { ...SpeechRecognizer.training.among(recipe), ...run, validation }),

  async examples(task, text, file, reading) {
    const { rows } = await recordingsIn(text, file, reading, formOf(task));
    checkOthers(task, file, rows, "the model does not know");
    return rows;
  },

  answers: {
    searches: "prefixes",
    inputs: async (task, text, source, reading) => framesOf(await inputsIn(text, source, parts, "frames", reading), source, formOf(task)),
    predict: (task, recordings, { beam = 1 }) => task.predict(recordings, { beam }),
    isBlank: ({ length }) => length === 0,
    blank: "",
    show: (answer) => answer,
    json: (answer) => ({ answer }),
  },
});

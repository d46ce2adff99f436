import { kinds } from "../../tasks/kinds.js";
import type { TextPair, Translator } from "../../tasks/translator.js";
import { SeqgradError } from "../../util/errors.js";
import type { Given } from "../../util/schema.js";
import { translatorJudge } from "../judges/writers.js";
import { attentionOn, ofTranslator } from "../page/attention.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { type Reading, textReading, wordsOf } from "./reading.js";
import { columnsIn, inputsIn, isBlankText } from "./text-table.js";

const parts = ["source", "target"] as const;

/** The source and the target of each row. */
async function pairsIn(text: string, file: string, reading: Reading): Promise<{ pairs: TextPair[]; reading: Given }> {
  const { rows, reading: found } = await columnsIn(text, file, parts, reading);
  return { pairs: rows.map(({ cells: [source = "", target = ""] }) => ({ source, target })), reading: found };
}

const Task = kinds.translate;

export const translate = kindOf<Translator, TextPair, string, string>({
  name: "translate",
  description: "Train a translator of texts",
  data: "Rows of source, tab, target; or a .csv file; a header may name the columns",
  options: Task.options,
  training: Task.training,
  criteria: Task.criteria,
  reading: textReading(parts),
  needed: ["minCount"],
  fromSaved: Task.fromSaved,
  judge: translatorJudge,

  async prepare(text, file, recipe, shares) {
    const { pairs, reading } = await pairsIn(text, file, { given: wordsOf(recipe), trained: {} });
    const sources = [...new Set(pairs.map(({ source }) => source))];
    if (shares.validation !== 0 && Math.round(sources.length * shares.validation) === 0) {
      const got = `--validation ${shares.validation} leaves none of the ${sources.length} different sources of ${file}`;
      throw new SeqgradError("range", `${got}; give a larger share, or 0 for none.`);
    }
    const split = partsOf(sources, shares);
    // A source's other translations would give it away: all of them are held back, or none.
    const part = (own: readonly string[]) => {
      const members = new Set(own);
      return pairs.filter(({ source }) => members.has(source));
    };
    const [train, validation, test] = [part(split.train), part(split.validation), part(split.test)];
    return async () => ({ task: await Task.createAsync(train, Task.options.among(recipe)), train, validation, test, reading });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...Task.training.among(recipe), ...run, validation }),

  examples: async (_, text, file, reading) => (await pairsIn(text, file, reading)).pairs,
  answers: {
    searches: "texts",
    inputs: async (_, text, source, reading) => (await inputsIn(text, source, parts, "source", reading)).map(({ cells: [words] }) => words),
    predict: (task, texts, search) => task.predict(texts, search),
    isBlank: isBlankText,
    blank: "",
    show: (answer) => answer,
    json: (answer, input) => ({ input, answer }),
  },
  page: async (task, samples) => ({ attention: await attentionOn(samples, (sample) => ofTranslator(task, sample)) }),
});

import { type TextPair, Translator } from "../../tasks/translator.js";
import { SeqgradError } from "../../util/errors.js";
import type { Given } from "../../util/schema.js";
import { nearestTargets } from "../judges/nearest.js";
import { signed, textBaseline, writerJudge } from "../judges/writers.js";
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

const translatorJudge = writerJudge<Translator, TextPair, string>({
  advice: "Try more --epochs, a larger --hidden, another --unit, or more pairs; or use the baseline.",
  learnsBaseline: true,
  inputOf: ({ source }) => source,
  expectedOf: ({ target }) => target,
  shown: ({ source }) => source,
  async measured(task, pairs, answers) {
    const { measures, bleu } = await task.report(pairs, { answers });
    const { lines, json } = signed(bleu);
    const buckets = await task.bleuByLengthAsync(pairs, answers);
    const byLength = buckets.map(({ low, high, sentences, score }) => ({ low, high, sentences, bleu: score }));
    const table = byLength.map(
      ({ low, high, sentences, bleu: score }) => `${low} to ${high - 1} tokens  ${sentences} sentences  bleu ${score.toFixed(4)}`,
    );
    return { measures, lines: [...lines, ...table], json: { ...json, ...(byLength.length > 0 && { bleuByLength: byLength }) } };
  },
  async baselines(train, pairs) {
    if (!train) return [];
    const sources = pairs.map(({ source }) => source);
    const answers = await nearestTargets(train, sources);
    const targets = pairs.map(({ target }) => target);
    return [await textBaseline("the target of the most similar source of training", answers, sources, targets)];
  },
});

export const translate = kindOf<Translator, TextPair, string, string>({
  name: "translate",
  task: Translator,
  description: "Train a translator of texts",
  data: "Rows of source, tab, target; or a .csv file; a header may name the columns",
  reading: textReading(parts),
  needed: ["minCount"],
  judge: translatorJudge,

  async prepare(text, file, recipe, shares) {
    const { pairs, reading } = await pairsIn(text, file, { flags: wordsOf(recipe), trained: {} });
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
    return async () => ({ task: await Translator.createAsync(train, Translator.options.among(recipe)), train, validation, test, reading });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...Translator.training.among(recipe), ...run, validation }),

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

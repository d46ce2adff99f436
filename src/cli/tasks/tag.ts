import { parseConll, type TaggedSentence } from "../../data/conll.js";
import { EntityTagger } from "../../tasks/entity-tagger.js";
import { taggerJudge } from "../judges/tagger.js";
import { warn } from "../notes.js";
import { commonOptions, flagOption, localeOf, localeOption, partsOf, type TaskKind, type TaskRecipe, wholeOption } from "./kind.js";
import { columnReading, valuesOf } from "./reading.js";
import { linesOf } from "./text-table.js";

export const tag: TaskKind = {
  name: "tag",
  type: EntityTagger.type,
  description: "Train a tagger of words",
  data: "A CoNLL file: word, tab, tag a line, an empty line after each sentence",
  options: {
    embed: wholeOption("embed", 1, 64, "Size of a word's vector"),
    "min-count": wholeOption("min-count", 1, 2, "Words that occur less often are unknown"),
    crf: flagOption("Choose the tags of a sentence together, by a conditional random field"),
    locale: localeOption,
    ...columnReading(["token", "tag"]),
    ...commonOptions({ cell: "lstm", hidden: 64, dropout: 0.4, batch: 16, epochs: 12 }, ["rnn", "gru", "lstm", "transformer"]),
  },
  judge: taggerJudge,
  learnsBaseline: true,

  async prepare(text, file, recipe) {
    const { train, validation, test } = partsOf(read(text, file, recipe), recipe, true);
    const known = new Set(["O", ...train.flatMap(({ tags }) => tags)]);
    warnOfTags([...validation, ...test], known, file, "occur only in the part for validation or test");
    const { cell: arch, hidden, layers, embed, dropout, crf } = recipe;
    const options = { arch, hidden, layers, embed, dropout, crf, minCount: recipe["min-count"], ...localeOf(recipe) };
    return async () => ({ task: await EntityTagger.createAsync(train, options as object), train, validation, test });
  },

  async examples(task, text, file, reading) {
    const sentences = read(text, file, valuesOf(reading, tag.options));
    warnOfTags(sentences, new Set((task as unknown as EntityTagger).tags), file, "are unknown to the model");
    return sentences;
  },

  inputs: async (task, text) => linesOf(text).map((line) => (task as unknown as EntityTagger).split(line)),
  blank: [],
  show: (answer, input) => (input as string[]).map((word, i) => `${word}\t${(answer as string[])[i]}\n`).join(""),
  json: (answer, input) => ({ words: input, tags: answer }),
};

/** The sentences of a file, by the columns that the options name. */
function read(text: string, file: string, values: TaskRecipe): TaggedSentence[] {
  const [token, own] = [values["token-column"], values["tag-column"]].map((value) => String(value ?? ""));
  return parseConll(text, { name: file, ...(token && { tokenColumn: token }), ...(own && { tagColumn: own }) });
}

/** Warns about tags that are missing from the training examples: the model cannot predict them. */
function warnOfTags(sentences: readonly TaggedSentence[], known: ReadonlySet<string>, file: string, what: string): void {
  const missed = new Set(sentences.flatMap(({ tags }) => tags).filter((name) => !known.has(name)));
  if (missed.size > 0) warn(`${file}: the tags ${[...missed].join(", ")} ${what}; they count as missed.`);
}

import { readConll, type TaggedSentence } from "../../data/conll.js";
import type { EntityTagger } from "../../tasks/entity-tagger.js";
import { kinds } from "../../tasks/kinds.js";
import { taggerJudge } from "../judges/tagger.js";
import { warn } from "../notes.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { columnReading, note, type Reading, valuesOf, wordsOf } from "./reading.js";
import { linesOf } from "./text-table.js";

const Task = kinds.tag;
const columns = columnReading(["token", "tag"]);

export const tag = kindOf<EntityTagger, TaggedSentence, string[], string[]>({
  name: "tag",
  description: "Train a tagger of words",
  data: "A CoNLL file: word, tab, tag a line, an empty line after each sentence",
  options: Task.options,
  training: Task.training,
  criteria: Task.criteria,
  reading: columns,
  needed: ["minCount"],
  fromSaved: Task.fromSaved,
  judge: taggerJudge,

  async prepare(text, file, recipe, shares) {
    const { train, validation, test } = partsOf(read(text, file, { given: wordsOf(recipe), trained: {} }), shares, true);
    const known = new Set(["O", ...train.flatMap(({ tags }) => tags)]);
    warnOfTags([...validation, ...test], known, file, "occur only in the part for validation or test");
    return async () => ({ task: await Task.createAsync(train, Task.options.among(recipe)), train, validation, test });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...Task.training.among(recipe), ...run, validation }),

  async examples(task, text, file, reading) {
    const sentences = read(text, file, reading);
    warnOfTags(sentences, new Set(task.tags), file, "are unknown to the model");
    return sentences;
  },

  answers: {
    inputs: async (task, text) => linesOf(text).map((line) => task.split(line)),
    predict: (task, sentences) => task.predict(sentences),
    isBlank: ({ length }) => length === 0,
    blank: [],
    show: (answer, input = []) => input.map((word, i) => `${word}\t${answer[i]}\n`).join(""),
    json: (answer, input = []) => ({ words: input, tags: answer }),
  },
});

/** The sentences of a file, by the columns that the options name. */
function read(text: string, file: string, reading: Reading): TaggedSentence[] {
  const { tokenColumn, tagColumn } = valuesOf(reading, columns);
  const { sentences, isUniversal } = readConll(text, {
    name: file,
    ...(tokenColumn && { tokenColumn }),
    ...(tagColumn && { tagColumn }),
  });
  if (isUniversal && !tagColumn)
    note(file, "the file is CoNLL-U: the tags are its UPOS, the parts of speech; --tag-column XPOS, or another name, takes other tags");
  return sentences;
}

/** Warns about tags that are missing from the training examples: the model cannot predict them. */
function warnOfTags(sentences: readonly TaggedSentence[], known: ReadonlySet<string>, file: string, what: string): void {
  const missed = new Set(sentences.flatMap(({ tags }) => tags).filter((name) => !known.has(name)));
  if (missed.size > 0) warn(`${file}: the tags ${[...missed].join(", ")} ${what}; they count as missed.`);
}

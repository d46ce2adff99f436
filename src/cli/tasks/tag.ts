import { parseConll, type TaggedSentence } from "../../data/conll.js";
import { EntityTagger } from "../../tasks/entity-tagger.js";
import { SeqgradError } from "../../util/errors.js";
import { taggerJudge } from "../judges/tagger.js";
import { commonOptions, flagOption, linesOf, partsOf, type TaskKind, wholeOption } from "./kind.js";

export const tag: TaskKind = {
  name: "tag",
  type: EntityTagger.type,
  description: "Train a tagger of words",
  data: "A CoNLL file: word, tab, tag a line, an empty line after each sentence",
  options: {
    embed: wholeOption("embed", 1, 64, "Size of a word's vector"),
    "min-count": wholeOption("min-count", 1, 2, "Words that occur less often are unknown"),
    crf: flagOption("Choose the tags of a sentence together, by a conditional random field"),
    ...commonOptions({ cell: "lstm", hidden: 64, dropout: 0.4, batch: 16, epochs: 12 }, ["rnn", "gru", "lstm", "transformer"]),
  },
  judge: taggerJudge,

  async prepare(text, file, recipe) {
    const { train, validation, test } = partsOf(parseConll(text, file), recipe, true);
    checkTags(validation, new Set(["O", ...train.flatMap(({ tags }) => tags)]), file, "of the sentences to train on");
    const { cell, hidden, layers, embed, dropout, crf } = recipe;
    const options = { cell, hidden, layers, embed, dropout, crf, minCount: recipe["min-count"] };
    return () => ({ task: EntityTagger.create(train, options as object), train, validation, test });
  },

  async examples(task, text, file) {
    const sentences = parseConll(text, file);
    checkTags(sentences, new Set((task as unknown as EntityTagger).tags), file, "of the model's");
    return sentences;
  },

  inputs: async (_, text) => linesOf(text).map((line) => line.trim().split(/\s+/)),
  show: (answer, input) => (input as string[]).map((word, i) => `${word}\t${(answer as string[])[i]}\n`).join(""),
  json: (answer, input) => ({ words: input, tags: answer }),
};

/** Refuses a tag that the model cannot give. */
function checkTags(sentences: readonly TaggedSentence[], known: ReadonlySet<string>, file: string, whose: string): void {
  for (const { tags, line } of sentences) {
    const at = tags.findIndex((name) => !known.has(name));
    if (at < 0) continue;
    const got = `${JSON.stringify(tags[at])} is none ${whose} tags ${[...known].join(", ")}`;
    throw new SeqgradError("format", `${file}, line ${line + at}, column 2: ${got}.`);
  }
}

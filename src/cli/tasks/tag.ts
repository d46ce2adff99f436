import { readConll, type TaggedSentence } from "../../data/conll.js";
import { entityF1 } from "../../metrics/entities.js";
import { EntityTagger } from "../../tasks/entity-tagger.js";
import { nth } from "../../util/nth.js";
import { type Baseline, type Judge, scoreTable, singleClass } from "../judges/judge.js";
import { warn } from "../notes.js";
import { kindOf } from "../train.js";
import { partsOf } from "./kind.js";
import { columnReading, note, type Reading, valuesOf, wordsOf } from "./reading.js";
import { linesOf } from "./text-table.js";

const columns = columnReading(["token", "tag"]);

type Sentence = Pick<TaggedSentence, "words" | "tags">;

/** The share of words that have their tag. */
function accuracyOf(answers: readonly (readonly string[])[], sentences: readonly Sentence[]): number {
  const expected = sentences.flatMap(({ tags }) => tags);
  return answers.flat().filter((tag, i) => tag === expected[i]).length / expected.length;
}

function measured(name: string, answers: string[][], sentences: readonly Sentence[]): Baseline {
  const { f1, precision, recall } = entityF1(
    answers,
    sentences.map(({ tags }) => tags),
  );
  return { name, measures: { f1, precision, recall, accuracy: accuracyOf(answers, sentences) } };
}

/** Gives each word the tag that it most often has where training saw it, and O to others. */
function tagOfWord(train: readonly Sentence[]): (word: string) => string {
  const counts = new Map<string, Map<string, number>>();
  for (const { words, tags } of train)
    for (const [i, word] of words.entries()) {
      const own = counts.get(word) ?? new Map<string, number>();
      counts.set(word, own.set(nth(tags, i), (own.get(nth(tags, i)) ?? 0) + 1));
    }
  const most = new Map(
    Array.from(counts, ([word, own]) => [
      word,
      nth(
        [...own].sort(([, a], [, b]) => b - a),
        0,
      )[0],
    ]),
  );
  return (word) => most.get(word) ?? "O";
}

const taggerJudge: Judge<EntityTagger, Sentence> = {
  learnsBaseline: true,
  advice: "Try more --epochs with --patience 3, --crf, a smaller --dropout, or more sentences.",

  async evaluate(task, sentences) {
    const { measures, entities, confusion, answers } = await task.report(sentences);
    const samples = sentences.map(({ words, tags }, i) => {
      const show = (own: readonly string[]) => words.map((word, w) => (own[w] === "O" ? word : `${word}/${own[w]}`)).join(" ");
      return {
        input: words.join(" "),
        expected: show(tags),
        answer: show(nth(answers, i)),
        right: tags.every((tag, w) => tag === nth(answers, i)[w]),
      };
    });
    const { types, macro, weighted, precision, recall, f1 } = entities;
    const tables = types.size > 0 ? [scoreTable("type", types, { micro: { precision, recall, f1 }, macro, weighted })] : [];
    const warning = singleClass(
      answers.flat(),
      sentences.flatMap(({ tags }) => tags),
    );
    return { measures, tables, confusion, samples, ...warning };
  },

  async baselines(train, sentences) {
    if (!train) return [];
    const tagOf = tagOfWord(train);
    const answers = sentences.map(({ words }) => words.map(tagOf));
    return [measured("each word's most common tag", answers, sentences)];
  },
};

export const tag = kindOf<EntityTagger, TaggedSentence, string[], string[]>({
  name: "tag",
  task: EntityTagger,
  description: "Train a tagger of words",
  data: "A CoNLL file: word, tab, tag a line, an empty line after each sentence",
  reading: columns,
  needed: ["minCount"],
  judge: taggerJudge,

  async prepare(text, file, recipe, shares) {
    const { train, validation, test } = partsOf(read(text, file, { flags: wordsOf(recipe), trained: {} }), shares, true);
    const known = new Set(["O", ...train.flatMap(({ tags }) => tags)]);
    warnOfTags([...validation, ...test], known, file, "occur only in the part for validation or test");
    return async () => ({ task: await EntityTagger.createAsync(train, EntityTagger.options.among(recipe)), train, validation, test });
  },
  train: (task, { train, validation }, recipe, run) => task.train(train, { ...EntityTagger.training.among(recipe), ...run, validation }),

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

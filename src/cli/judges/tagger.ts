import type { TaggedSentence } from "../../data/conll.js";
import { entityF1 } from "../../metrics/entities.js";
import type { EntityTagger } from "../../tasks/entity-tagger.js";
import { type Baseline, type Judge, scoreTable, singleClass } from "./judge.js";

type Sentence = Pick<TaggedSentence, "words" | "tags">;

/** The share of words that have their tag. */
function accuracyOf(answers: readonly (readonly string[])[], sentences: readonly Sentence[]): number {
  const wanted = sentences.flatMap(({ tags }) => tags);
  return answers.flat().filter((tag, i) => tag === wanted[i]).length / wanted.length;
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
      counts.set(word, own.set(tags[i]!, (own.get(tags[i]!) ?? 0) + 1));
    }
  const most = new Map(Array.from(counts, ([word, own]) => [word, [...own].sort(([, a], [, b]) => b - a)[0]![0]]));
  return (word) => most.get(word) ?? "O";
}

export const taggerJudge: Judge<EntityTagger, Sentence> = {
  learnsBaseline: true,
  advice: "Try more --epochs with --patience 3, --crf, a smaller --dropout, or more sentences.",

  async evaluate(task, sentences) {
    const { measures, entities, confusion, answers } = await task.report(sentences);
    const samples = sentences.map(({ words, tags }, i) => {
      const show = (own: readonly string[]) => words.map((word, w) => (own[w] === "O" ? word : `${word}/${own[w]}`)).join(" ");
      return {
        input: words.join(" "),
        wanted: show(tags),
        answer: show(answers[i]!),
        right: tags.every((tag, w) => tag === answers[i]![w]),
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

import { checkBoolean, checkInteger, checkInterval } from "../util/check.js";
import { nth } from "../util/nth.js";
import { maxOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";
import { type References, referenceLists } from "./bleu.js";
import { countsOf, ngramsOf, overlapOf } from "./pairs.js";

export interface ChrfOptions {
  /** Longest n-gram of characters. Default 6. */
  readonly characterOrder?: number;
  /** Longest n-gram of words: 2 makes it chrF++. Default 0. */
  readonly wordOrder?: number;
  /** How many times recall counts as much as precision. Default 2. */
  readonly beta?: number;
  /** Count white space as characters. Default false. */
  readonly whitespace?: boolean;
}

/** The longest n-grams that anybody counts. */
const LONGEST = 1000;

/** [in the hypothesis, in the reference, in both] for each order. */
type Matches = [hypothesis: number, reference: number, both: number][];

/**
 * Measures chrF of a corpus, as sacreBLEU computes it.
 *
 * The F score of character n-grams, averaged over the orders that occur, (1 + beta^2) p r / (beta^2 p + r), without white space; of several
 * references the best for the sentence.
 *
 * @param hypotheses a text per sentence
 * @param references for each sentence one text, or a list of texts
 * @param options see ChrfOptions
 * @returns the score, from 0 to 100
 * @throws SeqgradError `shape` if the numbers of sentences differ, `value` for none, `range` for an option outside its interval
 * @see Popović 2015, "chrF: Character n-gram F-score for Automatic MT Evaluation"
 * @example
 * sg.metrics.chrf(["the cat"], ["the cat"]); // = 100
 */
export function chrf(hypotheses: readonly string[], references: References, options: ChrfOptions = {}): number {
  checkOptions("chrf", options, ["characterOrder", "wordOrder", "beta", "whitespace"]);
  const { characterOrder = 6, wordOrder = 0, beta = 2, whitespace = false } = options;
  checkInteger("chrf", "characterOrder", characterOrder, 1, LONGEST);
  checkInteger("chrf", "wordOrder", wordOrder, 0, LONGEST);
  checkInterval("chrf", "beta", beta, 0, 1e100);
  checkBoolean("chrf", "whitespace", whitespace);
  const countsIn = (text: string) => {
    const characters = Array.from(whitespace ? text : text.replace(/\s+/gu, ""));
    const words = text.split(/\s+/u).flatMap(detached);
    return [
      ...Array.from({ length: characterOrder }, (_, i) => countsOf(ngramsOf(characters, i + 1))),
      ...Array.from({ length: wordOrder }, (_, i) => countsOf(ngramsOf(words, i + 1))),
    ];
  };
  const lists = referenceLists("chrf", hypotheses, references);
  let sum: Matches = Array.from({ length: characterOrder + wordOrder }, () => [0, 0, 0]);
  for (const [i, hypothesis] of hypotheses.entries()) {
    const counts = countsIn(hypothesis);
    const candidates = nth(lists, i).map((reference) => matches(counts, countsIn(reference)));
    const scores = candidates.map((candidate) => fScore(candidate, beta));
    const best = nth(candidates, scores.indexOf(maxOf(scores)));
    sum = best.map(([own, other, both], order) => {
      const before = nth(sum, order);
      return [before[0] + own, before[1] + other, before[2] + both];
    });
  }
  return fScore(sum, beta);
}

const size = (counts: ReadonlyMap<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

const matches = (hypothesis: readonly Map<string, number>[], reference: readonly Map<string, number>[]): Matches =>
  hypothesis.map((counts, order) => {
    const other = nth(reference, order);
    return [other.size > 0 ? size(counts) : 0, size(other), overlapOf(counts, other)];
  });

function fScore(all: Matches, beta: number): number {
  const orders = all.filter(([hypothesis, reference]) => hypothesis > 0 && reference > 0);
  const mean = (of: (counts: Matches[number]) => number) => orders.reduce((sum, counts) => sum + of(counts), 0) / orders.length;
  if (orders.length === 0) return 0;
  const precision = mean(([hypothesis, , both]) => both / hypothesis);
  const recall = mean(([, reference, both]) => both / reference);
  const factor = beta ** 2;
  return precision + recall > 0 ? (100 * (1 + factor) * precision * recall) / (factor * precision + recall) : 0;
}

const punctuation = new Set("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

/** A word, and the sign at its end, else at its start, as a word of its own. */
function detached(word: string): string[] {
  if (word.length < 2) return word === "" ? [] : [word];
  const [first, last] = [word.slice(0, 1), word.slice(-1)];
  if (punctuation.has(last)) return [word.slice(0, -1), last];
  return punctuation.has(first) ? [first, word.slice(1)] : [word];
}

import { nth } from "../util/nth.js";
import { tokenizerFor } from "./bleu-words.js";
import { type Score, scoreOf } from "./classification.js";
import { checkPairs, checkTexts, countsOf, ngramsOf, overlapOf } from "./pairs.js";

export interface RougeScore {
  readonly rouge1: Score;
  readonly rouge2: Score;
  readonly rougeL: Score;
  /** The units that were compared: words, or characters where the references are of a script without blanks between words. */
  readonly unit: "words" | "characters";
}

/**
 * Measures ROUGE-1, ROUGE-2 and ROUGE-L of summaries: precision, recall and F1 of shared words, of shared pairs of words, and of the
 * longest common subsequence, each the mean over the texts.
 *
 * Words are runs of letters and digits in lower case, as in the package rouge-score, without stemming, but of any script. If the references
 * are of a script without blanks between words, as Chinese, Japanese and Thai, each character counts as a word; runs of Latin letters and
 * digits stay whole.
 *
 * @param hypotheses texts
 * @param references as many texts
 * @returns the scores, from 0 to 1, and the unit that was counted
 * @throws SeqgradError `shape` if the numbers of texts differ, `value` for none
 * @see Lin 2004, "ROUGE: A Package for Automatic Evaluation of Summaries"
 * @example
 * sg.metrics.rouge(["the cat sat"], ["the cat lay"]).rouge1.f1; // = 2 / 3
 */
export function rouge(hypotheses: readonly string[], references: readonly string[]): RougeScore {
  checkPairs("rouge", hypotheses, references);
  for (const texts of [hypotheses, references]) checkTexts("rouge", texts);
  const unit = tokenizerFor(references) === "13a" ? "words" : "characters";
  const wordsOf = unit === "words" ? runsOf : charactersOf;
  const pairs = hypotheses.map((text, i) => [wordsOf(text), wordsOf(nth(references, i))] as const);
  const mean = (of: (hypothesis: string[], reference: string[]) => Score): Score => {
    const scores = pairs.map(([hypothesis, reference]) => of(hypothesis, reference));
    const meanOf = (key: keyof Score) => scores.reduce((sum, score) => sum + score[key], 0) / scores.length;
    return { precision: meanOf("precision"), recall: meanOf("recall"), f1: meanOf("f1") };
  };
  const ngrams = (n: number) => (hypothesis: string[], reference: string[]) => {
    const shared = overlapOf(countsOf(ngramsOf(hypothesis, n)), countsOf(ngramsOf(reference, n)));
    return scoreOf(shared, Math.max(0, hypothesis.length - n + 1), Math.max(0, reference.length - n + 1));
  };
  const longest = (hypothesis: string[], reference: string[]) =>
    scoreOf(commonLength(hypothesis, reference), hypothesis.length, reference.length);
  return { rouge1: mean(ngrams(1)), rouge2: mean(ngrams(2)), rougeL: mean(longest), unit };
}

const runsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

/** Runs of letters and digits of scripts with blanks between words, and each character of the others with its marks. */
const charactersOf = (text: string): string[] =>
  runsOf(text).flatMap((run) => run.match(/[\p{Script_Extensions=Latin}\p{N}]+|[\p{L}\p{N}]\p{M}*|\p{M}+/gu) ?? []);

/** The length of the longest common subsequence. */
function commonLength(a: readonly string[], b: readonly string[]): number {
  const row = new Uint32Array(b.length + 1);
  for (const word of a) {
    let [diagonal, left] = [0, 0];
    for (const [j, other] of b.entries()) {
      const above = row[j + 1]!;
      left = word === other ? diagonal + 1 : Math.max(above, left);
      row[j + 1] = left;
      diagonal = above;
    }
  }
  return nth(row, b.length);
}

import { finish, type Pieces } from "../util/breath.js";
import { checkArray, checkInteger, checkText, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { type BleuTokenizer, bleuTokenizers, bleuWords, scriptOf } from "./bleu-words.js";
import { checkPairs, checkTexts, countsOf, ngramsOf, overlapOf } from "./pairs.js";

/** The right translations of a sentence: one text, or any of several. */
export type References = readonly (string | readonly string[])[];

export interface BleuOptions {
  /** Compare in lower case. Default false. */
  readonly lowercase?: boolean;
  /**
   * How a text is cut into words, by sacreBLEU's names: `13a`, `intl` (signs by Unicode's properties), `zh` (each Chinese character by
   * itself), `char` (each character by itself), or `none` for text that is split at white space already. Default by the script of the
   * references: `zh` for Chinese, `char` for Japanese, Thai, Lao, Khmer, Burmese and Tibetan, `13a` for all others.
   */
  readonly tokenize?: BleuTokenizer;
  /** The replacement for a precision of 0: `exp` halves 1 / total once more for each, `none` leaves it. Default `exp`. */
  readonly smooth?: "exp" | "none";
  /** Count only the orders that the text is long enough for: for single sentences. Default false. */
  readonly effectiveOrder?: boolean;
}

export interface BleuScore {
  /** 0 to 100. */
  readonly score: number;
  /** Of n-grams of 1 to 4 words, in percent. */
  readonly precisions: readonly number[];
  readonly brevityPenalty: number;
  /** Words of the hypotheses and of the references nearest to them in length. */
  readonly hypothesisLength: number;
  readonly referenceLength: number;
  /** How the score was computed, in sacreBLEU's form. */
  readonly signature: string;
}

const ORDER = 4;
const choices: Readonly<Record<"tokenize" | "smooth", readonly string[]>> = { tokenize: bleuTokenizers, smooth: ["exp", "none"] };
const optionNames = ["lowercase", "tokenize", "smooth", "effectiveOrder"];

/** The counts that a score is computed from: they add up over sentences. */
interface Statistics {
  /** Of n-grams of 1 word, 2 words, ..: those that are right, and all. */
  readonly orders: readonly { right: number; total: number }[];
  hypothesisLength: number;
  referenceLength: number;
}

const noStatistics = (): Statistics => ({
  orders: Array.from({ length: ORDER }, () => ({ right: 0, total: 0 })),
  hypothesisLength: 0,
  referenceLength: 0,
});

/**
 * Measures BLEU of a corpus, exactly as sacreBLEU computes it.
 *
 * BLEU = 100 b exp(mean_n ln p_n) for n = 1..4, where p_n is the share of a hypothesis' n-grams that a reference has, each no more often
 * than there, summed over the corpus; b = min(1, e^(1 - r/c))
 *
 * @param hypotheses a text per sentence, detokenized
 * @param references for each sentence one text, or a list of texts
 * @param options see BleuOptions
 * @returns the score, from 0 to 100, and its parts
 * @throws SeqgradError `shape` if the numbers of sentences differ, `value` for none
 * @see Papineni, Roukos, Ward and Zhu 2002, "BLEU"; Post 2018 for sacreBLEU
 * @example
 * sg.metrics.bleu(["the cat sat on the mat"], ["the cat sat on a mat"]).score; // = 53.73
 */
export function bleu(hypotheses: readonly string[], references: References, options: BleuOptions = {}): BleuScore {
  return finish(countedBleu(hypotheses, references, options));
}

/** The same in pieces. */
export function* countedBleu(hypotheses: readonly string[], references: References, options: BleuOptions): Pieces<BleuScore> {
  const lists = checked("bleu", hypotheses, references, options, optionNames);
  const settings = { ...options, tokenize: options.tokenize ?? (yield* scriptOf(lists.flat())) };
  const sum = noStatistics();
  for (const [i, hypothesis] of hypotheses.entries()) {
    yield;
    addStatistics(sum, hypothesis, nth(lists, i), settings);
  }
  const counts = [...new Set(lists.map((list) => list.length))];
  return scoreOf(sum, settings, counts.length === 1 ? String(counts) : "var");
}

/**
 * Measures BLEU of one sentence, of the orders that it is long enough for.
 *
 * @param hypothesis the text
 * @param reference one text, or a list of texts
 * @param options see BleuOptions
 * @returns the score, from 0 to 100, and its parts
 * @throws SeqgradError `value` for no reference
 * @example
 * sg.metrics.sentenceBleu("Turn off the lights", "Turn off the lights").score; // = 100
 */
export function sentenceBleu(hypothesis: string, reference: string | readonly string[], options: BleuOptions = {}): BleuScore {
  checkText("sentenceBleu", hypothesis, "the hypothesis");
  checkOptions("sentenceBleu", options, optionNames);
  return bleu([hypothesis], [reference], { effectiveOrder: true, ...options });
}

export interface BleuBucket extends BleuScore {
  /** Lengths from `low` up to, not including, `high`. */
  readonly low: number;
  readonly high: number;
  readonly sentences: number;
}

/**
 * Measures BLEU by the length of the source sentence: it falls for an encoder-decoder without attention and stays level with it. Buckets
 * without a sentence are left out.
 *
 * @param hypotheses a text per sentence, detokenized
 * @param references for each sentence one text, or a list of texts
 * @param lengths the length of each source sentence, in tokens
 * @param allOptions `width`: the size of a bucket, in tokens; and BleuOptions
 * @returns the buckets, from short to long
 * @throws SeqgradError `shape` if the numbers of sentences differ, `value` for none, `range` for an impossible width
 * @see Bahdanau, Cho and Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate", figure 2
 * @example
 * const buckets = sg.metrics.bleuByLength(["a b c d", "e f"], ["a b c d", "e g"], [4, 12], { width: 10 });
 * buckets.map(({ low, high }) => [low, high]); // = [[0, 10], [10, 20]]
 */
export function bleuByLength(
  hypotheses: readonly string[],
  references: References,
  lengths: ArrayLike<number>,
  allOptions: BleuOptions & { width?: number } = {},
): BleuBucket[] {
  return finish(countedByLength(hypotheses, references, lengths, allOptions));
}

/** The same in pieces. */
export function* countedByLength(
  hypotheses: readonly string[],
  references: References,
  lengths: ArrayLike<number>,
  allOptions: BleuOptions & { width?: number },
): Pieces<BleuBucket[]> {
  const lists = checked("bleuByLength", hypotheses, references, allOptions, [...optionNames, "width"]);
  const { width = 5, ...others } = allOptions;
  const options = { ...others, tokenize: others.tokenize ?? (yield* scriptOf(lists.flat())) };
  checkInteger("bleuByLength", "width", width, 1);
  checkPairs("bleuByLength", lengths, hypotheses);
  const buckets = new Map<number, number[]>();
  for (const [i, length] of Array.from(lengths).entries()) {
    const bucket = Math.floor(checkInteger("bleuByLength", `lengths[${i}]`, length) / width);
    const members = buckets.get(bucket) ?? [];
    members.push(i);
    buckets.set(bucket, members);
  }
  const scores: BleuBucket[] = [];
  for (const [bucket, members] of [...buckets].sort(([a], [b]) => a - b)) {
    const own = members.map((i) => nth(hypotheses, i));
    const others = members.map((i) => nth(lists, i));
    const score = yield* countedBleu(own, others, options);
    scores.push({ ...score, low: bucket * width, high: (bucket + 1) * width, sentences: members.length });
  }
  return scores;
}

/** A list of references for each hypothesis, when these and the options are what they should be. */
function checked(
  op: string,
  hypotheses: readonly string[],
  references: References,
  options: BleuOptions,
  known: readonly string[],
): (readonly string[])[] {
  checkOptions(op, options, known);
  for (const name of ["tokenize", "smooth"] as const) {
    const choice = options[name];
    if (choice !== undefined && !choices[name].includes(choice))
      throw new SeqgradError("value", `${op}: ${name} is ${shown(choice)}; use ${choices[name].join(", ")}.`);
  }
  for (const name of ["lowercase", "effectiveOrder"] as const) {
    const choice = options[name];
    if (choice !== undefined && typeof choice !== "boolean")
      throw new SeqgradError("value", `${op}: ${name} is ${shown(choice)}; expected true or false.`);
  }
  return referenceLists(op, hypotheses, references);
}

/** A list of references for each hypothesis. */
export function referenceLists(op: string, hypotheses: readonly string[], references: References): (readonly string[])[] {
  checkPairs(op, hypotheses, references);
  checkTexts(op, hypotheses);
  checkArray(op, "one of the lists", references, "a list of texts, or of lists of them");
  const lists = Array.from(references, (list) => [list].flat());
  const bare = lists.findIndex((list) => list.length === 0);
  if (bare >= 0) throw new SeqgradError("value", `${op}: sentence ${bare} has no reference; give at least one.`);
  for (const list of lists) checkTexts(`${op}: references`, list);
  return lists;
}

type Settings = BleuOptions & { readonly tokenize: BleuTokenizer };

function addStatistics(sum: Statistics, hypothesis: string, references: readonly string[], options: Settings): void {
  const { lowercase = false, tokenize } = options;
  const wordsOf = (text: string) => {
    return bleuWords((lowercase ? text.toLowerCase() : text).trim(), tokenize);
  };
  const words = wordsOf(hypothesis);
  const others = references.map(wordsOf);
  const distance = (list: readonly string[]) => Math.abs(list.length - words.length);
  const nearest = others.reduce((best, list) =>
    distance(list) < distance(best) || (distance(list) === distance(best) && list.length < best.length) ? list : best,
  );
  sum.hypothesisLength += words.length;
  sum.referenceLength += nearest.length;
  for (const [i, order] of sum.orders.entries()) {
    const n = i + 1;
    const most = new Map<string, number>();
    for (const other of others) {
      for (const [ngram, count] of countsOf(ngramsOf(other, n))) most.set(ngram, Math.max(count, most.get(ngram) ?? 0));
    }
    order.right += overlapOf(countsOf(ngramsOf(words, n)), most);
    order.total += Math.max(0, words.length - n + 1);
  }
}

function scoreOf({ orders, hypothesisLength, referenceLength }: Statistics, options: Settings, nrefs: string): BleuScore {
  const { lowercase = false, tokenize, smooth = "exp", effectiveOrder = false } = options;
  const short = hypothesisLength < referenceLength;
  const brevityPenalty = !short ? 1 : hypothesisLength > 0 ? Math.exp(1 - referenceLength / hypothesisLength) : 0;
  const precisions = new Array<number>(ORDER).fill(0);
  const order = effectiveOrder ? orders.filter(({ total }) => total > 0).length : ORDER;
  let halvings = 1;
  const isEmpty = orders.every(({ right }) => right === 0);
  for (const [n, { right, total }] of orders.entries()) {
    if (total === 0 || isEmpty) break;
    if (right > 0) precisions[n] = (100 * right) / total;
    else if (smooth === "exp") {
      halvings *= 2;
      precisions[n] = 100 / (halvings * total);
    }
  }
  const logs = precisions.slice(0, order).map(Math.log);
  const score = isEmpty ? 0 : brevityPenalty * Math.exp(logs.reduce((a, b) => a + b, 0) / order);
  const settings = [lowercase ? "lc" : "mixed", effectiveOrder ? "yes" : "no", tokenize, smooth];
  const signature = `nrefs:${nrefs}|case:${settings[0]}|eff:${settings[1]}|tok:${settings[2]}|smooth:${settings[3]}|version:seqgrad`;
  return { score, precisions, brevityPenalty, hypothesisLength, referenceLength, signature };
}

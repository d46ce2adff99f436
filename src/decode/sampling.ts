import { checkFinite, checkInteger, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import type { RandomGenerator } from "../util/philox.js";
import { checkScores } from "./scores.js";

export interface SamplingOptions {
  /** The divisor of the logits: below 1 prefers the likely, above 1 evens out; 0 takes the likeliest. Default 1. */
  temperature?: number;
  /** Keeps the k likeliest tokens (Fan, Lewis and Dauphin 2018); more than there are keeps all. Default: all. */
  topK?: number;
  /** Keeps the fewest likeliest tokens whose probabilities sum to p or more (Holtzman et al. 2020), in (0, 1]. Default 1. */
  topP?: number;
}

/** Throws `range` or `value` for an option outside its interval. */
export function checkSamplingOptions(op: string, { temperature = 1, topK = 1, topP = 1 }: SamplingOptions = {}): void {
  checkInterval(op, "temperature", checkFinite(op, "temperature", temperature), 0);
  checkInteger(op, "topK", topK, 1);
  if (!(typeof topP === "number" && topP > 0 && topP <= 1)) {
    throw new SeqgradError(
      "range",
      `${op}: topP is ${shown(topP)}; give a number over 0, at most 1. For the likeliest token alone use temperature 0.`,
    );
  }
}

/** The source of the tokens that end a text: a tokenizer. */
export interface Ending {
  readonly special: { readonly ends: readonly number[] };
}

/** The tokens that end a text: those that are given, else the end tokens of the tokenizer. */
export function stopOf(op: string, { stop, tokenizer }: { stop?: readonly number[]; tokenizer?: Ending }): readonly number[] {
  checkStop(op, stop);
  if (tokenizer === undefined) return stop ?? [];
  const ends = tokenizer?.special?.ends;
  if (!Array.isArray(ends))
    throw new SeqgradError("value", `${op}: the tokenizer is ${shown(tokenizer)}; give the tokenizer of the prompt.`);
  return stop ?? ends;
}

/** Throws unless `stop` is a list of tokens, of which there are `vocab`. */
export function checkStop(op: string, stop: readonly number[] = [], vocab = Number.MAX_SAFE_INTEGER): void {
  if (!Array.isArray(stop)) throw new SeqgradError("value", `${op}: stop is ${shown(stop)}; give a list of token ids, such as [2].`);
  for (const [i, token] of stop.entries()) checkInteger(op, `stop[${i}]`, token, 0, vocab - 1);
}

/**
 * Returns the index of the largest logit, the first of equals.
 *
 * @param logits `[V]`, the scores
 * @returns the index
 * @throws SeqgradError `not-finite` for a NaN, an infinite logit, or -Infinity throughout (one -Infinity rules a token out), `value` for no
 *   logits
 * @example
 * sg.decode.greedy([0.1, 2, -1]); // = 1
 */
export function greedy(logits: ArrayLike<number>): number {
  checkScores("greedy", logits);
  if (logits.length === 0) throw new SeqgradError("value", "greedy: there are no logits.");
  let best = 0;
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    if (!(logit < Number.POSITIVE_INFINITY)) {
      throw new SeqgradError("not-finite", `greedy: logit ${i} is ${logit}; the model's weights or its state are likely not finite.`);
    }
    if (logit <= most) continue;
    best = i;
    most = logit;
  }
  if (most === Number.NEGATIVE_INFINITY)
    throw new SeqgradError("not-finite", "greedy: every logit is -Infinity, so every token is ruled out.");
  return best;
}

/**
 * Draws an index with the probabilities softmax(logits / temperature), renormalized over the tokens that topK, then topP keep.
 *
 * Of equal logits the lower index counts as likelier. It takes one block of the generator, none with temperature 0.
 *
 * @param logits `[V]`, the scores
 * @param options see SamplingOptions
 * @param generator the source of random numbers
 * @returns the index
 * @throws SeqgradError `range` for an option outside its interval, `not-finite` for a NaN, an infinite logit, or -Infinity throughout
 * @example
 * const token = sg.decode.sampleToken([0.1, 2, -1, 0.5], { temperature: 0.8, topK: 2 }, new sg.RandomGenerator(1)); // 1 or 3
 */
export function sampleToken(logits: ArrayLike<number>, options: SamplingOptions, generator: RandomGenerator): number {
  checkScores("sampleToken", logits);
  checkOptions("sampleToken", options, ["temperature", "topK", "topP"]);
  checkSamplingOptions("sampleToken", options);
  if (typeof generator?.uniform !== "function")
    throw new SeqgradError("value", `sampleToken: the generator is ${shown(generator)}; give a RandomGenerator.`);
  const { temperature = 1, topK = logits.length, topP = 1 } = options ?? {};
  const best = greedy(logits);
  if (temperature === 0) return best;
  const most = nth(logits, best);
  const weightOf = (logit: number) => Math.exp((logit - most) / temperature); // the best one's is 1
  const weights = new Float64Array(logits.length);
  for (let i = 0; i < weights.length; i++) weights[i] = weightOf(logits[i]!);
  if (topK < logits.length || topP < 1) restrict(weights, weightOf, logits, topK, topP);
  return draw(weights, generator.uniform());
}

/** Sets the weights to 0 of all but the k likeliest, and of these all but the fewest that hold the share p. */
function restrict(weights: Float64Array, weightOf: (logit: number) => number, logits: ArrayLike<number>, k: number, p: number): void {
  const order = Float64Array.from(logits).sort().reverse();
  let count = Math.min(k, order.length);
  if (p < 1) {
    const best = order.subarray(0, count).map(weightOf);
    const target = p * best.reduce((sum, weight) => sum + weight, 0);
    let sum = 0;
    count = 0;
    for (const weight of best) {
      if (!(sum < target)) break;
      sum += weight;
      count++;
    }
  }
  const least = nth(order, count - 1);
  let places = count - order.findLastIndex((logit) => logit > least) - 1; // for those that are equal to the least
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!;
    const isKept = logit > least || (logit === least && places-- > 0);
    if (!isKept) weights[i] = 0;
  }
}

/** The first index at which the running sum of weights passes the share u, in [0, 1), of their total. */
function draw(weights: Float64Array, u: number): number {
  let total = 0;
  for (const weight of weights) total += weight;
  const target = u * total;
  let sum = 0;
  for (let i = 0; i < weights.length; i++) {
    sum += weights[i]!;
    if (sum > target) return i;
  }
  return weights.length - 1; // not reached: u times the total rounds to less than the total
}

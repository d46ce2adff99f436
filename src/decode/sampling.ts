import { checkFinite, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import type { Generator } from "../util/philox.js";

export interface SamplingOptions {
  /** What the logits are divided by: below 1 prefers the likely, above 1 evens out; 0 takes the likeliest. Default 1. */
  temperature?: number;
  /** Keeps the k likeliest tokens (Fan, Lewis and Dauphin 2018); more than there are keeps all. Default: all. */
  topK?: number;
  /** Keeps the fewest likeliest tokens whose probabilities sum to p or more (Holtzman et al. 2020), in (0, 1]. Default 1. */
  topP?: number;
}

/** Throws `range` or `value` for an option outside its interval. */
export function checkSamplingOptions(op: string, { temperature = 1, topK = 1, topP = 1 }: SamplingOptions): void {
  checkInterval(op, "temperature", checkFinite(op, "temperature", temperature), 0);
  checkInteger(op, "topK", topK, 1);
  if (!(topP > 0 && topP <= 1)) {
    throw new SeqgradError(
      "range",
      `${op}: topP is ${topP}; give a number over 0, at most 1. For the likeliest token alone use temperature 0.`,
    );
  }
}

/**
 * The index of the largest logit, the first of equals.
 *
 * @throws SeqgradError `not-finite` for a NaN, an infinite logit, or -Infinity throughout; one of -Infinity is a token ruled out
 * @example
 * sg.greedy([0.1, 2, -1]); // = 1
 */
export function greedy(logits: ArrayLike<number>): number {
  if (logits.length === 0) throw new SeqgradError("value", "greedy: there are no logits.");
  let best = 0;
  for (let i = 0; i < logits.length; i++) {
    if (!(logits[i]! < Number.POSITIVE_INFINITY)) {
      throw new SeqgradError("not-finite", `greedy: logit ${i} is ${logits[i]}; the model's weights or its state are likely not finite.`);
    }
    if (logits[i]! > logits[best]!) best = i;
  }
  if (logits[best] === Number.NEGATIVE_INFINITY)
    throw new SeqgradError("not-finite", "greedy: every logit is -Infinity, so every token is ruled out.");
  return best;
}

/**
 * An index drawn with the probabilities softmax(logits / temperature), renormalised over what topK, then topP keep; of equal logits
 * the lower index counts as likelier. Takes one block of the generator, none with temperature 0.
 *
 * @throws SeqgradError `range` for an option outside its interval, `not-finite` as `greedy`
 * @example
 * const token = sg.sampleToken([0.1, 2, -1, 0.5], { temperature: 0.8, topK: 2 }, new sg.Generator(1)); // 1 or 3
 */
export function sampleToken(logits: ArrayLike<number>, options: SamplingOptions, generator: Generator): number {
  checkSamplingOptions("sampleToken", options);
  const { temperature = 1, topK = logits.length, topP = 1 } = options;
  const best = greedy(logits);
  if (temperature === 0) return best;
  const weights = new Float64Array(logits.length); // the best one's is 1
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    weights[i] = Math.exp((logits[i]! - logits[best]!) / temperature);
    total += weights[i]!;
  }
  const u = generator.uniform();
  if (topK >= logits.length && topP === 1) return draw(undefined, weights, u * total);
  const kept = nucleus(byLogit(logits).subarray(0, topK), weights, topP);
  return draw(kept, weights, u * sumOf(kept, weights));
}

/** All indices, likeliest first. */
function byLogit(logits: ArrayLike<number>): Uint32Array {
  const order = Uint32Array.from({ length: logits.length }, (_, i) => i);
  return order.sort((a, b) => (logits[a] === logits[b] ? a - b : logits[b]! - logits[a]!));
}

function sumOf(indices: Uint32Array, weights: Float64Array): number {
  let sum = 0;
  for (const i of indices) sum += weights[i]!;
  return sum;
}

/** The shortest prefix with a share of at least p in the weight of all. */
function nucleus(order: Uint32Array, weights: Float64Array, p: number): Uint32Array {
  const wanted = p * sumOf(order, weights);
  let sum = 0;
  for (const [count, i] of order.entries()) {
    sum += weights[i]!;
    if (sum >= wanted) return order.subarray(0, count + 1);
  }
  return order;
}

/** The first of the indices, or of all, at which the running sum of weights passes what is wanted, which is less than their total. */
function draw(indices: Uint32Array | undefined, weights: Float64Array, wanted: number): number {
  const n = indices?.length ?? weights.length;
  let sum = 0;
  let at = 0;
  for (let i = 0; i < n; i++) {
    at = indices ? indices[i]! : i;
    sum += weights[at]!;
    if (sum > wanted) break;
  }
  return at;
}

import { checkInteger, checkInterval, kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { RandomGenerator } from "../util/philox.js";
import { checkRows, type PaddedRows } from "./padding.js";

/** Rows with hidden tokens, and the original tokens. */
export interface MaskedTokens {
  /** `[B, T]` */
  readonly tokens: Int32Array<ArrayBuffer>;
  /** `[B, T]`: the token that was chosen, -100 elsewhere. */
  readonly targets: Int32Array<ArrayBuffer>;
  readonly shape: readonly [B: number, T: number];
  readonly lengths: readonly number[];
}

export interface MaskingOptions {
  /** V; what takes a token's place at random is one of `from` to V - 1. */
  readonly vocab: number;
  /** The id of the token that hides. */
  readonly mask: number;
  /** Ids below are special: never chosen, never put in place. Default 0. */
  readonly from?: number;
  /** The share of tokens that are chosen. Default 0.15. */
  readonly share?: number;
}

/**
 * Chooses tokens to predict, as BERT's training does: of these 80 % are hidden by the mask, 10 % become a random token, and 10 % stay as
 * they are.
 *
 * @param rows B rows of tokens, padded, as padRows() makes them
 * @param options see MaskingOptions
 * @param generator the source of random numbers; the same state gives the same choice
 * @returns the rows with hidden tokens, and their targets `[B, T]`, -100 where nothing is to predict
 * @throws SeqgradError `range` for an option outside its interval
 * @see Devlin, Chang, Lee and Toutanova 2019, "BERT", section 3.1
 * @example
 * const rows = sg.data.padRows([[5, 6, 7, 8], [9, 5]]);
 * const batch = sg.data.maskTokens(rows, { vocab: 10, mask: 4, from: 5, share: 0.5 }, new sg.RandomGenerator(1));
 * batch.targets.length; // = 8
 */
export function maskTokens(rows: PaddedRows, options: MaskingOptions, generator: RandomGenerator): MaskedTokens {
  const { data, shape, lengths } = checkRows("maskTokens", rows);
  const advice = "give them, as in maskTokens(rows, { vocab: 10, mask: 4 }, generator).";
  checkOptions("maskTokens", options ?? null, ["vocab", "mask", "from", "share"], advice);
  if (!(generator instanceof RandomGenerator))
    throw new SeqgradError("value", `maskTokens: the generator is ${kindOf(generator)}; give a RandomGenerator.`);
  const { vocab, mask, from = 0, share = 0.15 } = options;
  checkInteger("maskTokens", "vocab", vocab, 1, 2 ** 31 - 1);
  checkInteger("maskTokens", "from", from, 0, vocab - 1);
  checkInteger("maskTokens", "mask", mask, 0, vocab - 1);
  checkInterval("maskTokens", "share", share, 0, 1);
  const tokens = data.slice();
  const targets = new Int32Array(data.length).fill(-100);
  const ordinary: number[] = [];
  for (const [b, length] of lengths.entries())
    for (let at = b * shape[1]; at < b * shape[1] + length; at++) if (nth(data, at) >= from) ordinary.push(at);
  let chosen = 0;
  const choose = (at: number) => {
    chosen++;
    targets[at] = nth(data, at);
    const lot = generator.uniform();
    if (lot < 0.8) tokens[at] = mask;
    else if (lot < 0.9) tokens[at] = from + generator.integer(vocab - from);
  };
  for (const at of ordinary) if (generator.uniform() < share) choose(at);
  if (chosen === 0 && share > 0 && ordinary.length > 0) choose(nth(ordinary, generator.integer(ordinary.length)));
  return { tokens, targets, shape, lengths };
}

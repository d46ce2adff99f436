import type { TensorData } from "../backend/backend.js";
import { KeyValueCache } from "../nn/key-value-cache.js";
import { inference } from "../nn/mode.js";
import { checkTensors } from "../ops/define-op.js";
import { argmax } from "../ops/extreme-index.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { breathe } from "../util/breath.js";
import { checkInteger, checkList, checkObject, shown, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkConfig } from "../util/options.js";
import type { Step } from "./step-model.js";

/** A step of decoding whose scores were read from a tensor. */
export interface Scores<State> extends Step<State> {
  readonly logits: TensorData;
}

/** Token ids as `[1, T]`, or with `rows` as `[R, 1]`, one for each row. */
export function tokensOf(op: string, ids: ArrayLike<number>, rows?: ArrayLike<number>): Tensor {
  const tokens = toTokens(op, "tokens", ids);
  if (tokens.length === 0) throw new SeqgradError("value", `${op}: there is no token; give at least one.`);
  if (rows) checkList(op, "rows", rows, "the row that each token continues");
  if (rows && rows.length !== tokens.length)
    throw new SeqgradError("shape", `${op}: ${tokens.length} tokens for ${rows.length} rows; give one for each.`);
  return tensor(tokens, rows ? [tokens.length, 1] : [1, tokens.length]);
}

/** The batch, when it has all these parts, each a list. */
export function checkBatch<B>(op: string, batch: B, ...parts: readonly (keyof B & string)[]): B {
  const form = `{ ${parts.join(", ")} }`;
  checkObject(op, "the batch", batch, `${form}, as the functions of batches make it`);
  for (const part of parts) checkList(op, `the batch's ${part}`, batch[part] as ArrayLike<unknown>, form);
  return batch;
}

/** Lengths of the B rows, each in 1..T. */
export function checkLengths(op: string, lengths: readonly number[], B: number, T: number): void {
  checkList(op, "lengths", lengths, "a number of steps for each row");
  if (lengths.length !== B) throw new SeqgradError("range", `${op}: there are ${lengths.length} lengths for ${B} rows; give one for each.`);
  for (const [b, n] of Array.from(lengths).entries()) checkInteger(op, `lengths[${b}]`, n, 1, T);
}

/** Throws unless tokens are `[B, T]`, one at least. */
export function checkTokens(op: string, tokens: Tensor): void {
  checkTensors(op, [tokens], ["tokens"]);
  if (tokens.rank !== 2 || tokens.size === 0)
    throw new SeqgradError("shape", `${op}: tokens have shape ${formatShape(tokens.shape)}; expected [B, T], at least one token a row.`);
}

/** Makes a step without gradients and reads its scores; of all that it made only the state remains. */
export async function readStep<State>(compute: () => { readonly last: Tensor; readonly state: State }): Promise<Scores<State>> {
  const next = inference(compute);
  try {
    return { logits: await next.last.data(), state: next.state };
  } finally {
    next.last.dispose();
  }
}

/** The cache, when it is one. */
export function checkCache(op: string, cache: KeyValueCache): KeyValueCache {
  if (cache instanceof KeyValueCache) return cache;
  throw new SeqgradError("value", `${op}: the state is ${shown(cache)}; give one that step() answered.`);
}

/**
 * A step of a model whose state is a cache, which grows in place; where `rows` of it are asked for, or there is none yet, another one
 * does. What fails leaves the cache that was given as it was.
 */
export async function readCachedStep(
  before: KeyValueCache | undefined,
  rows: ArrayLike<number> | undefined,
  empty: () => KeyValueCache,
  scoresOf: (cache: KeyValueCache) => Tensor,
): Promise<Scores<KeyValueCache>> {
  if (before !== undefined) checkCache("step", before);
  const state = before && rows ? before.select(rows) : (before ?? empty());
  try {
    return await readStep(() => ({ last: scoresOf(state), state }));
  } catch (error) {
    if (state !== before) state.dispose();
    throw error;
  }
}

export interface GreedyOptions {
  /** The start token. */
  readonly sos: number;
  /** The end token. */
  readonly eos: number;
  /** No row becomes longer. */
  readonly maxTokens: number;
}

/**
 * The likeliest token again and again, for B rows at once, from the state `first`: each row's tokens, without start and end.
 * @param advance reads tokens `[B, 1]` after a state: the scores `[B, 1, V]` of what follows, and the new state or the same one grown
 * @param release frees a state that is not needed any more
 * @throws SeqgradError `range` for a negative maxTokens
 */
export async function greedyRows<State>(
  op: string,
  B: number,
  options: GreedyOptions,
  first: State,
  advance: (tokens: Tensor, state: State) => { readonly logits: Tensor; readonly state: State },
  release: (state: State) => void,
): Promise<number[][]> {
  checkConfig(op, options, ["sos", "eos", "maxTokens"]);
  const { sos, eos, maxTokens } = options;
  for (const [name, token] of Object.entries({ sos, eos })) checkInteger(op, name, token, -(2 ** 31), 2 ** 31 - 1);
  checkInteger(op, "maxTokens", maxTokens);
  const written: number[][] = Array.from({ length: B }, () => []);
  const ended = new Array<boolean>(B).fill(false);
  let last = { tokens: tensor(new Int32Array(B).fill(sos), [B, 1]), state: first };
  try {
    for (let t = 0; t < maxTokens && ended.includes(false); t++) {
      const next = inference(() => {
        const { logits, state } = advance(last.tokens, last.state);
        return { tokens: argmax(logits, { axis: -1 }), state };
      });
      last.tokens.dispose();
      if (next.state !== last.state) release(last.state);
      last = next;
      const tokens = await next.tokens.data();
      for (const [b, row] of written.entries()) {
        ended[b] ||= tokens[b] === eos;
        if (!ended[b]) row.push(nth(tokens, b));
      }
      await breathe();
    }
    return written;
  } finally {
    last.tokens.dispose();
    release(last.state);
  }
}

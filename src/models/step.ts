import { noGrad } from "../autograd/tape.js";
import type { TensorData } from "../backend/backend.js";
import type { KeyValueCache } from "../nn/key-value-cache.js";
import { scope } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";

/** A step of decoding: the scores of what follows, `[V]` or `[R, V]`, and the state to go on from. */
export interface Scores<State> {
  readonly logits: TensorData;
  readonly state: State;
}

/** Makes a step without gradients and reads its scores; of all that it made only the state remains. */
export async function readStep<State>(compute: () => { readonly last: Tensor; readonly state: State }): Promise<Scores<State>> {
  const next = scope(() => noGrad(compute));
  try {
    return { logits: await next.last.data(), state: next.state };
  } finally {
    next.last.dispose();
  }
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
  const state = before && rows ? before.select(rows) : (before ?? empty());
  try {
    return await readStep(() => ({ last: scoresOf(state), state }));
  } catch (error) {
    if (state !== before) state.dispose();
    throw error;
  }
}

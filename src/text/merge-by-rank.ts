import type { Pieces } from "../util/breath.js";
import { PriorityQueue } from "../util/priority-queue.js";

/** The merge of two neighboring tokens: of several, the one of the lowest rank comes first, the leftmost of equal ranks. */
export interface Merge {
  readonly rank: number;
  /** The token that the two become. */
  readonly id: number;
}

/** The merges of pairs of tokens. */
export class MergeTable {
  readonly #bySecond = new Map<number, Map<number, Merge>>();

  set(first: number, second: number, merge: Merge): void {
    const own = this.#bySecond.get(first) ?? new Map<number, Merge>();
    this.#bySecond.set(first, own.set(second, merge));
  }

  get(first: number, second: number): Merge | undefined {
    return this.#bySecond.get(first)?.get(second);
  }
}

/** Merges that are made in a piece of work. */
const PIECE = 1024;

/**
 * Merges neighboring tokens until no pair has a merge. Each merge is looked for among all pairs, also those that merges before it made:
 * O(n log n) steps for n tokens.
 */
export function* mergeByRank(ids: ArrayLike<number>, merges: MergeTable): Pieces<number[]> {
  const n = ids.length;
  const tokens = Int32Array.from(ids);
  // A list linked in both ways; -1 is its end, and a token that was merged into the one before it is -1.
  const [next, previous] = [new Int32Array(n), new Int32Array(n)];
  yield;
  for (let i = 0; i < n; i++) {
    next[i] = i + 1 < n ? i + 1 : -1;
    previous[i] = i - 1;
  }
  // What the pair that begins at a place becomes, and its rank, -1 where it has no merge.
  const [joined, ranks] = [new Int32Array(n), new Float64Array(n).fill(-1)];
  // Numbers that compare as rank and place do: both are below 2^26.
  const queue = new PriorityQueue<number>(isLess);
  const look = (at: number) => {
    const after = next[at]!;
    const merge = after < 0 ? undefined : merges.get(tokens[at]!, tokens[after]!);
    ranks[at] = merge ? merge.rank : -1;
    if (!merge) return;
    joined[at] = merge.id;
    queue.push(merge.rank * n + at);
  };
  for (let i = 0; i + 1 < n; i++) {
    if (i % PIECE === 0) yield;
    look(i);
  }
  let count = 0;
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (++count % PIECE === 0) yield;
    const at = key % n;
    if (ranks[at] !== (key - at) / n) continue; // the pair has changed since
    const after = next[at]!;
    tokens[at] = joined[at]!;
    tokens[after] = -1;
    ranks[after] = -1;
    const second = next[after]!;
    next[at] = second;
    if (second >= 0) previous[second] = at;
    const before = previous[at]!;
    if (before >= 0) look(before);
    look(at);
  }
  yield;
  const merged: number[] = [];
  for (let at = 0; at >= 0 && at < n; at = next[at]!) {
    merged.push(tokens[at]!);
    if (merged.length % (16 * PIECE) === 0) yield;
  }
  return merged;
}

const isLess = (x: number, y: number): boolean => x < y;

import { PriorityQueue } from "../util/priority-queue.js";

/** The merge of two neighboring tokens: of several, that of the lowest rank comes first, the leftmost of equal ranks. */
export interface Merge {
  readonly rank: number;
  /** The token that the two become. */
  readonly id: number;
}

/**
 * Merges neighboring tokens until no pair has a merge. Each merge is looked for among all pairs, also those that merges before it made:
 * O(n log n) steps for n tokens.
 */
export function mergeByRank(ids: readonly number[], mergeOf: (a: number, b: number) => Merge | undefined): number[] {
  const n = ids.length;
  const tokens = Int32Array.from(ids);
  // A list linked in both ways; -1 is its end, and a token that was merged into the one before it is -1.
  const next = Int32Array.from({ length: n }, (_, i) => (i + 1 < n ? i + 1 : -1));
  const previous = Int32Array.from({ length: n }, (_, i) => i - 1);
  const queue = new PriorityQueue<Place>(precedes);
  const look = (at: number) => {
    const after = at < 0 ? -1 : next[at]!;
    const merge = after < 0 ? undefined : mergeOf(tokens[at]!, tokens[after]!);
    if (merge) queue.push({ rank: merge.rank, at });
  };
  for (let i = 0; i + 1 < n; i++) look(i);
  for (let place = queue.pop(); place; place = queue.pop()) {
    const { rank, at } = place;
    const after = next[at]!;
    if (tokens[at] === -1 || after < 0) continue;
    const merge = mergeOf(tokens[at]!, tokens[after]!);
    if (merge?.rank !== rank) continue; // the pair has changed since
    tokens[at] = merge.id;
    tokens[after] = -1;
    next[at] = next[after]!;
    if (next[at]! >= 0) previous[next[at]!] = at;
    look(previous[at]!);
    look(at);
  }
  return Array.from(tokens).filter((token) => token !== -1);
}

/** A pair that can be merged: the token at a place and the one after it. */
interface Place {
  readonly rank: number;
  readonly at: number;
}

const precedes = (x: Place, y: Place): boolean => x.rank < y.rank || (x.rank === y.rank && x.at < y.at);

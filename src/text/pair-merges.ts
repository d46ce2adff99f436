import { inPieces, type Pieces } from "../util/breath.js";
import { PriorityQueue } from "../util/priority-queue.js";

/** Places that are looked at in a piece of work. */
const PIECE = 1024;

/**
 * Byte-pair encoding's training (Gage 1994; Sennrich, Haddow and Birch 2016): the most frequent pair of neighboring symbols becomes one
 * symbol, over and over; of equally frequent pairs the one of lower ids, first symbol before second. A merge visits the places of its
 * pair alone, however long the words are.
 *
 * @param words each as the ids of its symbols, and how often it occurs
 * @param isFull asked before each merge whether there must be no more
 * @param minCount pairs that occur less often are not merged
 * @param join makes the symbol of a pair; returns its id, or undefined to leave the pair as it is
 */
export function* mergePairs(
  words: readonly { readonly symbols: ArrayLike<number>; readonly count: number }[],
  isFull: () => boolean,
  minCount: number,
  join: (a: number, b: number) => number | undefined,
): Pieces<void> {
  const { symbols, next, previous, counts } = yield* placesOf(words);
  const pairs = new Map<number, Pair>();
  const change = changing(pairs, counts);
  const queue = new PriorityQueue<Entry>(precedes);
  for (let p = 0; p < symbols.length; p++) {
    const after = next[p]!;
    if (after >= 0) change(symbols[p]!, symbols[after]!, p, 1);
    if (p % PIECE === 0) yield;
  }
  yield* inPieces(pairs.values(), (pair) => queue.push({ pair, count: pair.count }));

  while (!isFull()) {
    yield;
    const entry = queue.pop();
    if (!entry || entry.count < minCount) return;
    const { pair } = entry;
    if (entry.count !== pair.count) continue; // another entry of the pair knows its count
    const { a, b } = pair;
    const joined = join(a, b);
    if (joined === undefined) {
      pair.count = 0;
      continue;
    }
    const touched = new Set<Pair>();
    // Of three equal symbols the first two are merged: from left to right.
    const places = a === b ? Int32Array.from(pair.places).sort() : pair.places;
    pair.places = [];
    for (const [k, place] of places.entries()) {
      if (k % PIECE === 0) yield;
      const second = next[place]!;
      // It was a place of the pair once, and may be none any more.
      if (symbols[place] !== a || second < 0 || symbols[second] !== b) continue;
      const [before, after] = [previous[place]!, next[second]!];
      if (before >= 0) {
        const symbol = symbols[before]!;
        touched.add(change(symbol, a, before, -1));
        touched.add(change(symbol, joined, before, 1));
      }
      if (after >= 0) {
        const symbol = symbols[after]!;
        touched.add(change(b, symbol, second, -1));
        touched.add(change(joined, symbol, place, 1));
        previous[after] = place;
      }
      symbols[place] = joined;
      symbols[second] = GONE;
      next[place] = after;
    }
    pair.count = 0;
    for (const other of touched) if (other.count > 0) queue.push({ pair: other, count: other.count });
  }
}

/** Counts pairs: the one that begins at a place has become more or less frequent by its word. */
const changing = (pairs: Map<number, Pair>, counts: ArrayLike<number>) => (a: number, b: number, place: number, sign: 1 | -1) => {
  const key = a * SPAN + b;
  let pair = pairs.get(key);
  if (!pair) {
    pair = { a, b, count: 0, places: [] };
    pairs.set(key, pair);
  }
  pair.count += sign * (counts[place] ?? 0);
  if (sign > 0) pair.places.push(place);
  return pair;
};

/** More than there are symbols: a pair's key is a number that a float64 holds exactly. */
export const SPAN = 2 ** 26;

/** Marks a symbol that was merged into the one before it. */
const GONE = -1;

/** All symbols of all words in a row, linked to their neighbors in the word, -1 at its ends; and how often the word of each occurs. */
function* placesOf(words: readonly { readonly symbols: ArrayLike<number>; readonly count: number }[]) {
  const size = words.reduce((sum, { symbols }) => sum + symbols.length, 0);
  const [symbols, next, previous] = [new Int32Array(size), new Int32Array(size), new Int32Array(size)];
  const counts = new Float64Array(size);
  let place = 0;
  for (const { symbols: own, count } of words) {
    for (let i = 0; i < own.length; i++, place++) {
      symbols[place] = own[i]!;
      next[place] = i + 1 < own.length ? place + 1 : -1;
      previous[place] = i > 0 ? place - 1 : -1;
      counts[place] = count;
    }
    yield;
  }
  return { symbols, next, previous, counts };
}

interface Pair {
  readonly a: number;
  readonly b: number;
  count: number;
  /** The places where it may begin. */
  places: number[];
}

/** A pair in the queue, with its count at that time. */
interface Entry {
  readonly pair: Pair;
  readonly count: number;
}

/** True if x is to be merged before y. */
const precedes = (x: Entry, y: Entry): boolean =>
  x.count !== y.count ? x.count > y.count : x.pair.a !== y.pair.a ? x.pair.a < y.pair.a : x.pair.b < y.pair.b;

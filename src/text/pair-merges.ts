/**
 * Byte-pair encoding's training (Gage 1994; Sennrich, Haddow and Birch 2016): the most frequent pair of neighbouring symbols becomes one
 * symbol, over and over; of equally frequent pairs the one of lower ids, first symbol before second.
 *
 * @param words each as the ids of its symbols, and how often it occurs
 * @param isFull asked before each merge whether there shall be no more
 * @param minCount pairs that occur less often are not merged
 * @param join makes the symbol of a pair; answers its id, or undefined to leave the pair as it is
 */
export function mergePairs(
  words: readonly { readonly symbols: number[]; readonly count: number }[],
  isFull: () => boolean,
  minCount: number,
  join: (a: number, b: number) => number | undefined,
): void {
  const pairs = new Map<number, Pair>();
  const queue: Entry[] = [];
  const change = (a: number, b: number, word: number, by: number) => {
    const key = a * SPAN + b;
    let pair = pairs.get(key);
    if (!pair) {
      pair = { a, b, count: 0, words: new Set() };
      pairs.set(key, pair);
    }
    pair.count += by;
    if (by > 0) pair.words.add(word);
    return pair;
  };
  for (const [w, { symbols, count }] of words.entries()) {
    for (let i = 1; i < symbols.length; i++) change(symbols[i - 1]!, symbols[i]!, w, count);
  }
  for (const pair of pairs.values()) enqueue(queue, pair);

  while (!isFull()) {
    const entry = dequeue(queue);
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
    for (const w of pair.words) {
      const { symbols, count } = words[w]!;
      let to = 0;
      for (let from = 0; from < symbols.length; from++) {
        const isPair = symbols[from] === a && symbols[from + 1] === b;
        if (!isPair) {
          symbols[to++] = symbols[from]!;
          continue;
        }
        const before = symbols[to - 1];
        const after = symbols[from + 2];
        if (to > 0) {
          touched.add(change(before!, a, w, -count));
          touched.add(change(before!, joined, w, count));
        }
        if (after !== undefined) {
          touched.add(change(b, after, w, -count));
          touched.add(change(joined, after, w, count));
        }
        symbols[to++] = joined;
        from++;
      }
      symbols.length = to;
    }
    pair.count = 0;
    for (const other of touched) if (other.count > 0) enqueue(queue, other);
  }
}

/** More than there are symbols: a pair's key is a number that a float64 holds exactly. */
export const SPAN = 2 ** 26;

interface Pair {
  readonly a: number;
  readonly b: number;
  count: number;
  /** The words that may hold it. */
  readonly words: Set<number>;
}

/** A pair in the queue, with its count at that time. */
interface Entry {
  readonly pair: Pair;
  readonly count: number;
}

/** Whether x is to be merged before y. */
const precedes = (x: Entry, y: Entry): boolean =>
  x.count !== y.count ? x.count > y.count : x.pair.a !== y.pair.a ? x.pair.a < y.pair.a : x.pair.b < y.pair.b;

// The queue is a binary heap whose first entry precedes all others.

function enqueue(heap: Entry[], pair: Pair): void {
  let i = heap.push({ pair, count: pair.count }) - 1;
  while (i > 0) {
    const parent = (i - 1) >> 1;
    if (!precedes(heap[i]!, heap[parent]!)) return;
    [heap[i], heap[parent]] = [heap[parent]!, heap[i]!];
    i = parent;
  }
}

function dequeue(heap: Entry[]): Entry | undefined {
  const first = heap[0];
  const last = heap.pop();
  if (heap.length === 0 || last === undefined) return first;
  heap[0] = last;
  for (let i = 0; ; ) {
    let child = 2 * i + 1;
    if (child >= heap.length) return first;
    if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++;
    if (!precedes(heap[child]!, heap[i]!)) return first;
    [heap[i], heap[child]] = [heap[child]!, heap[i]!];
    i = child;
  }
}

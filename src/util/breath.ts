/** Milliseconds of work after which the event loop turns: a step of 40 more leaves no more than 50 between two turns. */
const INTERVAL = 10;

/** When the event loop last turned, as far as is known. */
let last = 0;

/** True if the event loop is to turn. */
const isDue = (): boolean => performance.now() - last >= INTERVAL;

/**
 * Lets the event loop turn, for a signal, a repaint or a click, where it has not turned for 10 ms. Await it in every long loop.
 * @example
 * for (const item of items) {
 *   work(item);
 *   await breathe();
 * }
 */
export async function breathe(): Promise<void> {
  if (!isDue()) return;
  // Timers that are due join the page's tasks only after a task has ended: the second turn lets them run.
  await macrotask();
  await macrotask();
  last = performance.now();
}

/** The result of `fn` for each item, in turns: other work of the page runs between items. */
export async function mapInTurns<T, U>(items: Iterable<T>, fn: (item: T, index: number) => U | Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const item of items) {
    made.push(await fn(item, made.length));
    if (isDue()) await breathe();
  }
  return made;
}

/** Work that can pause: it yields between pieces of some milliseconds at most, and returns what it made. */
export type Pieces<T> = Generator<void, T, undefined>;

/** Does `work` for each item, in pieces of `n` items. */
export function* inPieces<T>(items: Iterable<T>, work: (item: T, index: number) => void, n = 1024): Pieces<void> {
  let done = 0;
  for (const item of items) {
    work(item, done);
    if (++done % n === 0) yield;
  }
}

/** Items that are sorted in a piece of work. */
const RUN = 2048;

/** The items in order, equal ones as they were: runs are sorted, and merged two by two. */
export function* inOrder<T>(items: readonly T[], compare: (a: T, b: T) => number): Pieces<T[]> {
  let from: T[] = [];
  for (let start = 0; start < items.length; start += RUN) {
    for (const item of items.slice(start, start + RUN).sort(compare)) from.push(item);
    yield;
  }
  for (let width = RUN; width < from.length; width *= 2) {
    const to: T[] = [];
    for (let start = 0; start < from.length; start += 2 * width) {
      const [middle, end] = [Math.min(start + width, from.length), Math.min(start + 2 * width, from.length)];
      for (let [a, b] = [start, middle]; a < middle || b < end; ) {
        const isFirst = b === end || (a < middle && compare(from[a]!, from[b]!) <= 0);
        to.push(from[isFirst ? a++ : b++]!);
        if (to.length % RUN === 0) yield;
      }
    }
    from = to;
  }
  return from;
}

/** Does all the work at once. */
export function finish<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Does the work in turns: other work of the page runs between pieces. */
export async function inTurns<T>(work: Pieces<T>): Promise<T> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (isDue()) await breathe();
  }
}

/** A timer would be throttled in a hidden tab. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

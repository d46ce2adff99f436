/** Milliseconds of work after which the event loop is to turn: with a step of as many, no more than 40 pass between two turns. */
const INTERVAL = 20;

/** When the event loop last turned, as far as is known. */
let last = 0;

/** Whether the event loop is to turn. */
const isDue = (): boolean => performance.now() - last >= INTERVAL;

/**
 * Lets the event loop turn, for a signal, a repaint or a click, where it has not turned for 20 ms. Await it in every long loop.
 * @example
 * for (const item of items) {
 *   work(item);
 *   await breathe();
 * }
 */
export async function breathe(): Promise<void> {
  if (!isDue()) return;
  await macrotask();
  last = performance.now();
}

/** What `fn` makes of each item, in turns: other work of the page goes on between items. */
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

/** Does all the work at once. */
export function finish<T>(work: Pieces<T>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Does the work in turns: other work of the page goes on between pieces. */
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

/** Milliseconds between two turns. */
const INTERVAL = 40;

/** When the event loop last turned, as far as is known. */
let last = 0;

/**
 * Lets the event loop turn, for a signal, a repaint or a click, where it has not turned for 40 ms. Await it in every long loop.
 * @example
 * for (const item of items) {
 *   work(item);
 *   await breathe();
 * }
 */
export async function breathe(): Promise<void> {
  if (performance.now() - last < INTERVAL) return;
  await macrotask();
  last = performance.now();
}

/** What `fn` makes of each item, in turns: other work of the page goes on between items. */
export async function mapInTurns<T, U>(items: Iterable<T>, fn: (item: T, index: number) => U | Promise<U>): Promise<U[]> {
  const made: U[] = [];
  for (const item of items) {
    made.push(await fn(item, made.length));
    await breathe();
  }
  return made;
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

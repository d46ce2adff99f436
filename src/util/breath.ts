/** Milliseconds between two turns. */
const INTERVAL = 40;

/**
 * A function to await in a long loop: now and then it lets the event loop turn, for a signal, a repaint, a click.
 * @example
 * const breathe = breather();
 * for (const item of items) {
 *   work(item);
 *   await breathe();
 * }
 */
export function breather(): () => Promise<void> {
  let last = performance.now();
  return async () => {
    if (performance.now() - last < INTERVAL) return;
    await macrotask();
    last = performance.now();
  };
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

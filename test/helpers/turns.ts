import { vi } from "vitest";
import { breathe } from "../../src/util/breath.js";

const soon = (fn: () => void) => {
  if (typeof setImmediate === "function") setImmediate(fn);
  else {
    const channel = new MessageChannel();
    channel.port1.onmessage = fn;
    channel.port2.postMessage(null);
  }
};

/**
 * What `work` makes, and how often another task of the event loop ran meanwhile. Each look at the clock finds it 50 ms later, so that the
 * count depends on the work alone.
 */
export async function turnsOf<T>(work: () => Promise<T>): Promise<{ result: T; turns: number }> {
  let time = performance.now();
  const clock = vi.spyOn(performance, "now").mockImplementation(() => {
    time += 50;
    return time;
  });
  let turns = 0;
  let isOver = false;
  const other = () => {
    turns++;
    if (!isOver) soon(other);
  };
  soon(other);
  try {
    const result = await work();
    return { result, turns };
  } finally {
    isOver = true;
    // The true clock again, for later turns too.
    const turned = breathe();
    clock.mockRestore();
    await turned;
  }
}

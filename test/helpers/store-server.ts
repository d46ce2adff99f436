import { indexedDbStore } from "../../src/io/indexed-db-store.js";
import { opfsStore } from "../../src/io/opfs-store.js";
import type { SeqgradError } from "../../src/util/errors.js";

// A worker that runs the methods of stores for its page.
const stores = { opfs: opfsStore, indexedDb: indexedDbStore };

addEventListener("message", async ({ data: { id, kind, at, method, args } }: MessageEvent) => {
  const store = stores[kind as keyof typeof stores](at);
  try {
    const value = await (store[method as "read"] as (...args: unknown[]) => unknown)(...args);
    postMessage({ id, value: typeof value === "function" ? null : value });
  } catch (error) {
    const { code, message } = error as SeqgradError;
    postMessage({ id, code, message });
  }
});

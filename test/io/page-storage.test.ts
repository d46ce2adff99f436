import { expect, test, vi } from "vitest";
import { SeqgradError } from "../../src/util/errors.js";

test.skipIf("document" in globalThis)("a write does not wait for the user, whom Firefox asks if files may stay", async () => {
  // The module asks once: this is one of its own, that has not.
  const own = "../../src/io/page-storage.js?own";
  const { checkRoom } = (await import(/* @vite-ignore */ own)) as typeof import("../../src/io/page-storage.js");
  let asked = 0;
  const persist = () => new Promise<boolean>(() => asked++);
  vi.stubGlobal("navigator", { storage: { persisted: async () => false, persist, estimate: async () => ({ usage: 10e6, quota: 11e6 }) } });
  await checkRoom("store", 1e6);
  const error = await checkRoom("store", 2e6).catch((cause: Error) => cause);
  expect(error).toBeInstanceOf(SeqgradError);
  expect(String(error)).toMatch(/store.*2\.0 MB do not fit: 10\.0 MB of 11\.0 MB are used/);
  expect(asked).toBe(1);
});

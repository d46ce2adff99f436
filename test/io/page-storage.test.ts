import { expect, test, vi } from "vitest";
import { checkRoom } from "../../src/io/page-storage.js";
import { expectRejection } from "../helpers/errors.js";

test.skipIf("document" in globalThis)("a write does not wait for the user, whom Firefox asks if files may stay", async () => {
  let asked = 0;
  const persist = () => new Promise<boolean>(() => asked++);
  vi.stubGlobal("navigator", { storage: { persisted: async () => false, persist, estimate: async () => ({ usage: 10e6, quota: 11e6 }) } });
  await checkRoom("store", 1e6);
  await expectRejection("io", checkRoom("store", 2e6), "store", "2.0 MB do not fit: 10.0 MB of 11.0 MB are used");
  expect(asked).toBe(1);
});

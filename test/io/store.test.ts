import { expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { expectRejection } from "../helpers/errors.js";
import { badStoreNames } from "../helpers/store-names.js";

test("memoryStore reads what was written, lists it and forgets it", async () => {
  const store = memoryStore();
  expect(await store.read("a")).toBeUndefined();
  await store.write("b.json", new Uint8Array([1, 2]));
  await store.write("a", new Uint8Array(0));
  await store.write("b.json", new Uint8Array([3]));
  expect(await store.read("b.json")).toEqual(new Uint8Array([3]));
  expect(await store.list()).toEqual(["a", "b.json"]);
  await store.delete("a");
  await store.delete("a");
  expect(await store.list()).toEqual(["b.json"]);
});

test("memoryStore keeps and gives copies", async () => {
  const store = memoryStore();
  const bytes = new Uint8Array([1]);
  await store.write("a", bytes);
  bytes[0] = 2;
  (await store.read("a"))![0] = 3;
  expect(await store.read("a")).toEqual(new Uint8Array([1]));
});

test.each(badStoreNames)("memoryStore refuses the name %j", async (name) => {
  const store = memoryStore();
  await expectRejection("io", store.read(name), JSON.stringify(name));
  await expectRejection("io", store.write(name, new Uint8Array(1)), JSON.stringify(name));
  await expectRejection("io", store.delete(name), JSON.stringify(name));
  expect(await store.list()).toEqual([]);
});

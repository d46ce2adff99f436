import { describe, expect, test } from "vitest";
import { loadModel, saveModel } from "../../src/io/model-folder.js";
import type { Store } from "../../src/io/store.js";
import { expectRejection } from "./errors.js";
import { badStoreNames } from "./store-names.js";

const some = new Uint8Array([1, 2, 3]);
const weights = (value: number) => new Map([["w", { dtype: "float32" as const, shape: [2], data: Float32Array.of(value, 1) }]]);

/** What every store does. `open` opens a store that no test has used; `again` opens the one of that name once more. */
export function storeSuite(title: string, open: () => Promise<Store> | Store, again?: (store: Store) => Promise<Store> | Store): void {
  describe(title, () => {
    test("reads what was written, lists it and forgets it", async () => {
      const store = await open();
      expect(await store.read("a")).toBeUndefined();
      expect(await store.list()).toEqual([]);
      await store.delete("a");
      await store.write("b.json", some);
      await store.write("a", new Uint8Array(0));
      await store.write("b.json", some.subarray(1));
      expect(await store.read("b.json")).toEqual(some.subarray(1));
      expect(await store.read("a")).toEqual(new Uint8Array(0));
      expect(await store.list()).toEqual(["a", "b.json"]);
      await store.delete("b.json");
      await store.delete("b.json");
      expect(await store.read("b.json")).toBeUndefined();
      expect(await store.list()).toEqual(["a"]);
      if (again) expect(await (await again(store)).list()).toEqual(["a"]);
    });

    test("keeps and gives copies", async () => {
      const store = await open();
      const bytes = Uint8Array.of(1);
      const writing = store.write("a", bytes);
      bytes[0] = 2;
      await writing;
      (await store.read("a"))![0] = 3;
      expect(await store.read("a")).toEqual(Uint8Array.of(1));
    });

    test("refuses names that lead out of it, and what is not bytes", async () => {
      const store = await open();
      for (const name of badStoreNames) {
        await expectRejection("io", store.read(name), JSON.stringify(name));
        await expectRejection("io", store.write(name, some), JSON.stringify(name));
        await expectRejection("io", store.delete(name), JSON.stringify(name));
      }
      await expectRejection("value", store.write("a", "text" as never), "Uint8Array");
      expect(await store.list()).toEqual([]);
    });

    test("many writes at once leave one whole file each", async () => {
      const store = await open();
      await Promise.all(Array.from({ length: 12 }, (_, i) => store.write(`file${i % 3}`, new Uint8Array(20_000 + i).fill(i))));
      expect(await store.list()).toEqual(["file0", "file1", "file2"]);
      for (const name of await store.list()) {
        const bytes = (await store.read(name))!;
        expect(bytes.every((byte) => byte === bytes.length - 20_000)).toBe(true);
      }
    });

    test("holds a model, also instead of another", async () => {
      const store = await open();
      await saveModel(store, { config: { model: 1 }, tensors: weights(1), vocabulary: { a: 0 } });
      await saveModel(store, { config: { model: 2 }, tensors: weights(2) });
      const { config, tensors, vocabulary } = await loadModel(store);
      expect([config.model, tensors.get("w")!.data[0], vocabulary]).toEqual([2, 2, undefined]);
    });
  });
}

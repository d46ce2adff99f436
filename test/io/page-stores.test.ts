import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { indexedDbStore } from "../../src/io/indexed-db-store.js";
import { opfsStore } from "../../src/io/opfs-store.js";
import { memoryStore } from "../../src/io/store.js";
import { storeOf } from "../../src/io/store-of.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { failing, filesOf, folderOf, freshName, inPage, overwrite, StoreWorker } from "../helpers/page-stores.js";
import { storeSuite } from "../helpers/store-suite.js";

const some = Uint8Array.of(1, 2, 3);
const missing = inPage ? "" : " (cannot run: Node has no storage of pages)";

storeSuite("memoryStore", memoryStore);

describe.skipIf(missing)(`stores of the browser${missing}`, () => {
  let worker: StoreWorker;
  beforeAll(() => {
    worker = new StoreWorker();
    return () => worker.worker.terminate();
  });
  const reopened = ({ origin }: { origin?: Parameters<typeof storeOf>[0] }) => storeOf(origin!);

  storeSuite("opfsStore", () => opfsStore(freshName()), reopened);
  storeSuite("indexedDbStore", () => indexedDbStore(freshName()), reopened);
  storeSuite("opfsStore in a worker", () => worker.store({ kind: "opfs", at: freshName() }), reopened);
  storeSuite("indexedDbStore in a worker", () => worker.store({ kind: "indexedDb", at: freshName() }), reopened);

  test.each([opfsStore, indexedDbStore])(
    "a page and a worker read what the other wrote, and one run at a time holds the store",
    async (make) => {
      const store = make(freshName());
      const other = worker.store(store.origin!);
      await store.write("a", some);
      await other.write("b", some);
      expect(await other.read("a")).toEqual(some);
      expect(await store.list()).toEqual(["a", "b"]);
      const release = await store.hold!();
      await expectRejection("state", worker.call(store.origin!, "hold"), store.origin!.at, "another run");
      release();
      await worker.call(store.origin!, "hold");
      await expectRejection("state", store.hold!(), store.origin!.at, "another run");
    },
  );

  test("says what the browser grants, and asks it to keep the files once", async () => {
    const persist = vi.spyOn(navigator.storage, "persist");
    const { persisted, used, quota } = await opfsStore(freshName()).space();
    expect([typeof persisted, used! >= 0, quota! > used!]).toEqual(["boolean", true, true]);
    await indexedDbStore(freshName()).write("a", some);
    expect(persist.mock.calls.length).toBeLessThanOrEqual(1);
  });

  test.each([opfsStore, indexedDbStore])("refuses what does not fit the quota, before it writes", async (make) => {
    const store = make(freshName());
    await store.write("a", some);
    vi.spyOn(navigator.storage, "estimate").mockResolvedValue({ usage: 999, quota: 1000 });
    await expectRejection("io", store.write("a", new Uint8Array(100)), store.origin!.at, "quota", "intact");
    expect(await store.read("a")).toEqual(some);
  });
});

describe.skipIf(missing)(`files of an opfsStore${missing}`, () => {
  let name: string;
  const fresh = () => {
    name = freshName();
    return opfsStore(name);
  };
  const flip = (bytes: Uint8Array<ArrayBuffer>) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte));

  test("keep two versions, and nothing that no record needs", async () => {
    const store = fresh();
    for (let i = 1; i <= 5; i++) await store.write("a", Uint8Array.of(i));
    expect(await filesOf(name)).toEqual(["4.0", "4.record", "5.0", "5.record"]);
    await overwrite(name, "9.7", () => some); // what a tab left that crashed
    await store.delete("a");
    await store.write("b", some);
    await store.write("b", some);
    expect((await filesOf(name)).filter((file) => /^[459]\./.test(file))).toEqual([]);
  });

  test.each(["5.0", "5.record"])("of which %s is damaged answer with the version before", async (file) => {
    for (const change of [flip, (bytes: Uint8Array<ArrayBuffer>) => bytes.slice(0, -1), () => new Uint8Array()]) {
      const store = fresh();
      for (let i = 1; i <= 5; i++) await store.write("a", Uint8Array.of(i));
      await overwrite(name, file, change);
      expect(await store.read("a")).toEqual(Uint8Array.of(4));
      await store.write("a", Uint8Array.of(7));
      expect(await store.read("a")).toEqual(Uint8Array.of(7));
    }
  });

  test("that are all damaged are an error, and so is a folder of another kind", async () => {
    const store = fresh();
    for (let i = 1; i <= 2; i++) await store.write("a", Uint8Array.of(i));
    for (const file of ["1.0", "2.0"]) await overwrite(name, file, flip);
    await expectRejection("format", store.read("a"), name, "a is damaged");
    for (const file of ["1.record", "2.record"]) await overwrite(name, file, flip);
    await expectRejection("format", store.list(), name, "records are damaged");
    const other = fresh();
    await overwrite(name, "notes.txt", () => some);
    await expectRejection("format", other.write("a", some), name, "notes.txt");
    expect(await filesOf(name)).toEqual(["notes.txt"]);
  });

  test.each([false, true])(
    "hold the old bytes or the new ones when any call of the file system fails (and all after it: %s)",
    async (stays) => {
      const files = (value: number) => new Map(["a", "b"].map((file) => [file, Uint8Array.of(value)]));
      let isDone = false;
      let n = 0;
      while (!isDone) {
        const store = fresh();
        await store.writeAll!(files(1));
        const { calls, error } = await failing(++n, stays, () => store.writeAll!(files(2)));
        isDone = calls < n;
        if (error) await expectRejection("io", Promise.reject(error), name, "quota", "intact");
        const read = [await store.read("a"), await store.read("b")];
        expect(read, `call ${n}`).toEqual([...files(error ? 1 : 2).values()]);
        await store.write("a", Uint8Array.of(3));
        expect(await store.read("a")).toEqual(Uint8Array.of(3));
      }
      expect(n).toBeGreaterThan(12);
    },
  );

  test("are said to be out of reach where the browser keeps none", async () => {
    const refuse = async () => {
      throw new DOMException("not here", "SecurityError");
    };
    vi.spyOn(navigator.storage, "getDirectory").mockImplementation(refuse);
    await expectRejection("io", fresh().write("a", some), name, "private browsing");
    await expectRejection("io", fresh().read("a"), name, "private browsing");
    vi.stubGlobal("indexedDB", undefined);
    await expectRejection("device", indexedDbStore("x").write("a", some), "no IndexedDB");
  });

  test("are not found by a store of another name", async () => {
    await fresh().write("a", some);
    expect(await opfsStore(freshName()).list()).toEqual([]);
    expect((await folderOf(name)).name).toBe(name);
  });
});

describe.skipIf(missing)(`an indexedDbStore${missing}`, () => {
  const done: (() => void)[] = [];
  afterEach(() => {
    for (const undo of done.splice(0)) undo();
  });

  test("holds the old bytes when a put is refused, and names the quota", async () => {
    const store = indexedDbStore(freshName());
    const files = (value: number) => new Map(["a", "b", "c"].map((name) => [name, Uint8Array.of(value)]));
    await store.writeAll!(files(1));
    const real = IDBObjectStore.prototype.put;
    done.push(() => Reflect.set(IDBObjectStore.prototype, "put", real));
    for (let n = 1; n <= 3; n++) {
      let calls = 0;
      IDBObjectStore.prototype.put = function (...args) {
        if (++calls !== n) return Reflect.apply(real, this, args);
        const request = Reflect.apply(real, this, args);
        this.transaction.abort();
        return request;
      };
      await expectRejection("io", store.writeAll!(files(2)), store.origin!.at);
      IDBObjectStore.prototype.put = real;
      for (const name of ["a", "b", "c"]) expect(await store.read(name)).toEqual(Uint8Array.of(1));
    }
  });

  test("refuses a database of another kind", async () => {
    const name = freshName();
    await new Promise((resolve, reject) => {
      const request = indexedDB.open(`seqgrad/${name}`, 1);
      request.onsuccess = () => resolve(request.result.close());
      request.onerror = reject;
    });
    await expectRejection("format", indexedDbStore(name).read("a"), name, "another kind");
  });
});

test.skipIf(inPage)(`stores of the browser say that they are not there in Node${inPage ? " (this is a page)" : ""}`, async () => {
  for (const method of ["read", "delete"] as const) {
    await expectRejection("device", opfsStore("x")[method]("a"), "no private files", "fileStore");
    await expectRejection("device", indexedDbStore("x")[method]("a"), "no IndexedDB", "fileStore");
  }
  await expectRejection("device", opfsStore("x").write("a", some), "no private files");
  expect(await opfsStore("x").space()).toEqual({ persisted: false, used: undefined, quota: undefined });
});

test.skipIf(inPage)(
  `a write does not wait for a user who is asked whether to keep the files${inPage ? " (a page has its own storage)" : ""}`,
  async () => {
    const asked = vi.fn(() => new Promise<boolean>(() => {}));
    const estimate = async () => ({ usage: 1e6, quota: 2e6 });
    vi.stubGlobal("navigator", { storage: { persisted: async () => false, persist: asked, estimate } });
    vi.resetModules();
    const { checkRoom } = await import("../../src/io/page-storage.js");
    await checkRoom("write", 5);
    await vi.waitFor(() => expect(asked).toHaveBeenCalledTimes(1));
    const refused: unknown = await checkRoom("write", 5e6).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: "io", message: expect.stringContaining("5.0 MB do not fit") });
  },
);

test("a name that is not one, and an origin of no store, are refused", () => {
  for (const make of [opfsStore, indexedDbStore])
    for (const bad of ["", "..", "a/b", 3]) expectError("value", () => make(bad as never), make.name);
  for (const bad of [null, {}, { kind: "folder", at: "x" }, { kind: "toString", at: "x" }])
    expectError("value", () => storeOf(bad as never), "opfs");
  expect(storeOf({ kind: "http", at: "https://a.b/c" }).origin).toEqual({ kind: "http", at: "https://a.b/c/" });
});

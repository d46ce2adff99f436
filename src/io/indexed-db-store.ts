import type { IDBPDatabase } from "idb";
import { kindOf } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { attempt, checkPlace, checkRoom, holdLock, type PageStore, space } from "./page-storage.js";
import { checkChanges, checkStoreName, type StoreChanges } from "./store.js";

const FILES = "files";

/**
 * Makes a store of a database of the browser (IndexedDB), for browsers without private files. It works in a
 * page and in a worker. A write is one transaction, which the browser brings to the disk whole or not at all.
 *
 * @param name the name of the store; each origin has names of its own
 * @returns the store; `space()` asks the browser to keep its files, and returns what it grants
 * @throws SeqgradError `value` for a name that is not one; from every method `device` where there is no IndexedDB, and `io` for what the
 *   browser refuses, such as a quota: what was saved before is intact then; `format` for a database of another kind
 * @see https://www.w3.org/TR/IndexedDB
 * @example
 * const files = sg.io.indexedDbStore("my-model");
 * if (globalThis.indexedDB) await sg.io.saveModel(files, { config, tensors: await model.stateDict() });
 */
export function indexedDbStore(name: string): PageStore {
  const op = `indexedDbStore ${JSON.stringify(checkPlace("indexedDbStore", name))}`;
  const within = <T>(action: string, act: (database: IDBPDatabase) => Promise<T>): Promise<T> =>
    attempt(op, action, async () => {
      const database = await open(op, name);
      try {
        return await act(database);
      } finally {
        database.close();
      }
    });
  const writeAll = async (changes: StoreChanges) => {
    const checked = checkChanges(changes);
    const bytes = [...checked.values()].reduce((sum, file) => sum + (file?.length ?? 0), 0);
    checkThere(op);
    if (bytes > 0) await checkRoom(op, bytes);
    await within(`write ${[...checked.keys()].join(", ")}`, async (database) => {
      const transaction = database.transaction(FILES, "readwrite", { durability: "strict" });
      const requests = Array.from(checked, async ([file, data]) => {
        await (data ? transaction.store.put(data, file) : transaction.store.delete(file));
      });
      // The transaction knows why it failed; its requests were only stopped.
      const results = await Promise.allSettled([transaction.done, ...requests]);
      for (const result of results) if (result.status === "rejected") throw result.reason;
    });
  };
  return {
    origin: { kind: "indexedDb", at: name },
    space,
    hold: () => holdLock(op, `seqgrad indexedDb ${name} run`),
    async read(file) {
      checkStoreName(file);
      const bytes: unknown = await within(`read ${file}`, (database) => database.get(FILES, file));
      if (bytes === undefined || bytes instanceof Uint8Array) return bytes;
      throw new SeqgradError("format", `${op}: ${file} is ${kindOf(bytes)}, not the bytes of a file; use another name.`);
    },
    async write(file, bytes) {
      await writeAll(new Map([[file, bytes]]));
    },
    async list() {
      return (await within("list", (database) => database.getAllKeys(FILES))).map(String).sort();
    },
    async delete(file) {
      await writeAll(new Map([[file, null]]));
    },
    writeAll,
  };
}

function checkThere(op: string): void {
  if (typeof indexedDB !== "undefined" && indexedDB !== null) return;
  throw new SeqgradError(
    "device",
    `${op}: there is no IndexedDB here, as in Node; use fileStore(folder) of seqgrad/node, or memoryStore().`,
  );
}

async function open(op: string, name: string): Promise<IDBPDatabase> {
  checkThere(op);
  const { openDB } = await import("idb");
  const database = await openDB(`seqgrad/${name}`, 1, {
    upgrade: (fresh) => void fresh.createObjectStore(FILES),
  });
  if (database.objectStoreNames.contains(FILES)) return database;
  database.close();
  throw new SeqgradError("format", `${op}: the database seqgrad/${name} is of another kind: it has no ${FILES}; use another name.`);
}

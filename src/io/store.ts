import { kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";

/** A place for whole files by name: a folder, a browser's private files, memory. Names are plain: no folders within. */
export interface Store {
  /** The file's bytes; undefined when there is no such file. */
  read(name: string): Promise<Uint8Array | undefined>;
  /** Writes the file whole or not at all: a reader finds the old bytes or the new ones, also after a crash. */
  write(name: string, bytes: Uint8Array): Promise<void>;
  /** The names of all files, sorted. */
  list(): Promise<string[]>;
  /** Removes the file; nothing happens when there is none. */
  delete(name: string): Promise<void>;
  /** Writes several files, and removes those that are null, all or none. Without it they are written one after the other. */
  writeAll?(files: StoreChanges): Promise<void>;
  /**
   * Takes the store for one run, in all tabs of the page's origin, until the function that it returns is called or the tab ends.
   * @throws SeqgradError `state` where another run has it
   */
  hold?(): Promise<() => void>;
  /** Plain data from which `storeOf()` opens the same store, in a worker for example. */
  readonly origin?: StoreOrigin;
}

/** The bytes of files by name; null for a file to remove. */
export type StoreChanges = ReadonlyMap<string, Uint8Array | null>;

/** The kind of a store, and its place: a name, a URL. */
export interface StoreOrigin {
  readonly kind: "opfs" | "indexedDb" | "http";
  readonly at: string;
}

/** Makes changes to a store: all or none where it can, else one after the other. */
export async function change(store: Store, changes: StoreChanges): Promise<void> {
  if (store.writeAll) return store.writeAll(changes);
  for (const [name, bytes] of changes) await (bytes ? store.write(name, bytes) : store.delete(name));
}

/** The changes, when each has a name and bytes; the bytes are copies. */
export function checkChanges(changes: StoreChanges): Map<string, Uint8Array<ArrayBuffer> | null> {
  return new Map(Array.from(changes, ([name, bytes]) => [checkStoreName(name), bytes && new Uint8Array(checkBytes(name, bytes))]));
}

/** True for anything that has the methods which every store has. */
export const isStore = (value: object): value is Store =>
  ["read", "write", "list", "delete"].every((method) => typeof Reflect.get(value, method) === "function");

/** The store, when it is one. */
export function checkStore(op: string, store: Store): Store {
  const has = isStore(Object(store));
  const may = (["writeAll", "hold"] as const).every((method) => ["undefined", "function"].includes(typeof store?.[method]));
  if (has && may) return store;
  const advice = "give a store, such as fileStore(folder) of seqgrad/node, or memoryStore()";
  throw new SeqgradError("value", `${op}: the store is ${kindOf(store)}; ${advice}.`);
}

/** The bytes to write, when they are. */
export function checkBytes(name: string, bytes: Uint8Array): Uint8Array {
  if (!(bytes instanceof Uint8Array))
    throw new SeqgradError("value", `a store cannot write ${kindOf(bytes)} to ${name}; give a Uint8Array.`);
  return bytes;
}

/** The name, when it is one that every store can hold. A leading dot is kept for the stores' own use. */
export function checkStoreName(name: string): string {
  if (!isStoreName(name)) {
    throw new SeqgradError(
      "io",
      `a store cannot hold a file named ${typeof name === "string" ? JSON.stringify(name) : shown(name)}; use 1 to 200 of the characters A-Z a-z 0-9 . _ -, the first not a dot or dash.`,
    );
  }
  return name;
}

export const isStoreName = (name: string): boolean => typeof name === "string" && /^[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/.test(name);

/**
 * Makes a store in memory, for tests and for models on their way elsewhere. It keeps and returns copies.
 *
 * @returns the store
 * @example
 * const store = sg.io.memoryStore();
 * await store.write("notes.txt", new TextEncoder().encode("hello"));
 * await store.list(); // = ["notes.txt"]
 */
export function memoryStore(): Store {
  const files = new Map<string, Uint8Array>();
  return {
    async read(name) {
      const bytes = files.get(checkStoreName(name));
      return bytes && new Uint8Array(bytes);
    },
    async write(name, bytes) {
      files.set(checkStoreName(name), new Uint8Array(checkBytes(name, bytes)));
    },
    async list() {
      return [...files.keys()].sort();
    },
    async delete(name) {
      files.delete(checkStoreName(name));
    },
    async writeAll(changes) {
      for (const [name, bytes] of checkChanges(changes)) bytes ? files.set(name, bytes) : files.delete(name);
    },
  };
}

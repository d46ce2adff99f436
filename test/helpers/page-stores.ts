import type { PageStore } from "../../src/io/page-storage.js";
import type { Store, StoreOrigin } from "../../src/io/store.js";
import { SeqgradError } from "../../src/util/errors.js";

export const inPage = "document" in globalThis;

let count = 0;
/** A name that no test has used. */
export const freshName = (): string => `test-${Date.now()}-${Math.random().toString(36).slice(2)}-${count++}`;

/** The folder of an opfsStore. */
export async function folderOf(name: string): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return (await root.getDirectoryHandle("seqgrad", { create: true })).getDirectoryHandle(name, { create: true });
}

/** The names in the folder of an opfsStore. */
export async function filesOf(name: string): Promise<string[]> {
  const names: string[] = [];
  for await (const file of (await folderOf(name)).keys()) names.push(file);
  return names.sort();
}

/** Changes a file of an opfsStore's folder. */
export async function overwrite(name: string, file: string, change: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>) {
  const handle = await (await folderOf(name)).getFileHandle(file, { create: true });
  const bytes = new Uint8Array(await (await handle.getFile()).arrayBuffer());
  const stream = await handle.createWritable();
  await stream.write(change(bytes));
  await stream.close();
}

/** A worker that opens stores on its own side. */
export class StoreWorker {
  readonly worker = new Worker(new URL("./store-server.ts", import.meta.url), { type: "module" });
  readonly #waiting = new Map<number, (answer: { value?: unknown; code?: never; message?: string }) => void>();
  #last = 0;

  constructor() {
    this.worker.addEventListener("message", ({ data }) => this.#waiting.get(data.id)?.(data));
  }

  call(origin: StoreOrigin, method: string, args: unknown[] = []): Promise<unknown> {
    const id = this.#last++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ value, code, message }) => (code ? reject(new SeqgradError(code, message!)) : resolve(value ?? undefined)));
      this.worker.postMessage({ id, ...origin, method, args });
    });
  }

  store(origin: StoreOrigin): Store {
    const method =
      (name: string) =>
      (...args: unknown[]) =>
        this.call(origin, name, args) as Promise<never>;
    return {
      origin,
      read: method("read"),
      write: method("write"),
      list: method("list"),
      delete: method("delete"),
      writeAll: method("writeAll"),
    };
  }
}

/** Lets the n-th call of the browser's file system fail, as a full disk does, and all that follow if `stays`. Returns the count of calls. */
export async function failing(n: number, stays: boolean, act: () => Promise<unknown>): Promise<{ calls: number; error: unknown }> {
  const methods = [
    [FileSystemDirectoryHandle.prototype, ["getFileHandle", "getDirectoryHandle", "removeEntry"]],
    [FileSystemFileHandle.prototype, ["createWritable", "getFile"]],
    [FileSystemWritableFileStream.prototype, ["write", "close"]],
  ] as const;
  let calls = 0;
  const restore: (() => void)[] = [];
  for (const [owner, names] of methods) {
    for (const name of names) {
      const real = Reflect.get(owner, name);
      Reflect.set(owner, name, function (this: unknown, ...args: unknown[]) {
        calls++;
        const fails = calls === n || (stays && calls > n);
        return fails ? Promise.reject(new DOMException("full", "QuotaExceededError")) : Reflect.apply(real, this, args);
      });
      restore.push(() => Reflect.set(owner, name, real));
    }
  }
  try {
    await act();
    return { calls, error: undefined };
  } catch (error) {
    return { calls, error };
  } finally {
    for (const undo of restore) undo();
  }
}

export type { PageStore };

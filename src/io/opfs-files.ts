import { SeqgradError } from "../util/errors.js";

/** How a dedicated worker writes a file; other workers and pages lack it. */
interface SyncHandle {
  write(bytes: Uint8Array): number;
  flush(): void;
  close(): void;
}

const makesSyncHandles = (file: object): file is { createSyncAccessHandle(): Promise<SyncHandle> } => "createSyncAccessHandle" in file;

/** Refuses to go on where there are no private files. */
export function checkThere(op: string): void {
  const storage = typeof navigator === "undefined" ? undefined : navigator.storage;
  if (typeof storage?.getDirectory === "function") return;
  const why = "there are no private files here, as in Node, in old browsers and on pages without https";
  throw new SeqgradError("device", `${op}: ${why}; use indexedDbStore(name), fileStore(folder) of seqgrad/node, or memoryStore().`);
}

/** The folder of a store in the page's private files; undefined where it is not there and must not be made. */
export async function openFolder(name: string, create: boolean): Promise<FileSystemDirectoryHandle | undefined> {
  const root = await navigator.storage.getDirectory();
  try {
    return await (await root.getDirectoryHandle("seqgrad", { create })).getDirectoryHandle(name, { create });
  } catch (error) {
    if (!create && isMissing(error)) return undefined;
    throw error;
  }
}

export const isMissing = (error: unknown): boolean => error instanceof Error && error.name === "NotFoundError";

/** The names of what a folder holds. */
export async function namesIn(folder: FileSystemDirectoryHandle): Promise<string[]> {
  const names: string[] = [];
  for await (const name of folder.keys()) names.push(name);
  return names;
}

/** Writes a new file, and returns after its bytes have left the page. */
export async function writeNew(folder: FileSystemDirectoryHandle, name: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const file = await folder.getFileHandle(name, { create: true });
  if (makesSyncHandles(file)) return writeSync(await file.createSyncAccessHandle(), bytes);
  if (typeof file.createWritable !== "function")
    throw new SeqgradError("device", "opfsStore: this browser writes private files in workers only; use seqgrad/worker, or update it.");
  const stream = await file.createWritable();
  await stream.write(bytes);
  await stream.close();
}

function writeSync(handle: SyncHandle, bytes: Uint8Array): void {
  try {
    for (let at = 0; at < bytes.length; ) {
      const written = handle.write(bytes.subarray(at));
      if (written === 0) throw new DOMException("the file takes no more bytes", "QuotaExceededError");
      at += written;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

/** The bytes of a file, if it is there. */
export async function bytesIn(folder: FileSystemDirectoryHandle, name: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const file = await (await folder.getFileHandle(name)).getFile();
    return new Uint8Array(await file.arrayBuffer());
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

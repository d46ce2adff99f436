import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { checkText } from "../util/check.js";
import { messageOf, SeqgradError, systemCodeOf } from "../util/errors.js";
import { checkBytes, checkStoreName, isStoreName, type Store } from "./store.js";

/**
 * Makes a store of a folder, which is created at the first write. Node only.
 *
 * A file is written under a temporary name in the same folder, brought to the disk by fsync, renamed, and the folder brought to the disk in
 * turn, so that a process killed or a machine halted at any point leaves the old file or the new one. Temporaries of processes that no
 * longer exist are removed at the first write.
 *
 * @param directory the path of the folder
 * @returns the store
 * @throws SeqgradError `io`, from every method, with the path and what to do
 * @example
 * import { fileStore } from "seqgrad/node";
 * await sg.io.saveModel(fileStore("my-model"), { config, tensors });
 */
export function fileStore(directory: string): Store {
  checkText("fileStore", directory, "the folder");
  let cleaned = false;
  return {
    async read(name) {
      const path = join(directory, checkStoreName(name));
      return attempt("read", path, () => orIfMissing(undefined, async () => plain(await readFile(path))));
    },
    async write(name, bytes) {
      const path = join(directory, checkStoreName(name));
      checkBytes(name, bytes);
      await attempt("write", path, async () => {
        await makeFolder(directory);
        if (!cleaned) await removeLeftovers(directory);
        cleaned = true;
        await replaceFile(directory, name, bytes);
      });
    },
    async list() {
      return attempt("list", directory, () =>
        orIfMissing([], async () => {
          const entries = await readdir(directory, { withFileTypes: true });
          const files = entries.filter((entry) => !entry.isDirectory() && isStoreName(entry.name));
          return files.map((entry) => entry.name).sort();
        }),
      );
    },
    async delete(name) {
      const path = join(directory, checkStoreName(name));
      await attempt("delete", path, () =>
        orIfMissing(undefined, async () => {
          await rm(path);
          await syncDirectory(directory);
        }),
      );
    },
  };
}

/** Makes the folder and those above it. Node's own recursive mkdir never ends below a folder that refuses to hold one, as /proc does. */
export async function makeFolder(path: string): Promise<void> {
  const make = () =>
    mkdir(path).catch((error) => {
      if (error.code !== "EEXIST") throw error;
    });
  try {
    await make();
  } catch (error) {
    if (systemCodeOf(error) !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await make();
  }
}

/** The temporaries that this process is writing. */
const inFlight = new Set<string>();
let serial = 0;

async function replaceFile(directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = `.${name}.${process.pid}.${serial++}.tmp`;
  const path = join(directory, temporary);
  inFlight.add(temporary);
  try {
    const file = await open(path, "wx");
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(path, join(directory, name));
  } catch (error) {
    await rm(path, { force: true }).catch(() => {}); // the first error is the one to report
    throw error;
  } finally {
    inFlight.delete(temporary);
  }
  await syncDirectory(directory);
}

/** Without this a rename may be lost when the machine halts. Windows opens no folder. */
async function syncDirectory(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function removeLeftovers(directory: string): Promise<void> {
  for (const entry of await readdir(directory)) {
    const pid = /^\..+\.(\d+)\.\d+\.tmp$/.exec(entry)?.[1];
    if (pid && !inFlight.has(entry) && !isAnotherAlive(Number(pid))) await rm(join(directory, entry), { force: true });
  }
}

/** True if the process is one that runs, and is not this one. */
function isAnotherAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0); // signal 0 asks and sends nothing
  } catch (error) {
    return systemCodeOf(error) === "EPERM";
  }
}

/** The bytes without what Buffer changes: its slice() is a view. */
const plain = (buffer: Buffer): Uint8Array => new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);

async function orIfMissing<T>(missing: T, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return missing;
    throw error;
  }
}

const advice: Readonly<Record<string, string>> = {
  EACCES: "permission was denied; change the folder's, or choose another folder",
  EPERM: "it is not permitted; choose another folder",
  EROFS: "the file system is read-only; choose another folder",
  ENOSPC: "the disk is full; free some space",
  EDQUOT: "the disk quota is used up; free some space",
  ENOTDIR: "a file is where a folder of the path should be; choose another folder, or move the file away",
  EEXIST: "a file is where the folder should be; choose another folder, or move the file away",
  ERR_FS_EISDIR: "a folder is where the file should be; choose another folder, or move that one away",
  EISDIR: "a folder is where the file should be; choose another folder, or move that one away",
  ENOENT: "a folder of the path cannot be made, or has gone; choose another",
  ENAMETOOLONG: "the path is too long; choose a shorter one",
  EMFILE: "too many files are open; close some",
};

/** Runs an action on a file; what the system refuses becomes a SeqgradError with the path and what to do. */
export async function attempt<T>(action: string, path: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof SeqgradError) throw error;
    const reason = advice[systemCodeOf(error) ?? ""] ?? messageOf(error);
    throw new SeqgradError("io", `fileStore: cannot ${action} ${path}: ${reason}.`, { cause: error });
  }
}

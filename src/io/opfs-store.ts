import { messageOf, SeqgradError } from "../util/errors.js";
import { bytesIn, checkThere, namesIn, openFolder, writeNew } from "./opfs-files.js";
import type { OpfsRecord, Place } from "./opfs-record.js";
import * as records from "./opfs-record.js";
import { attempt, checkPlace, checkRoom, holdLock, locks, type PageStore, space } from "./page-storage.js";
import { checkChanges, checkStoreName, type StoreChanges } from "./store.js";

/** The contents of a folder: all its names, and its good records with the names of their files, the newest first. */
interface Contents {
  readonly folder: FileSystemDirectoryHandle;
  readonly names: readonly string[];
  readonly found: readonly { readonly at: string; readonly record: OpfsRecord }[];
}

/**
 * Makes a store of the browser's private files (Origin Private File System). It works in a page and in a worker, which writes by
 * synchronous access handles.
 *
 * A write makes new files, brings them to the disk, and then writes a record that points to them, with their checksums. A tab that crashes
 * at any moment leaves the files before or those after. The version before each file is kept, and is read where the newest one is damaged.
 * Tabs take turns by Web Locks.
 *
 * @param name the name of the store; each origin has names of its own
 * @returns the store; `space()` asks the browser to keep its files, and returns what it grants
 * @throws SeqgradError `value` for a name that is not one; from every method `device` where the browser has no private files, and `io` for
 *   what it refuses, such as a quota: what was saved before is intact then; `format` for files that are damaged, or of another kind
 * @see https://fs.spec.whatwg.org
 * @example
 * const files = sg.io.opfsStore("my-model");
 * if (globalThis.navigator?.storage) await sg.io.saveModel(files, { config, tensors: await model.stateDict() });
 */
export function opfsStore(name: string): PageStore {
  const op = `opfsStore ${JSON.stringify(checkPlace("opfsStore", name))}`;
  const lock = `seqgrad opfs ${name}`;
  const inTurn = <T>(mode: LockMode, action: string, act: () => Promise<T>) =>
    attempt(op, action, async () => {
      checkThere(op);
      return locks(op).request(lock, { mode }, act);
    });
  const writeAll = async (changes: StoreChanges) => {
    const checked = checkChanges(changes);
    checkThere(op);
    const bytes = [...checked.values()].reduce((sum, file) => sum + (file?.length ?? 0), 0);
    if (bytes > 0) await checkRoom(op, bytes);
    await inTurn("exclusive", `write ${[...checked.keys()].join(", ")}`, () => commit(op, name, checked));
  };
  return {
    origin: { kind: "opfs", at: name },
    space,
    hold: () => holdLock(op, `${lock} run`),
    async read(file) {
      checkStoreName(file);
      return inTurn("shared", `read ${file}`, async () => readFrom(op, file, await contentsOf(op, name, false)));
    },
    async write(file, bytes) {
      await writeAll(new Map([[file, bytes]]));
    },
    async list() {
      return inTurn("shared", "list", async () => [...((await contentsOf(op, name, false))?.found[0]?.record.keys() ?? [])].sort());
    },
    async delete(file) {
      await writeAll(new Map([[file, null]]));
    },
    writeAll,
  };
}

async function contentsOf(op: string, name: string, create: boolean): Promise<Contents | undefined> {
  const folder = await openFolder(name, create);
  if (!folder) return undefined;
  const names = await namesIn(folder);
  const written = names.filter(records.isRecordName).sort((a, b) => (records.writeOf(b) ?? 0) - (records.writeOf(a) ?? 0));
  const found: { at: string; record: OpfsRecord }[] = [];
  for (const at of written) {
    const record = await records.decodeRecord((await bytesIn(folder, at)) ?? new Uint8Array());
    if (record) found.push({ at, record });
  }
  if (found.length > 0) return { folder, names, found };
  const stranger = names.find((name) => records.writeOf(name) === undefined && !name.endsWith(".crswap"));
  if (stranger !== undefined)
    throw new SeqgradError("format", `${op}: the folder seqgrad/${name} holds ${stranger}, which no store wrote; use another name.`);
  if (written.length > 1)
    throw new SeqgradError("format", `${op}: its records are damaged, all ${written.length} of them; save under another name.`);
  return { folder, names, found }; // nothing was ever written to its end
}

async function readFrom(op: string, file: string, contents: Contents | undefined): Promise<Uint8Array | undefined> {
  const [newest, before] = contents?.found ?? [];
  const places = newest?.record.get(file);
  if (!contents || !places) return undefined;
  for (const place of [...places, ...(before?.record.get(file) ?? [])]) {
    const bytes = place && (await intact(contents.folder, place));
    if (bytes) return bytes;
  }
  throw new SeqgradError("format", `${op}: ${file} is damaged, and so is the version before it; save it again, or start again.`);
}

async function intact(folder: FileSystemDirectoryHandle, { file, size, sha256 }: Place): Promise<Uint8Array | undefined> {
  const bytes = await bytesIn(folder, file);
  return bytes?.length === size && (await records.sha256(bytes)) === sha256 ? bytes : undefined;
}

/** Writes new files, then the record that makes them the store's; removes what no record needs. */
async function commit(op: string, name: string, changes: ReadonlyMap<string, Uint8Array<ArrayBuffer> | null>): Promise<void> {
  const contents = await contentsOf(
    op,
    name,
    [...changes.values()].some((bytes) => bytes !== null),
  );
  const [newest] = contents?.found ?? [];
  if (!contents || [...changes].every(([file, bytes]) => bytes === null && !newest?.record.has(file))) return;
  const { folder, names } = contents;
  const write = names.reduce((last, file) => Math.max(last, records.writeOf(file) ?? 0), 0) + 1;
  const next = new Map(newest?.record);
  const made: string[] = [];
  try {
    for (const [file, bytes] of changes) {
      if (!bytes) next.delete(file);
      else {
        const place = { file: records.bytesName(write, made.length), size: bytes.length, sha256: await records.sha256(bytes) };
        made.push(place.file);
        await writeNew(folder, place.file, bytes);
        const [before] = newest?.record.get(file) ?? [];
        next.set(file, before ? [place, before] : [place]);
      }
    }
    made.push(records.recordName(write));
    await writeNew(folder, records.recordName(write), await records.encodeRecord(next));
  } catch (error) {
    await remove(folder, made.reverse());
    throw error;
  }
  // A reader goes back to the record before where this one is damaged.
  const before = Array.from(newest?.record.values() ?? [], ([now]) => now);
  const needed = new Set([newest?.at, ...[...next.values(), before].flatMap((places) => places.map((place) => place?.file))]);
  await remove(
    folder,
    names.filter((file) => !needed.has(file)),
  );
}

/** Removes files; one that stays is removed by a later write. */
async function remove(folder: FileSystemDirectoryHandle, files: readonly string[]): Promise<void> {
  for (const file of files) await folder.removeEntry(file).catch(messageOf);
}

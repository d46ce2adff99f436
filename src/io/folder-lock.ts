import { readFileSync, rmSync } from "node:fs";
import { open, readFile, rename, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { SeqgradError, systemCodeOf } from "../util/errors.js";
import { attempt, makeFolder } from "./file-store.js";

const FILE = ".lock";
/** How often an empty lock is read again: whoever made it is about to write it. */
const PATIENCE = 20;

/** A folder that one process at a time writes to. */
export interface FolderLock {
  /** Takes the lock again where someone removed the folder. */
  renew(): Promise<void>;
  /** Gives the folder back. */
  release(): Promise<void>;
}

/** Who holds a lock. The start distinguishes a process from a later one with the same id. */
interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly start: string;
}

/** The locks of this process. */
const held = new Set<string>();

/**
 * Locks a folder until `release()` or the end of the process; makes the folder. The lock of a process that was killed does not count.
 * @throws SeqgradError `state` where another process holds the lock; `io` where the folder cannot be written to
 */
export async function lockFolder(folder: string): Promise<FolderLock> {
  const path = resolve(folder, FILE);
  if (held.has(path)) throw inUse(folder, me());
  held.add(path); // before the first await: of two calls in this process, one gets the folder
  try {
    await take(folder, path);
  } catch (error) {
    held.delete(path);
    throw error;
  }
  const removeOwn = () => rmSync(path, { force: true });
  process.on("exit", removeOwn);
  return {
    renew: async () => {
      if ((await holderOf(path)) === undefined) await take(folder, path);
    },
    release: async () => {
      process.off("exit", removeOwn);
      if (isMe(await holderOf(path))) await rm(path, { force: true });
      held.delete(path);
    },
  };
}

/** Refuses a folder that another process has locked, and changes nothing. */
export async function checkUnlocked(folder: string): Promise<void> {
  const path = resolve(folder, FILE);
  const holder = await attempt("read", path, () => holderOf(path));
  if (holder && (held.has(path) || isAlive(holder))) throw inUse(folder, holder);
}

async function take(folder: string, path: string): Promise<void> {
  await attempt("lock", path, async () => {
    await makeFolder(folder);
    for (;;) {
      if (await create(path)) return;
      const holder = await holderOf(path);
      if (holder && isAlive(holder)) throw inUse(folder, holder);
      if (holder) await removeDead(path, holder);
    }
  });
}

/** True if the lock did not exist and is ours now. */
async function create(path: string): Promise<boolean> {
  try {
    const file = await open(path, "wx");
    await file.writeFile(JSON.stringify(me())).finally(() => file.close());
    return true;
  } catch (error) {
    if (systemCodeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Moves the lock aside before it is removed: of two processes that find it, one does, and a lock that was made meanwhile goes back. */
async function removeDead(path: string, dead: Holder): Promise<void> {
  const aside = join(path, "..", `${FILE}.${process.pid}.0.tmp`);
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCodeOf(error) === "ENOENT") return;
    throw error;
  }
  const moved = await holderOf(aside);
  if (JSON.stringify(moved) === JSON.stringify(dead)) await rm(aside, { force: true });
  else await rename(aside, path);
}

/** Who holds the lock; undefined where there is none. A file that stays empty or is not ours counts as a dead process's. */
async function holderOf(path: string): Promise<Holder | undefined> {
  for (let i = 0; i < PATIENCE; i++) {
    try {
      const { pid, host, start } = JSON.parse(await readFile(path, "utf8"));
      return { pid, host, start };
    } catch (error) {
      if (systemCodeOf(error) === "ENOENT") return undefined;
      if (!(error instanceof SyntaxError)) throw error;
      await wait(10);
    }
  }
  return { pid: 0, host: hostname(), start: "" };
}

const me = (): Holder => ({ pid: process.pid, host: hostname(), start: startOf(process.pid) });
const isMe = (holder: Holder | undefined) => holder?.pid === process.pid && holder.host === hostname();

/** A lock of this process that it does not hold is left from an earlier process with its id. Of another machine nothing can be known. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  if (!(holder.pid > 0) || holder.pid === process.pid) return false;
  try {
    process.kill(holder.pid, 0); // signal 0 asks and sends nothing
  } catch (error) {
    if (systemCodeOf(error) !== "EPERM") return false;
  }
  return startOf(holder.pid) === holder.start;
}

/** When a process started, on Linux; elsewhere nothing. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

function inUse(folder: string, { pid, host }: Holder): SeqgradError {
  const where = host === hostname() ? "" : ` on ${host}`;
  const advice = where ? `, or remove ${join(folder, FILE)} if that process has ended` : "";
  return new SeqgradError(
    "state",
    `${folder} is in use by another run, process ${pid}${where}. Wait until it ends, stop it, or choose another folder${advice}.`,
  );
}

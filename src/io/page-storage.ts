import { checkText } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { isStoreName, type Store } from "./store.js";

/** The room that the browser grants a page, all its stores together. */
export interface StorageSpace {
  /** True if the browser keeps the files until the user removes them; else it may remove them, Safari 7 days after the last visit. */
  readonly persisted: boolean;
  /** The bytes that the page's origin has stored, and may store; undefined where the browser does not say. */
  readonly used: number | undefined;
  readonly quota: number | undefined;
}

/** A store in the browser. */
export interface PageStore extends Store {
  /** Asks the browser to keep the files, once in the life of a page, and returns what it grants. The first write asks too. */
  space(): Promise<StorageSpace>;
}

/** The browser's manager of storage, as far as it is there: some browsers, workers and pages lack parts or all of it. */
const manager = (): Partial<StorageManager> => (typeof navigator === "undefined" ? {} : (navigator.storage ?? {}));

let persisted: Promise<boolean> | undefined;

/** Asks once whether the files are kept. A worker cannot ask, and hears what was granted. */
export function askToPersist(): Promise<boolean> {
  const storage = manager();
  const ask = async () => (await storage.persisted?.()) || ((await storage.persist?.()) ?? false);
  persisted ??= ask().catch(() => false);
  return persisted;
}

const estimate = async (): Promise<Pick<StorageSpace, "used" | "quota">> => {
  const { usage: used, quota }: StorageEstimate =
    (await manager()
      .estimate?.()
      .catch(() => undefined)) ?? {};
  return { used, quota };
};

/** See PageStore. */
export async function space(): Promise<StorageSpace> {
  return { persisted: await askToPersist(), ...(await estimate()) };
}

/** The name of a store in the browser, when it is one that every browser can hold. */
export function checkPlace(op: string, name: string): string {
  checkText(op, name, "the name");
  if (isStoreName(name)) return name;
  throw new SeqgradError(
    "value",
    `${op}: the name is ${JSON.stringify(name)}; expected 1 to 200 of the characters A-Z a-z 0-9 . _ -, the first not a dot or dash.`,
  );
}

/** Asks for the files to be kept, and refuses what the browser says it has no room for: nothing is written then. */
export async function checkRoom(op: string, bytes: number): Promise<void> {
  // Firefox asks the user, who may not answer for a while: a write does not wait for it.
  void askToPersist();
  const { used, quota } = await estimate();
  if (used === undefined || quota === undefined || bytes <= quota - used) return;
  throw noRoom(op, `${megabytes(bytes)} do not fit: ${megabytes(used)} of ${megabytes(quota)} are used`);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;

const noRoom = (op: string, why: string, cause?: unknown) =>
  new SeqgradError(
    "io",
    `${op}: the browser's quota is used up: ${why}. What was saved before is intact. Remove files of this site, or free disk space.`,
    { cause },
  );

const advice: Readonly<Record<string, string>> = {
  SecurityError: "the browser keeps no files for this page; allow it to, or leave private browsing",
  NotAllowedError: "the browser keeps no files for this page; allow it to, or leave private browsing",
  NotFoundError: "a file has gone, as when the site's data are removed; save again",
  NoModificationAllowedError: "another tab writes it; close that tab, or use another name",
  InvalidStateError: "the browser has closed its storage, or private browsing has none; reload the page",
  AbortError: "the browser stopped it; what was saved before is intact; try again",
  VersionError: "the database is of another kind or of a newer version; use another name",
};

/** Runs an action on the browser's storage; what the browser refuses becomes a SeqgradError that says what to do. */
export async function attempt<T>(op: string, action: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    if (cause instanceof SeqgradError) throw cause;
    const kind = cause instanceof Error ? cause.name : "";
    if (kind === "QuotaExceededError") throw noRoom(op, `it refused to ${action} (${messageOf(cause)})`, cause);
    throw new SeqgradError("io", `${op}: cannot ${action}: ${advice[kind] ?? messageOf(cause)}.`, { cause });
  }
}

/** How long to wait for a run that has just ended to give its store back. */
const PATIENCE = 2000;

/** Takes a lock of the page's origin until the function that it returns is called. */
export async function holdLock(op: string, lock: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const until = () => new Promise<void>((release) => resolve(release));
    locks(op)
      .request(lock, { signal: AbortSignal.timeout(PATIENCE) }, until)
      .catch((cause: unknown) => {
        const advice = "Wait until it ends, close that tab, or use another name";
        reject(new SeqgradError("state", `${op}: another run uses the store, in this tab or in another one. ${advice}.`, { cause }));
      });
  });
}

/** The browser's locks. */
export function locks(op: string): LockManager {
  const manager = typeof navigator === "undefined" ? undefined : navigator.locks;
  if (manager) return manager;
  throw new SeqgradError("device", `${op}: this browser has no Web Locks, which keep tabs apart; open the page by https, or update it.`);
}

/** A worker, of Node or of a page. */
export interface Thread {
  send(message: unknown): void;
  /** Says if it keeps a process of Node alive; at first it does not. */
  hold(isHeld: boolean): void;
  /** True if it is known to have ended, also within a call that does not return to the event loop. */
  isGone(): boolean;
  end(): void;
}

/** The threads of "auto" at most: of more, each would get too little of a call. */
const automatic = 8;

/** Node's own modules. A page has none, and other runtimes have them by their names. */
const builtins = typeof globalThis.process?.getBuiltinModule === "function" ? globalThis.process : undefined;

/** The number of threads for the option, and why there is one alone. */
export function countThreads(threads: "auto" | number): { readonly count: number; readonly reason: string } {
  if (typeof SharedArrayBuffer === "undefined") return { count: 1, reason: "SharedArrayBuffer is missing here" };
  if (!builtins && typeof Worker === "undefined") return { count: 1, reason: "workers are missing here; update Node to 20.16 or newer" };
  if (threads !== "auto") return { count: threads, reason: "" };
  const cores = builtins ? builtins.getBuiltinModule("node:os").availableParallelism() : navigator.hardwareConcurrency;
  return { count: Math.min(cores, automatic), reason: cores > 1 ? "" : "there is one core" };
}

/** True where the caller may sleep until the memory changes: not in a page's main thread. */
export function maySleep(control: Int32Array, index: number): boolean {
  try {
    return Atomics.wait(control, index, 1 + Atomics.load(control, index), 0) === "not-equal";
  } catch {
    return false;
  }
}

/** The program of a worker: a classic script as a text, or the address of one. */
export type Script = string | URL;

/** Hears of a worker. */
export interface Listener {
  /** Why it ended, or could not start. */
  onGone(reason: string): void;
  onMessage?(message: unknown): void;
}

/** Starts a worker. */
export const startThread = (script: Script, listener: Listener): Thread =>
  builtins ? nodeThread(builtins, script, listener) : pageThread(script, listener);

function nodeThread(
  { getBuiltinModule, versions }: Pick<NodeJS.Process, "getBuiltinModule" | "versions">,
  script: Script,
  { onGone, onMessage }: Listener,
): Thread {
  const { Worker } = getBuiltinModule("node:worker_threads");
  const worker = new Worker(script, { eval: typeof script === "string", execArgv: [], name: "seqgrad" });
  worker.unref();
  worker.on("error", (error: unknown) => onGone(String(error)));
  worker.on("exit", (code) => onGone(`it ended with code ${code}`));
  if (onMessage) worker.on("message", onMessage);
  // Asked once while it lives, the worker answers afterwards with an idle time below 0. Deno and Bun do not measure that.
  const idle = () => (versions.deno || versions.bun ? 0 : worker.performance.eventLoopUtilization().idle);
  worker.on("online", idle);
  return {
    send: (message) => worker.postMessage(message),
    hold: (isHeld) => (isHeld ? worker.ref() : worker.unref()),
    isGone: () => idle() < 0,
    end: () => void worker.terminate(),
  };
}

function pageThread(script: Script, { onGone, onMessage }: Listener): Thread {
  const url = typeof script === "string" ? URL.createObjectURL(new Blob([script], { type: "text/javascript" })) : script.href;
  const worker = new Worker(url, { name: "seqgrad" });
  let isGone = false;
  worker.onerror = (event) => {
    isGone = true;
    // An event without a message comes from a script that could not be loaded.
    const blocked = "this page's Content Security Policy forbids workers of its own: add `worker-src blob:` to it";
    onGone(event.message || (typeof script === "string" ? blocked : `${url} could not be loaded`));
  };
  if (onMessage) worker.onmessage = ({ data }) => onMessage(data);
  return {
    send: (message) => worker.postMessage(message),
    hold: () => {},
    isGone: () => isGone,
    end: () => {
      worker.terminate();
      if (typeof script === "string") URL.revokeObjectURL(url);
    },
  };
}

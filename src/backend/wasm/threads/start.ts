import type { WorkerData } from "./worker.js";

/** A worker, of Node or of a page. */
export interface Thread {
  /** Brings it the kernels. */
  send(data: WorkerData): void;
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

/** Starts a worker that runs `source`, and never keeps a process alive; `onGone` hears why it ended, or could not start. */
export const startThread = (source: string, onGone: (reason: string) => void): Thread =>
  builtins ? nodeThread(builtins, source, onGone) : pageThread(source, onGone);

function nodeThread(
  { getBuiltinModule }: Pick<NodeJS.Process, "getBuiltinModule">,
  source: string,
  onGone: (reason: string) => void,
): Thread {
  const worker = new (getBuiltinModule("node:worker_threads").Worker)(source, { eval: true, execArgv: [], name: "seqgrad" });
  worker.unref();
  worker.on("error", (error: unknown) => onGone(String(error)));
  worker.on("exit", (code) => onGone(`it ended with code ${code}`));
  // Asked once while it lives, the worker answers afterwards with an idle time below 0.
  const idle = () => worker.performance.eventLoopUtilization().idle;
  worker.on("online", idle);
  return { send: (data) => worker.postMessage(data), isGone: () => idle() < 0, end: () => void worker.terminate() };
}

function pageThread(source: string, onGone: (reason: string) => void): Thread {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const worker = new Worker(url, { name: "seqgrad" });
  let isGone = false;
  worker.onerror = (event) => {
    isGone = true;
    // An event without a message comes from a script that could not be loaded.
    onGone(event.message || "this page's Content Security Policy forbids workers of its own: add `worker-src blob:` to it");
  };
  return {
    send: (data) => worker.postMessage(data),
    isGone: () => isGone,
    end: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

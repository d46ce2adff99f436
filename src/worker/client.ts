import { chunks, fusing } from "../backend/wasm/modules.js";
import { type Listener, type Script, startThread, type Thread } from "../backend/wasm/threads/start.js";
import { checkStore, type Store } from "../io/store.js";
import { isRecord } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { receivedError, sentError } from "./errors.js";
import {
  type FromEngine,
  mark,
  PROTOCOL,
  type Question,
  type Sent,
  type SentStore,
  storeMethods,
  type ToEngine,
  type Work,
} from "./protocol.js";

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/** A message of a stream. */
interface Message<T> {
  readonly items: readonly T[];
  readonly isLast: boolean;
  readonly error?: Error;
}

/** Takes what comes of a stream. */
interface Sink {
  push(message: Message<unknown>): void;
}

/** Messages that have come and are not taken, and who waits for them. */
class Inbox<T> implements Sink {
  readonly #messages: Message<T>[] = [];
  #wake = () => {};

  push(message: Message<T>): void {
    this.#messages.push(message);
    this.#wake();
  }

  async next(): Promise<Message<T>> {
    for (;;) {
      const message = this.#messages.shift();
      if (message) return message;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

/** An option whose `aborted` may become true. */
interface Signal {
  readonly aborted: boolean;
  addEventListener?(type: "abort", listener: () => void, options: { once: true }): void;
}

const isSignal = (value: object): value is Signal => "aborted" in value && typeof value.aborted === "boolean";
const isStore = (value: object): value is Store =>
  storeMethods.every((method) => method in value && typeof Reflect.get(value, method) === "function");
const isTokenizer = (value: object): value is { toJSON(): unknown } =>
  "encode" in value && "toJSON" in value && typeof value.toJSON === "function";

/** Object literals alone are looked into: what has a class of its own goes over as it is. */
const isPlain = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** The page's end of the port: calls and streams by number, and answers to what the worker asks. */
export class Client {
  readonly #thread: Thread;
  readonly #waiting = new Map<number, Waiting>();
  readonly #streams = new Map<number, Sink>();
  readonly #stores: Store[] = [];
  readonly #signals: Signal[] = [];
  readonly #functions: Callback[] = [];
  readonly #watch = new AbortController();
  #last = 0;
  /** Why the worker can do nothing more. */
  #lost: SeqgradError | undefined;
  readonly ready: Promise<unknown>;

  constructor(script: Script) {
    this.ready = new Promise((resolve, reject) => this.#waiting.set(0, { resolve, reject }));
    this.#thread = startedThread(script, {
      onGone: (reason) => this.#gone(reason),
      onMessage: (message: FromEngine) => this.#receive(message),
    });
    this.#thread.hold(true);
  }

  /** The result of a piece of work. */
  call<T>(work: Work): Promise<T> {
    const id = ++this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#send({ type: "call", id, ...work }, (error) => this.#settle(id)?.reject(error));
    });
  }

  /** The items of a method. Nothing happens before the first is asked for. */
  async *stream<T>(task: number, method: string, args: readonly unknown[]): AsyncGenerator<T, void, undefined> {
    const id = ++this.#last;
    const encoded = this.encoded(args);
    const inbox = new Inbox<T>();
    this.#streams.set(id, inbox);
    let isOpen = true;
    try {
      const fail = (error: Error) => inbox.push({ items: [], isLast: true, error });
      this.#send({ type: "stream", id, task, method, args: encoded }, fail);
      while (isOpen) {
        const message = await inbox.next();
        yield* message.items;
        isOpen = !message.isLast;
        if (message.error) throw message.error;
        if (isOpen) this.#send({ type: "taken", id });
        for (const [i, { aborted }] of this.#signals.entries()) if (aborted) this.#send({ type: "abort", signal: i });
      }
    } finally {
      // Who breaks off waits until the worker has stopped, so that the task is at rest.
      if (isOpen && !this.#lost) {
        this.#send({ type: "stop", id });
        while (!(await inbox.next()).isLast);
      }
      this.#streams.delete(id);
      this.#hold();
    }
  }

  /** Waits for the lock that the worker has: nobody lets go of it but one that has ended. */
  watch(lock: string): void {
    const isOver = () => this.#gone("the browser ended it");
    navigator.locks.request(lock, { signal: this.#watch.signal }, isOver).catch(() => {});
  }

  release(task: number): void {
    this.#send({ type: "release", task }, () => {});
  }

  /** Ends the worker; all calls are refused from then on. */
  lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = new SeqgradError("state", `worker: ${reason}.`);
    this.#watch.abort();
    this.#thread.end();
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
    for (const stream of this.#streams.values()) stream.push({ items: [], isLast: true, error: this.#lost });
  }

  #gone(reason: string): void {
    this.lose(`the worker has ended (${reason}). Start another with worker.start(), and resume from the last checkpoint`);
  }

  /** A store, as it goes over. */
  store(store: Store): SentStore {
    const { origin, writeAll, hold } = store;
    // A worker cannot ask the browser to keep its files.
    if ("space" in store && typeof store.space === "function") Promise.resolve(store.space()).catch(() => {});
    const has = { writeAll: writeAll !== undefined, hold: hold !== undefined };
    return { as: "store", id: numberOf(this.#stores, store), has, ...(origin && { origin }) };
  }

  /** Arguments, with numbers in place of stores and signals. */
  encoded(args: readonly unknown[]): unknown[] {
    return args.map((arg) => this.#encoded(arg));
  }

  #encoded(value: unknown): unknown {
    if (typeof value === "function") return { [mark]: { as: "function", id: numberOf(this.#functions, calling(value)) } satisfies Sent };
    if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return value;
    const marked = (sent: Sent) => ({ [mark]: sent });
    if (isStore(value)) return marked(this.store(value));
    if (isTokenizer(value)) return marked({ as: "tokenizer", json: value.toJSON() });
    if (isSignal(value)) {
      const signal = numberOf(this.#signals, value);
      value.addEventListener?.("abort", () => this.#send({ type: "abort", signal }, () => {}), { once: true });
      return marked({ as: "signal", id: signal, aborted: value.aborted });
    }
    return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#encoded(inner)])) : value;
  }

  /** Sends a message; `refuse` hears why it cannot go. */
  #send(message: ToEngine, refuse?: (error: Error) => void, transfer?: readonly ArrayBuffer[]): void {
    try {
      if (this.#lost) throw this.#lost;
      this.#thread.send(message, transfer);
      this.#hold();
    } catch (error) {
      const isOwn = error instanceof SeqgradError;
      const advice = "give plain data: objects, lists, texts, numbers and typed arrays";
      refuse?.(
        isOwn ? error : new SeqgradError("value", `worker: what you gave cannot go to the worker (${messageOf(error)}); ${advice}.`),
      );
    }
  }

  /** Keeps Node alive while the worker has something to do. */
  #hold(): void {
    this.#thread.hold(this.#waiting.size + this.#streams.size > 0);
  }

  #settle(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (!this.#lost) this.#hold();
    return waiting;
  }

  #receive(message: FromEngine): void {
    switch (message?.type) {
      case "hello":
        if (message.protocol === PROTOCOL) this.#settle(0)?.resolve(undefined);
        else this.lose("its script is of another version of seqgrad; give the file of this one");
        return;
      case "result":
        this.#settle(message.id)?.resolve(message.value);
        return;
      case "error": {
        const error = receivedError(message.error);
        this.#streams.get(message.id)?.push({ items: [], isLast: true, error });
        this.#settle(message.id)?.reject(error);
        return;
      }
      case "items":
        this.#streams.get(message.id)?.push(message);
        return;
      case "question":
        void this.#answer(message.id, message);
        return;
      default:
        this.lose(`its script sent a message that is none of seqgrad's; give url the file seqgrad/dist/worker.min.js of this version`);
    }
  }

  async #answer(id: number, question: Question): Promise<void> {
    const refuse = (error: unknown) => this.#send({ type: "refusal", id, error: sentError(error) });
    try {
      const value =
        question.ask === "chunk"
          ? await chunkOf(question.name)
          : question.ask === "store"
            ? await this.#fromStore(question)
            : await this.#callBack(question);
      this.#send({ type: "answer", id, value }, refuse);
    } catch (error) {
      refuse(error);
    }
  }

  /** Calls a function of the page's. What it throws is the page's to hear, as where the task is in the page; the worker continues. */
  async #callBack({ fn, args }: Extract<Question, { ask: "function" }>): Promise<void> {
    try {
      await this.#functions[fn]?.(args);
    } catch (error) {
      void Promise.reject(error);
    }
  }

  async #fromStore({ store: number, method, args }: Extract<Question, { ask: "store" }>): Promise<unknown> {
    const store = this.#stores[number];
    if (!store) throw new SeqgradError("value", `worker: there is no store ${number}.`);
    const own: unknown = Reflect.get(checkStore("worker", store), method);
    const result: unknown = typeof own === "function" ? await Reflect.apply(own, store, args) : undefined;
    return typeof result === "function" ? numberOf(this.#functions, calling(result)) : result;
  }
}

type Callback = (args: readonly unknown[]) => unknown;
const callbacks = new WeakMap<object, Callback>();

/** A function of the page's, to be called with what the worker sends. */
function calling(fn: object): Callback {
  const known = callbacks.get(fn);
  const callback: Callback = known ?? ((args) => (typeof fn === "function" ? Reflect.apply(fn, undefined, args) : undefined));
  callbacks.set(fn, callback);
  return callback;
}

/** Starts a worker, or says that the runtime has none, or none from this address. */
function startedThread(script: Script, listener: Listener): Thread {
  try {
    return startThread(script, listener);
  } catch (cause) {
    const why = messageOf(cause);
    const words =
      typeof script === "string"
        ? `this runtime starts no workers (${why}); use tasks without one.`
        : `no worker can start from ${script.href} (${why}); give url a file of the page's own origin, or in Node one of the disk.`;
    throw new SeqgradError("state", `worker.start: ${words}`, { cause });
  }
}

/** The place of an item in a list, to which it is added if it is new. */
function numberOf<T>(list: T[], item: T): number {
  const at = list.indexOf(item);
  return at < 0 ? list.push(item) - 1 : at;
}

/** Kernels as the package has them: base64 of gzip. */
async function chunkOf(name: string): Promise<string> {
  const [variant = "", part] = name.split("-");
  const chunk =
    variant === "wide"
      ? (await fusing()).wideCore
      : variant === "simd" || variant === "relaxed"
        ? chunks[variant][part ? 1 : 0]
        : undefined;
  if (!chunk) throw new SeqgradError("value", `worker: there are no kernels named ${name}.`);
  return (await chunk()).default;
}

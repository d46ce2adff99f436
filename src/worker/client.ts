import { chunks, fusing } from "../backend/wasm/modules.js";
import { type Listener, type Script, startThread, type Thread } from "../backend/wasm/threads/start.js";
import { isStore } from "../io/store.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { receivedError, sentError } from "./errors.js";
import { Lent, Loan } from "./loan.js";
import { Pending } from "./pending.js";
import { type FromEngine, PROTOCOL, type Question, type ToEngine, type Work } from "./protocol.js";

/** The most milliseconds that a timer can wait. */
const LONGEST = 2 ** 31 - 1;

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

/** The page's end of the port: calls and streams by number, and answers to what the worker asks. */
export class Client {
  readonly #thread: Thread;
  readonly #pending = new Pending();
  readonly #streams = new Map<number, Sink>();
  readonly #lent = new Lent((change) => this.#send(change));
  readonly #watch = new AbortController();
  /** The functions that give back the stores that runs of the worker hold. */
  readonly #releases = new Set<() => unknown>();
  #last = 0;
  /** Why the worker can do nothing more. */
  #lost: SeqgradError | undefined;
  readonly #hello: Promise<unknown>;

  constructor(script: Script) {
    this.#thread = startedThread(script, {
      onGone: (reason) => this.#gone(reason),
      onMessage: (message: FromEngine) => this.#receive(message),
    });
    this.#hello = this.#pending.open(0, () => this.#hold());
  }

  /** Waits for the first message of the worker, `seconds` at most. */
  async ready(seconds: number): Promise<void> {
    const words = `its script did not answer within ${seconds} seconds; give url the file seqgrad/dist/worker.min.js of this version, or on a slow machine or network a larger timeout`;
    const late = setTimeout(() => this.lose(words), Math.min(1000 * seconds, LONGEST));
    await this.#hello.finally(() => clearTimeout(late));
  }

  /** The number of stores, functions, signals and controls that the worker may use now. */
  get lent(): number {
    return this.#lent.size;
  }

  /** Begins a loan, to be ended with the call for which it is. */
  loan(): Loan {
    return new Loan(this.#lent);
  }

  /** The result of a piece of work for which the page lends something. */
  async lend<T>(work: (loan: Loan) => Work): Promise<T> {
    const loan = this.loan();
    try {
      return await this.call<T>(work(loan));
    } finally {
      loan.end();
    }
  }

  /** The result of a piece of work. */
  call<T>(work: Work): Promise<T> {
    const id = ++this.#last;
    return this.#pending.open<T>(id, () => this.#send({ type: "call", id, ...work }, (error) => this.#reject(id, error)));
  }

  /** The items of a method. Nothing happens before the first is asked for. */
  async *stream<T>(task: number, method: string, args: readonly unknown[]): AsyncGenerator<T, void, undefined> {
    const id = ++this.#last;
    const loan = this.loan();
    const inbox = new Inbox<T>();
    let isOpen = false;
    try {
      const encoded = loan.encoded(args);
      this.#streams.set(id, inbox);
      isOpen = true;
      const fail = (error: Error) => inbox.push({ items: [], isLast: true, error });
      this.#send({ type: "stream", id, task, method, args: encoded }, fail);
      while (isOpen) {
        const message = await inbox.next();
        yield* message.items;
        isOpen = !message.isLast;
        if (message.error) throw message.error;
        if (isOpen) this.#send({ type: "taken", id });
        loan.poll();
      }
    } finally {
      // Who breaks off waits until the worker has stopped, so that the task is at rest.
      if (isOpen && !this.#lost) {
        this.#send({ type: "stop", id });
        while (!(await inbox.next()).isLast);
      }
      this.#streams.delete(id);
      loan.end();
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
    this.#pending.rejectAll(this.#lost);
    for (const stream of this.#streams.values()) stream.push({ items: [], isLast: true, error: this.#lost });
    for (const release of [...this.#releases]) release();
    this.#lent.clear();
  }

  #gone(reason: string): void {
    this.lose(`the worker has ended (${reason}). Start another with worker.start(), and resume from the last checkpoint`);
  }

  /** Sends a message; `refuse` hears why it cannot go. */
  #send(message: ToEngine, refuse?: (error: Error) => void): void {
    try {
      if (this.#lost) throw this.#lost;
      this.#thread.send(message);
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
    if (!this.#lost) this.#thread.hold(this.#pending.size + this.#streams.size > 0);
  }

  #resolve(id: number, value: unknown): void {
    this.#pending.resolve(id, value);
    this.#hold();
  }

  #reject(id: number, error: Error): void {
    this.#pending.reject(id, error);
    this.#hold();
  }

  #receive(message: FromEngine): void {
    switch (message?.type) {
      case "hello":
        if (message.protocol === PROTOCOL) this.#resolve(0, undefined);
        else this.lose("its script is of another version of seqgrad; give the file of this one");
        return;
      case "result":
        this.#resolve(message.id, message.value);
        return;
      case "error": {
        const error = receivedError(message.error);
        this.#streams.get(message.id)?.push({ items: [], isLast: true, error });
        this.#reject(message.id, error);
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
      this.#send({ type: "answer", id, value: await this.#answerTo(question) }, refuse);
    } catch (error) {
      refuse(error);
    }
  }

  #answerTo(question: Question): Promise<unknown> {
    switch (question.ask) {
      case "chunk":
        return chunkOf(question.name);
      case "store":
        return this.#fromStore(question);
      case "function":
        return this.#callBack(question);
    }
  }

  /** Calls a function of the page's. What it throws is the page's to hear, as where the task is in the page; the worker continues. */
  async #callBack({ fn, args }: Extract<Question, { ask: "function" }>): Promise<void> {
    try {
      const own = this.#lent.get(fn);
      if (typeof own === "function") await Reflect.apply(own, undefined, args);
    } catch (error) {
      void Promise.reject(error);
    }
  }

  async #fromStore({ store: id, method, args }: Extract<Question, { ask: "store" }>): Promise<unknown> {
    const store = this.#lent.get(id);
    if (!store || !isStore(store)) throw new SeqgradError("state", "worker: the call that had this store has ended.");
    const own: unknown = Reflect.get(store, method);
    const result: unknown = typeof own === "function" ? await Reflect.apply(own, store, args) : undefined;
    if (typeof result !== "function") return result;
    // The release of hold(), which the worker calls once, at the end of the run; a worker that has ended cannot.
    const release = () => {
      this.#releases.delete(release);
      this.#lent.delete(lent);
      return Reflect.apply(result, undefined, []);
    };
    const lent = this.#lent.add(release);
    if (this.#lost) return release();
    this.#releases.add(release);
    return lent;
  }
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

/** Loads kernels as the package has them, base64 of gzip, by the name of their chunk. */
const kernelChunks: Readonly<Record<string, () => Promise<{ readonly default: string }>>> = {
  simd: chunks.simd[0],
  "simd-extra": chunks.simd[1],
  relaxed: chunks.relaxed[0],
  "relaxed-extra": chunks.relaxed[1],
  wide: async () => (await fusing()).wideCore(),
};

async function chunkOf(name: string): Promise<string> {
  const chunk = kernelChunks[name];
  if (!chunk) throw new SeqgradError("value", `worker: there are no kernels named ${name}.`);
  return (await chunk()).default;
}

import { opfsStore } from "../io/opfs-store.js";
import type { Store, StoreChanges } from "../io/store.js";
import type { Capture } from "../nn/capture.js";
import * as kinds from "../tasks/kinds.js";
import { load } from "../tasks/load.js";
import { defaultDevice, init, memory } from "../tensor/device.js";
import { manualSeed } from "../tensor/random.js";
import { tokenizerFromJSON } from "../text/load.js";
import { paces } from "../train/pace.js";
import { RunControl } from "../train/run-control.js";
import { breathe } from "../util/breath.js";
import { checkInteger, isRecord } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { receivedError, sentError } from "./errors.js";
import type { StartOptions } from "./index.js";
import { Pending } from "./pending.js";
import {
  type Change,
  type FromEngine,
  type Marked,
  mark,
  PROTOCOL,
  type Question,
  type SentStore,
  type SentTask,
  type Started,
  type StoreMethod,
  type ToEngine,
  type Work,
} from "./protocol.js";

// The program of the worker. It holds tasks by number, runs calls on them, and asks the page for stores and kernels.

/** Milliseconds for which items of a stream are gathered: a page that draws once a frame needs no more. */
const GATHERED = 25;

const startNames = namesOf<StartOptions>({
  ...{ device: 1, precision: 1, deterministic: 1, memoryLimit: 1, threads: 1, wide: 1 },
  ...{ seed: 1, url: 1, timeout: 1 },
});

type AnyTask = Awaited<ReturnType<typeof load>>;
type Held = AnyTask | Capture;

type Post = (message: FromEngine, transfer?: ArrayBuffer[]) => void;

type Method = Pick<Extract<Work, { work: "call" }>, "task" | "method" | "args">;

/** A stream: how many of its messages the page has not taken, and what to call when it has. */
interface Stream {
  sent: number;
  isStopped: boolean;
  wake: () => void;
  /** Those that have come and are not sent. */
  items: unknown[];
  control?: RunControl;
}

export class Engine {
  readonly #post: Post;
  readonly #held = new Map<number, Held>();
  readonly #streams = new Map<number, Stream>();
  /** The substitutes of signals and controls of the page, by number, until the call that has them ends. */
  readonly #borrowed = new Map<number, { readonly call: number; readonly by: AbortController | RunControl }>();
  readonly #pending = new Pending();
  #last = 0;

  constructor(post: Post) {
    this.#post = post;
    this.#post({ type: "hello", protocol: PROTOCOL });
  }

  /** Takes a message of the page. */
  receive(message: ToEngine): void {
    switch (message?.type) {
      case "call":
        void this.#answer(message.id, () => this.#run(message.id, message));
        return;
      case "stream":
        void this.#stream(message.id, message);
        return;
      case "taken":
      case "stop": {
        const stream = this.#streams.get(message.id);
        if (!stream) return;
        if (message.type === "taken") stream.sent--;
        else {
          stream.isStopped = true;
          stream.control?.resume(); // a run that rests would not end
        }
        stream.wake();
        return;
      }
      case "abort":
      case "control":
        this.#change(message);
        return;
      case "release":
        this.#release(message.task);
        return;
      case "answer":
        this.#pending.resolve(message.id, message.value);
        return;
      case "refusal":
        this.#pending.reject(message.id, receivedError(message.error));
        return;
      default:
        this.#refuse(message);
    }
  }

  /** Asks the page, which has heard by then of all that came before. */
  ask<T>(question: Question): Promise<T> {
    const id = ++this.#last;
    for (const [number, stream] of this.#streams) this.#flush(number, stream);
    const transfer = question.ask === "function" ? buffersOf(question.args) : [];
    return this.#pending.open<T>(id, () => this.#post({ type: "question", id, ...question }, transfer));
  }

  #release(id: number): void {
    const held = this.#held.get(id);
    if (held && "model" in held) held.model.dispose();
    this.#held.delete(id);
  }

  /** Answers what is not one of the messages above, by its number where it has one. */
  #refuse(message: unknown): void {
    const id = isRecord(message) && typeof message.id === "number" ? message.id : -1;
    const type = isRecord(message) ? String(message.type) : typeof message;
    this.#post({ type: "error", id, error: sentError(notOurs(type)) });
  }

  async #answer(id: number, work: () => Promise<unknown>): Promise<void> {
    try {
      const value = await work();
      this.#post({ type: "result", id, value });
    } catch (error) {
      this.#post({ type: "error", id, error: sentError(error) });
    } finally {
      this.#forget(id);
    }
  }

  /** Lets go of the signals and controls of a call that has ended. */
  #forget(call: number): void {
    for (const [id, borrowed] of this.#borrowed) if (borrowed.call === call) this.#borrowed.delete(id);
  }

  async #run(id: number, work: Work): Promise<unknown> {
    switch (work.work) {
      case "start":
        return this.#start(work.options, work.lock);
      case "make": {
        const kind = Object.entries(kinds).find(([name]) => name === work.kind)?.[1];
        if (!kind) throw new SeqgradError("value", `worker: there is no task ${work.kind}.`);
        return this.#keep(await Reflect.apply(kind.createAsync, kind, await this.#decodedAll(id, work.args)));
      }
      case "load":
        return this.#keep(await load(this.#storeOf(work.store)));
      case "memory":
        return memory();
      case "call":
        return this.#called(id, work);
      default:
        throw notOurs("call");
    }
  }

  async #start(options: Omit<StartOptions, "url" | "timeout">, lock: string): Promise<Started> {
    checkOptions("worker.start", options, startNames);
    const { seed, ...device } = options;
    if (seed !== undefined) checkInteger("worker.start", "seed", seed);
    const isLocked = lock !== "" && (await isHeld(lock));
    await init(device);
    if (seed !== undefined) manualSeed(seed);
    return { info: defaultDevice().info, kinds: Object.keys(kinds), isLocked };
  }

  /** Keeps a task or a capture, and says what the page can ask of it. */
  #keep(task: Held): SentTask {
    const id = ++this.#last;
    const methods = new Set<string>();
    for (let proto = Object.getPrototypeOf(task); proto !== Object.prototype; proto = Object.getPrototypeOf(proto))
      for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(proto)))
        if (typeof value === "function" && name !== "constructor" && name !== "loader") methods.add(name);
    const facts = Object.fromEntries(Object.entries(task).filter(([, value]) => isFact(value)));
    this.#held.set(id, task);
    return { task: id, methods: [...methods], facts: { ...facts, ...("type" in task && { type: task.type }) } };
  }

  /** Calls a method of a task. It may answer a run, which can be awaited: nothing here awaits it. */
  async #method<T>(call: number, { task: id, method, args: sent }: Method): Promise<{ readonly result: T; readonly control?: RunControl }> {
    const task = this.#held.get(id);
    if (!task) throw new SeqgradError("state", `${method}: the task was disposed of, and is no longer in the worker.`);
    const own: unknown = Reflect.get(task, method);
    if (typeof own !== "function") throw new SeqgradError("value", `worker: the task has no method ${method}.`);
    const args = await this.#decodedAll(call, sent);
    const control = args.map((arg) => (isRecord(arg) ? arg.control : undefined)).find((value) => value instanceof RunControl);
    return { result: Reflect.apply(own, task, args), ...(control && { control }) };
  }

  async #called(call: number, method: Method): Promise<unknown> {
    if (method.method !== "capture") return (await this.#method<unknown>(call, method)).result;
    return this.#keep(await (await this.#method<Promise<Capture>>(call, method)).result);
  }

  /** Sends the items of a method as they come, and stops where the page stops taking them. */
  async #stream(id: number, method: Method): Promise<void> {
    const stream: Stream = { sent: 0, isStopped: false, wake: () => {}, items: [] };
    this.#streams.set(id, stream);
    try {
      const { result, control } = await this.#method<AsyncIterable<unknown>>(id, method);
      if (control) stream.control = control;
      const iterator = result[Symbol.asyncIterator]();
      for (let since = -GATHERED; !stream.isStopped; ) {
        const { value, done } = await iterator.next();
        if (done) break;
        stream.items.push(value);
        if (performance.now() - since < GATHERED && !isNews(value)) continue;
        this.#flush(id, stream);
        await breathe();
        // One message may wait at the page while the next is made.
        while (stream.sent > 1 && !stream.isStopped) await new Promise<void>((resolve) => (stream.wake = resolve));
        since = performance.now();
      }
      if (stream.isStopped) await iterator.return?.();
      this.#post({ type: "items", id, items: stream.items.splice(0), isLast: true });
    } catch (error) {
      this.#flush(id, stream);
      this.#post({ type: "error", id, error: sentError(error) });
    }
    this.#streams.delete(id);
    this.#forget(id);
  }

  /** Sends the items of a stream that have come. */
  #flush(id: number, stream: Stream): void {
    if (stream.items.length === 0) return;
    stream.sent++;
    this.#post({ type: "items", id, items: stream.items, isLast: false });
    stream.items = [];
  }

  /** Makes a change of the page, unless the call has ended. */
  #change(change: Change): void {
    const by = this.#borrowed.get(change.type === "abort" ? change.signal : change.control)?.by;
    if (change.type === "control" && by) paces.get(by)?.apply(change.change);
    if (change.type === "abort" && by instanceof AbortController) by.abort();
  }

  /** A store of the page's. */
  #storeOf({ id: store, origin, has }: SentStore): Store {
    // A worker writes private files by synchronous handles; all other stores are as good in the page.
    if (origin?.kind === "opfs") return opfsStore(origin.at);
    const ask = <T>(method: StoreMethod, ...args: unknown[]) => this.ask<T>({ ask: "store", store, method, args });
    return {
      read: (name) => ask("read", name),
      write: (name, bytes) => ask("write", name, bytes),
      list: () => ask("list"),
      delete: (name) => ask("delete", name),
      ...(has.writeAll && { writeAll: (files: StoreChanges) => ask<void>("writeAll", files) }),
      ...(has.hold && {
        hold: async () => {
          const fn = await ask<number>("hold");
          return () => void this.ask({ ask: "function", fn, args: [] });
        },
      }),
    };
  }

  #decodedAll(call: number, args: readonly unknown[]): Promise<unknown[]> {
    if (!Array.isArray(args)) throw notOurs("call");
    return Promise.all(args.map((arg) => this.#decoded(call, arg)));
  }

  /** An argument, with stores, signals and tokenizers in place of what stands for them. */
  async #decoded(call: number, value: unknown): Promise<unknown> {
    if (!isRecord(value) || Object.getPrototypeOf(value) !== Object.prototype) return value;
    if (isMarked(value)) {
      const sent = value[mark];
      if (sent.as === "signal") {
        const by = new AbortController();
        this.#borrowed.set(sent.id, { call, by });
        if (sent.aborted) by.abort();
        return by.signal;
      }
      if (sent.as === "control") {
        const by = new RunControl();
        this.#borrowed.set(sent.id, { call, by });
        paces.get(by)?.apply(sent.state);
        return by;
      }
      if (sent.as === "function") return (...args: unknown[]) => this.ask({ ask: "function", fn: sent.id, args });
      return sent.as === "tokenizer" ? tokenizerFromJSON(sent.json) : this.#storeOf(sent);
    }
    const entries = Object.entries(value).map(async ([name, inner]) => [name, await this.#decoded(call, inner)] as const);
    return Object.fromEntries(await Promise.all(entries));
  }
}

/** The memory of what a function gets: it is made for it, and goes over whole. */
const buffersOf = (args: readonly unknown[]): ArrayBuffer[] =>
  args
    .flatMap((arg) => (isRecord(arg) ? Object.values(arg) : []))
    .flatMap((value) =>
      (value instanceof Float32Array || value instanceof Int32Array) && value.buffer instanceof ArrayBuffer ? [value.buffer] : [],
    );

const isMarked = (value: object): value is Marked => mark in value;

const notOurs = (type: string) =>
  new SeqgradError("value", `worker: got a message "${type}", which is none of seqgrad's; use the same version on both sides.`);

/**
 * Takes a lock for as long as the worker lives: the page, which waits for it, hears of its end. False in a page that has no locks, such as
 * a frame with `sandbox`.
 */
async function isHeld(lock: string): Promise<boolean> {
  if (!("locks" in navigator)) return false;
  return new Promise((resolve) => {
    const hold = () => {
      resolve(true);
      return new Promise<void>(() => {});
    };
    navigator.locks.request(lock, hold).catch(() => resolve(false));
  });
}

const isFact = (value: unknown): boolean =>
  typeof value === "string" ||
  typeof value === "number" ||
  (Array.isArray(value) && value.every((item) => typeof item === "string" || typeof item === "number"));

/** True for an event that a page waits for: all but steps. */
const isNews = (item: unknown): boolean => isRecord(item) && item.type !== "step";

/** Serves the page that started this worker. */
function serve(): void {
  const node = globalThis.process?.getBuiltinModule?.("node:worker_threads").parentPort;
  const engine = new Engine((message, transfer = []) =>
    node ? node.postMessage(message, transfer) : globalThis.postMessage(message, { transfer }),
  );
  if (node) node.on("message", (message) => engine.receive(message));
  else globalThis.onmessage = ({ data }) => engine.receive(data);
  // The build puts this instead of the imports of kernels.
  const seqgradChunk = async (name: string) => ({ default: await engine.ask<string>({ ask: "chunk", name }) });
  Object.assign(globalThis, { seqgradChunk });
}

serve();

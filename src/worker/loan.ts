import { isStore, type Store } from "../io/store.js";
import { type Pace, paces } from "../train/pace.js";
import { isRecord } from "../util/check.js";
import { type Change, mark, type Sent, type SentStore } from "./protocol.js";

/** An option whose `aborted` may become true. */
interface Signal {
  readonly aborted: boolean;
  addEventListener?(type: "abort", listener: () => void, options: { once: true; signal: AbortSignal }): void;
}

const isSignal = (value: object): value is Signal => "aborted" in value && typeof value.aborted === "boolean";
const isTokenizer = (value: object): value is { toJSON(): unknown } =>
  "encode" in value && "toJSON" in value && typeof value.toJSON === "function";

/** Object literals alone are looked into: what has a class of its own goes over as it is. */
const isPlain = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null);

/** The stores, functions, signals and controls that the worker may use, by number. */
export class Lent {
  readonly #things = new Map<number, object>();
  readonly #send: (change: Change) => void;
  #last = 0;

  /** `send` passes a change on to the worker. */
  constructor(send: (change: Change) => void) {
    this.#send = send;
  }

  get size(): number {
    return this.#things.size;
  }

  get(id: number): object | undefined {
    return this.#things.get(id);
  }

  add(thing: object): number {
    this.#things.set(++this.#last, thing);
    return this.#last;
  }

  delete(id: number): void {
    this.#things.delete(id);
  }

  clear(): void {
    this.#things.clear();
  }

  /** Passes on the abort of a signal, once. */
  abort(signal: number): void {
    if (this.#things.delete(signal)) this.#send({ type: "abort", signal });
  }

  /** Passes on the changes of a control, until the function that it returns is called. */
  follow(control: number, pace: Pace): () => void {
    return pace.follow((change) => this.#send({ type: "control", control, change }));
  }
}

/** The things that the worker may use for one call, until that ends. */
export class Loan {
  readonly #lent: Lent;
  readonly #ids: number[] = [];
  /** Signals without an event, which must be looked at. */
  readonly #silent = new Map<number, Signal>();
  readonly #end = new AbortController();
  readonly #unfollow: (() => void)[] = [];

  constructor(lent: Lent) {
    this.#lent = lent;
  }

  /** Takes back what the call had. */
  end(): void {
    this.#end.abort();
    this.#silent.clear();
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    for (const id of this.#ids.splice(0)) this.#lent.delete(id);
  }

  /** A store, as it goes over. */
  store(store: Store): SentStore {
    const { origin, writeAll, hold } = store;
    // A worker cannot ask the browser to keep its files.
    if ("space" in store && typeof store.space === "function") Promise.resolve(store.space()).catch(() => {});
    const has = { writeAll: writeAll !== undefined, hold: hold !== undefined };
    return { as: "store", id: this.#add(store), has, ...(origin && { origin }) };
  }

  /** Arguments, with numbers in place of stores, functions, signals and controls. */
  encoded(args: readonly unknown[]): unknown[] {
    return args.map((arg) => this.#encoded(arg));
  }

  /** Looks at the signals without an event. */
  poll(): void {
    for (const [id, signal] of this.#silent) if (signal.aborted) this.#lent.abort(id);
  }

  #add(thing: object): number {
    const id = this.#lent.add(thing);
    this.#ids.push(id);
    return id;
  }

  #encoded(value: unknown): unknown {
    const marked = (sent: Sent) => ({ [mark]: sent });
    if (typeof value === "function") return marked({ as: "function", id: this.#add(value) });
    if (typeof value !== "object" || value === null || Array.isArray(value) || ArrayBuffer.isView(value)) return value;
    if (isStore(value)) return marked(this.store(value));
    const pace = paces.get(value);
    if (pace) return marked({ as: "control", id: this.#follow(pace), state: pace.state });
    if (isTokenizer(value)) return marked({ as: "tokenizer", json: value.toJSON() });
    if (isSignal(value)) return marked({ as: "signal", id: this.#listen(value), aborted: value.aborted });
    return isPlain(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, this.#encoded(inner)])) : value;
  }

  #follow(pace: Pace): number {
    const id = this.#add(pace);
    this.#unfollow.push(this.#lent.follow(id, pace));
    return id;
  }

  #listen(signal: Signal): number {
    const id = this.#add(signal);
    if (signal.addEventListener) signal.addEventListener("abort", () => this.#lent.abort(id), { once: true, signal: this.#end.signal });
    else this.#silent.set(id, signal);
    return id;
  }
}

import { SeqgradError } from "../../../util/errors.js";
import { addToCounter } from "../../../util/philox.js";
import { type KernelRow, kernels, type NamedCall } from "../../kernels.js";
import { of, type Split, splits, type Way } from "../../splits.js";
import { countThreads, maySleep, startThread, type Thread } from "./start.js";
import { places, share, type WorkerData, workerSource } from "./worker.js";

/** Settings that tests change. */
export interface CrewOptions {
  /** Nanoseconds of work below which a call is not shared out. */
  readonly least?: number;
  /** Code that workers run at every hand-over. */
  readonly pause?: string;
}

export type Kernel = (...args: number[]) => number | undefined;

/** A kernel's split, with the places of its arguments. */
export interface Plan {
  readonly kernel: number;
  readonly split: Split;
  readonly ways: readonly Cut[];
  readonly workspace: number;
  readonly checks: string | undefined;
}

/** A way, with the places of what it changes. */
interface Cut extends Way {
  readonly begin: number;
  readonly end: number;
  readonly buffers: readonly (readonly [place: number, step: readonly (string | number)[]])[];
  readonly counter: number;
  /** The words of the counter. */
  readonly words: number;
}

/** How the call at hand is shared out. */
export interface Shares {
  count: number;
  readonly plan: Plan;
  readonly cut: Cut;
  units: number;
}

/** Below this work, in nanoseconds, a hand-over costs more than it saves; and where all workers sleep, who take longer to come. */
const [leastWork, leastAsleep] = [12_000, 60_000];
/** Work that calls worth sharing must have added up to before workers start: some steps, so that the first ones do not wait for the start. */
const leastToStart = 20_000_000;
/** Milliseconds that the caller spins before it sleeps, and that it sleeps before it looks after the workers. */
const [patience, sleep] = [0.05, 200];
/** Calls in a row that took longer in shares than alone before there is a rest, and its milliseconds. */
const patienceWithCores = 3;
const [shortRest, longRest] = [2, 100];
/** A page cannot ask whether a worker lives: one that takes this much longer than the caller with its own share, and a second, is lost. */
const factor = 50;

const names = Object.keys(kernels);
const unused = new FinalizationRegistry<Crew>((crew) => crew.close());

/** The threads of a device over a memory of at most `pages`, or why the caller's is alone. */
export function openCrew(threads: "auto" | number, pages: number, options: CrewOptions): Crew | string {
  const { count, reason } = countThreads(threads);
  if (count === 1) return reason;
  try {
    return new Crew(new WebAssembly.Memory({ initial: 1, maximum: pages, shared: true }), count, options);
  } catch (error) {
    return `memory that threads share is not available: ${error}`;
  }
}

/** The threads of a device, but the caller's own: they start beside the first calls that are long enough. */
export class Crew {
  readonly #control: Int32Array;
  readonly #args: Float64Array;
  readonly #plans: ReadonlyMap<string, Plan>;
  readonly #threads: (Thread | undefined)[] = [];
  readonly #least: number;
  readonly #leastAsleep: number;
  readonly #maySleep: boolean;
  #modules: readonly WebAssembly.Module[] = [];
  #worked = 0;
  #job = 0;
  #started = false;
  /** Why there are fewer workers than there were to be. */
  #lost = "";
  /** Workers that have not ended. */
  #alive = 0;
  /** Calls one after another that took longer in shares, the milliseconds for which the next rest lasts, and the end of this one. */
  #late = 0;
  #rest = shortRest;
  #restsUntil = 0;
  readonly #mayRest: boolean;
  /** The place behind the shares of the call at hand. */
  #end = 0;
  /** A worker has ended with a share of that call. */
  #isIncomplete = false;

  constructor(
    readonly memory: WebAssembly.Memory,
    /** Threads, the caller included. */
    readonly requested: number,
    private readonly options: CrewOptions,
  ) {
    this.#least = options.least ?? leastWork;
    this.#leastAsleep = options.least ?? leastAsleep;
    this.#mayRest = options.least === undefined;
    this.#control = new Int32Array(new SharedArrayBuffer(4 * (places.shares + share.size * requested)));
    this.#args = new Float64Array(new SharedArrayBuffer(8 * share.args * requested));
    this.#maySleep = maySleep(this.#control, places.job);
    this.#plans = plans();
  }

  /** The kernels of workers that are there, and of those to come. */
  adopt(modules: readonly WebAssembly.Module[]): void {
    this.#modules = modules;
    this.#recall();
    for (const [i, thread] of this.#threads.entries()) this.#send(thread, i);
  }

  /** Threads that work, or would at the next long call. */
  get threads(): number {
    return this.#started ? 1 + this.#alive : this.requested;
  }

  /** For a user: how many threads, and why not more. */
  get info(): string {
    const { threads, requested } = this;
    const number = threads === 1 ? "one thread" : `${threads} threads`;
    return threads < requested ? `${number} of ${requested} (${this.#lost})` : number;
  }

  /** Starts the workers now, and waits for them: for tests and measurements. */
  async ready(): Promise<void> {
    this.#start();
    while (Atomics.load(this.#control, places.ready) < this.#alive) await new Promise((resolve) => setTimeout(resolve, 1));
  }

  /** The plan of a kernel whose calls may be shared out. */
  planOf(kernel: string): Plan | undefined {
    return this.#plans.get(kernel);
  }

  /** How a call is to be shared out; undefined where one thread is to do it. */
  share(plan: Plan, d: NamedCall): Shares | undefined {
    const work = plan.split.work(d);
    if (!(work >= this.#least)) return undefined;
    if (!this.#started) {
      this.#worked += work;
      if (this.#worked >= leastToStart) this.#start();
    }
    const workers = Math.min(Atomics.load(this.#control, places.ready), this.#alive);
    if (workers === 0 || this.#isResting()) return undefined;
    if (work < this.#leastAsleep && Atomics.load(this.#control, places.sleepers) >= workers) return undefined;
    const cut = plan.ways[plan.split.choose?.(d) ?? 0];
    // A carry out of a short counter goes to words that the kernel has of its own.
    if (!cut || (cut.words === 2 && (of(d, "counter1") >>> 0) + 1 === 2 ** 32)) return undefined;
    const units = cut.units === "range" ? of(d, "end") - of(d, "begin") : of(d, cut.units);
    const count = Math.min(1 + workers, Math.floor(units / cut.grain));
    return count > 1 ? { count, plan, cut, units } : undefined;
  }

  /** Runs a call in shares, whose workspaces lie `workspace` bytes apart. */
  run({ count, plan, cut, units }: Shares, kernel: Kernel, args: readonly number[], d: NamedCall, workspace: number): number {
    const control = this.#control;
    const first = cut.units === "range" ? of(d, "begin") : 0;
    for (let i = 0; i < count; i++)
      this.#write(i, plan, cut, args, d, first + startOf(i, count, units, cut), first + startOf(i + 1, count, units, cut), workspace);
    this.#end = places.shares + share.size * count;
    this.#isIncomplete = false;
    control[places.callerSleeps] = control[places.failure] = 0;
    this.#job = (this.#job + 1) & 0x7fffff;
    Atomics.store(control, places.job, (this.#job << 8) | (count - 1));
    if (Atomics.load(control, places.sleepers) > 0) Atomics.notify(control, places.job, count - 1);

    const start = performance.now();
    let own = 0;
    let failure: { readonly error: unknown } | undefined;
    for (let i = 0; i >= 0; i = this.#claim()) {
      try {
        if (!failure) this.#call(kernel, i);
        else this.#control[places.shares + share.size * i + share.owner] = -1;
      } catch (error) {
        failure = { error };
      }
      own++;
    }
    const busy = performance.now() - start;
    if (own < count) {
      this.#await(busy);
      this.#judge(performance.now() - start, (busy * count) / own);
    }
    if (failure) throw failure.error;
    if (this.#isIncomplete) throw lostIn(names[plan.kernel], this.#lost);
    const length = control[places.failure] ?? 0;
    if (length > 0) {
      const text = Array.from(control.subarray(places.text, places.text + length), (code) => String.fromCharCode(code)).join("");
      throw new SeqgradError("device", `wasm: ${names[plan.kernel]} failed in a worker: ${text}`);
    }
    const bad = this.#firstBad(count, plan, cut, d, units);
    if (!cut.finish || bad >= 0) return bad;
    this.#write(0, plan, cut, args, d, first + units, first + units, workspace);
    this.#call(kernel, 0);
    return -1;
  }

  /** The workers end when nothing refers to their device any more. */
  serve(device: object): void {
    unused.register(device, this);
  }

  /** The workers end; calls go on without them. */
  close(): void {
    this.#started = true;
    this.#recall();
    for (const thread of this.#threads) thread?.end();
    this.#threads.fill(undefined);
    this.#alive = 0;
  }

  #start(): void {
    if (this.#started) return;
    this.#started = true;
    try {
      for (let i = 1; i < this.requested; i++) {
        const thread = startThread(workerSource(this.options.pause), { onGone: (reason) => this.#lose(i - 1, reason) });
        this.#threads.push(thread);
        this.#alive++;
        this.#send(thread, i - 1);
      }
    } catch (error) {
      this.#lost = String(error);
    }
  }

  #send(thread: Thread | undefined, i: number): void {
    const { memory } = this;
    const data: WorkerData = { memory, modules: this.#modules, names, control: this.#control, args: this.#args, id: i + 1 };
    thread?.send(data);
  }

  #recall(): void {
    Atomics.add(this.#control, places.recall, 1);
    // The number of the job changes, so that no worker falls asleep on the old one.
    this.#job = (this.#job + 1) & 0x7fffff;
    Atomics.store(this.#control, places.job, this.#job << 8);
    Atomics.notify(this.#control, places.job);
  }

  #lose(i: number, reason: string): void {
    if (!this.#threads[i]) return;
    this.#lost = reason;
    this.#threads[i] = undefined;
    this.#alive--;
  }

  /** Writes the arguments of a share, which are the call's except that it has the units begin..end and its own workspace. */
  #write(
    i: number,
    { kernel, workspace: place }: Plan,
    cut: Cut,
    args: readonly number[],
    d: NamedCall,
    begin: number,
    end: number,
    workspace: number,
  ): void {
    const to = this.#args.subarray(share.args * i, share.args * (i + 1));
    const at = places.shares + share.size * i;
    to.set(args);
    if (place >= 0) to[place] = (args[place] ?? 0) + i * workspace;
    if (cut.units === "range") to[cut.begin] = begin;
    to[cut.end] = cut.units === "range" ? end : end - begin;
    // An absent buffer stays absent.
    for (const [buffer, step] of cut.buffers) if (args[buffer]) to[buffer] = (args[buffer] ?? 0) + 4 * begin * product(step, d);
    if (cut.counter >= 0) moveCounter(to.subarray(cut.counter, cut.counter + cut.words), begin / 4);
    this.#control[at + share.kernel] = kernel;
    this.#control[at + share.count] = args.length;
    this.#control[at + share.owner] = 0;
    this.#control[at + share.result] = -1;
  }

  #call(kernel: Kernel, i: number): void {
    const at = places.shares + share.size * i;
    this.#control[at + share.owner] = -1;
    const from = share.args * i;
    const args = this.#args.subarray(from, from + (this.#control[at + share.count] ?? 0));
    const result: number | undefined = Reflect.apply(kernel, undefined, args);
    this.#control[at + share.result] = result ?? -1;
  }

  /** A share that nobody has claimed, or -1. */
  #claim(): number {
    for (;;) {
      const word = Atomics.load(this.#control, places.job);
      if (!(word & 255)) return -1;
      if (Atomics.compareExchange(this.#control, places.job, word, word - 1) === word) return word & 255;
    }
  }

  /** True while other programs have the cores, so that calls took longer in shares than alone. */
  #isResting(): boolean {
    if (this.#restsUntil > 0 && performance.now() >= this.#restsUntil) this.#restsUntil = 0;
    return this.#restsUntil > 0;
  }

  /** Compares the milliseconds that a call took with those that it would have taken alone. */
  #judge(took: number, alone: number): void {
    if (took < alone) {
      this.#late = 0;
      this.#rest = Math.max(shortRest, this.#rest / 2);
    } else if (++this.#late === patienceWithCores && this.#mayRest) {
      this.#restsUntil = performance.now() + this.#rest;
      this.#rest = Math.min(longRest, this.#rest * 2);
      this.#late = 0;
    }
  }

  /** True once all shares of the call at hand are done. */
  #isDone(): boolean {
    for (let at = places.shares; at < this.#end; at += share.size) if (Atomics.load(this.#control, at + share.owner) >= 0) return false;
    return true;
  }

  /** Waits until all shares are done; `own` milliseconds were the caller's. */
  #await(own: number): void {
    const control = this.#control;
    const start = performance.now();
    for (let looks = 1; !this.#isDone(); looks++) {
      if (looks % 64 !== 0) continue;
      const waited = performance.now() - start;
      if (waited < patience) continue;
      if (this.#maySleep) {
        const before = Atomics.load(control, places.done);
        Atomics.store(control, places.callerSleeps, 1);
        if (!this.#isDone() && Atomics.wait(control, places.done, before, sleep) === "timed-out") this.#lookAfter();
      } else if (waited > 1000 + factor * own) {
        this.close();
        this.#lost = "a worker did not answer";
        this.#isIncomplete = true;
        return;
      }
    }
  }

  /** Gives up the shares that workers had claimed which have ended. */
  #lookAfter(): void {
    for (const [i, thread] of this.#threads.entries()) {
      if (!thread?.isGone()) continue;
      this.#lose(i, "a worker was ended");
      for (let at = places.shares; at < this.#end; at += share.size) {
        const owner = this.#control[at + share.owner];
        // A worker that claims a share puts its number there at once: one without has been claimed by the lost one.
        if (owner !== i + 1 && owner !== 0) continue;
        this.#control[at + share.owner] = -1;
        this.#isIncomplete = true;
      }
    }
  }

  /** The position of the first index out of range that a share has met, or -1. */
  #firstBad(count: number, { checks }: Plan, cut: Cut, d: NamedCall, units: number): number {
    if (checks === undefined) return -1;
    const step = cut.steps[checks];
    for (let i = 0; i < count; i++) {
      const result = this.#control[places.shares + share.size * i + share.result] ?? -1;
      if (result >= 0) return step ? result + startOf(i, count, units, cut) * product(step, d) : result;
    }
    return -1;
  }
}

const lostIn = (kernel: string | undefined, reason: string): SeqgradError =>
  new SeqgradError(
    "device",
    `wasm: ${reason} in ${kernel}, whose results are incomplete. The device has fewer threads from here on; repeat the step, or resume from the last checkpoint.`,
  );

function product(step: readonly (string | number)[], d: NamedCall): number {
  let result = 1;
  for (const factor of step) result *= typeof factor === "number" ? factor : of(d, factor);
  return result;
}

/** The first unit of share i; of share `count`, the end of all. */
const startOf = (i: number, count: number, units: number, { grain }: Way): number =>
  i === count ? units : Math.round((Math.floor(units / grain) * i) / count) * grain;

/** Moves the counter of a random stream on by some blocks: its words, two or four of them. */
function moveCounter(words: Float64Array, blocks: number): void {
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = words;
  words.set(addToCounter([c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0], blocks).slice(0, words.length));
}

let made: ReadonlyMap<string, Plan> | undefined;

/** The splits of all kernels with the places of their arguments. */
function plans(): ReadonlyMap<string, Plan> {
  const all = new Map(Object.entries<Split | undefined>(splits));
  made ??= new Map(
    Object.entries<KernelRow>(kernels).flatMap(([name, row]) => {
      const split = all.get(name);
      return split ? [[name, planOf(name, row, split)] as const] : [];
    }),
  );
  return made;
}

function planOf(name: string, row: KernelRow, split: Split): Plan {
  const buffers = [...row.reads, ...row.writes];
  const order = [...buffers, ...(row.workspace ? ["workspace"] : []), ...row.dims, ...row.scalars];
  const place = (argument: string) => {
    const at = order.indexOf(argument);
    if (at < 0) throw new Error(`${name}: its split names ${argument}, which is not an argument`);
    return at;
  };
  const ways = split.ways.map((way) => ({
    ...way,
    begin: way.units === "range" ? place("begin") : -1,
    end: place(way.units === "range" ? "end" : way.units),
    buffers: Object.entries(way.steps).map(([buffer, step]) => [place(buffer), step] as const),
    counter: way.random ? place("counter0") : -1,
    words: row.dims.filter((name) => name.startsWith("counter")).length,
  }));
  return { kernel: names.indexOf(name), split, ways, workspace: order.indexOf("workspace"), checks: row.checks };
}

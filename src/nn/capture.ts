import type { Observer } from "../ops/recurrent.js";
import type { Tensor } from "../tensor/tensor.js";
import { CapturedStep, type CaptureFunction } from "./captured-step.js";
import type { Engine, Quantities } from "./observed.js";
import { LayerObserver, type See } from "./observers.js";

export interface CaptureOptions {
  /** Captures each n-th step. Default 1. */
  every?: number;
}

/** A module, as Module.capture() knows it. */
interface Layer {
  readonly path: string;
  readonly module: { readonly training: boolean };
  readonly quantities: Quantities | undefined;
}

const gradients = (name: string) => [`${name}.gradient`, `${name}.gradientNorm`];

/** The kind of a layer, as patterns call it. */
const kindOf = ({ quantities }: Layer) => quantities?.kind.replace("Cell", "").toLowerCase();

/** The layer's own names of what it computes. */
function* quantitiesOf(layer: Layer): Generator<string> {
  const kind = kindOf(layer);
  const { numLayers = 0, directions = 1 } = layer.quantities ?? {};
  const gates = { rnn: [], gru: ["gates"], lstm: ["gates", "cells"] }[`${kind}`];
  const places = Array.from(
    { length: numLayers * directions },
    (_, i) => `l${Math.floor(i / directions)}${i % directions ? "_reverse" : ""}.`,
  );
  if (kind === "attention") yield "weights";
  if (gates)
    for (const place of numLayers ? places : [""]) for (const name of [...gates, "hidden", ...gradients("hidden")]) yield place + name;
  if (typeof Reflect.get(layer.module, "forward") === "function") yield* ["output", ...gradients("output")];
}

/** The names of all that layers compute. */
export const captureNames = (layers: readonly Layer[]): string[] =>
  distinct(layers).flatMap((layer) => Array.from(quantitiesOf(layer), (own) => under(layer.path, own)));

/** Each module once, under its first path. */
const distinct = (layers: readonly Layer[]) => layers.filter(({ module }, i) => layers.findIndex((other) => other.module === module) === i);

const under = (path: string | undefined, own: string) => (path ? `${path}.${own}` : own);

/** The test for a pattern: it is the end of a name, where * is one part of it, with the kind for the layer's path, and with or without l0. */
function testOf(pattern: string): (own: string, layer: Layer) => boolean {
  const end = new RegExp(`(^|\\.)${pattern.replace(/[^\w*]/g, "\\$&").replaceAll("*", "[^.]+")}$`);
  return (own, layer) =>
    [own, own.replace(/^l\d+\w*\./, "")].some((name) => end.test(under(layer.path, name)) || end.test(under(kindOf(layer), name)));
}

/** Begins a call of a module: what it computes is to be shown to whom it returns; none where nobody looks this time. */
type Tap = () => See | undefined;

/** The taps of the modules that are captured. */
const taps = new WeakMap<object, Set<Tap>>();

/** The observer of a call of a module that begins, for all who look. */
function observerOf(engine: Engine, module: object): Observer | undefined {
  const seers = Array.from(taps.get(module) ?? [], (tap) => tap()).filter((see) => see !== undefined);
  if (seers.length === 0) return undefined;
  return new LayerObserver(engine, (name, value) => {
    for (const see of seers) see(name, value);
  });
}

/** A capture that runs. */
export interface Capture {
  /**
   * Ends the capture.
   *
   * @returns settles when the function has handled what was computed before
   */
  stop(): Promise<void>;
  /** Ends the capture, too. */
  readonly [Symbol.dispose]: () => void;
}

class RunningCapture implements Capture {
  declare readonly [Symbol.dispose]: () => void;
  readonly #ends: (() => void)[] = [];
  /** The step that runs, by the scope that it runs in; undefined inside where it is left out. */
  #step: { readonly frame: unknown; readonly taken: CapturedStep | undefined } | undefined;
  #count = 0;
  /** True until all that a step computed was handled. */
  #isBusy = false;
  #isStopped = false;
  /** The end of what the function has to handle. */
  #delivered = Promise.resolve();

  constructor(
    private readonly engine: Engine,
    layers: readonly Layer[],
    patterns: readonly string[],
    private readonly fn: CaptureFunction,
    private readonly every: number,
  ) {
    Object.defineProperty(this, engine.disposeKey, { value: () => this.stop() });
    const tests = patterns.map((pattern) => [pattern, testOf(pattern)] as const);
    const unknown = new Set(patterns);
    const chosen = layers.map((layer) => {
      const names = new Map<string, string>();
      for (const own of quantitiesOf(layer))
        for (const [pattern, fits] of tests) {
          if (!fits(own, layer)) continue;
          unknown.delete(pattern);
          names.set(own, under(layer.path, own));
        }
      return [layer.module, names] as const;
    });
    for (const pattern of unknown) {
      const there = new Set(captureNames(layers).map((name) => name.replace(/\b\d+\./g, "*.")));
      throw new engine.SeqgradError("value", `capture: no layer computes ${engine.shown(pattern)}; there are ${[...there].join(", ")}.`);
    }
    for (const [module, names] of chosen) if (names.size > 0) this.#ends.push(watch(engine, module, () => this.#begin(module, names)));
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    for (const end of this.#ends.splice(0)) end();
    return this.#delivered;
  }

  /** Begins a call of a module. */
  #begin({ training }: Layer["module"], names: ReadonlyMap<string, string>): See | undefined {
    const step = this.#current();
    const call = step?.begin();
    if (!step || call === undefined) return undefined;
    return (own, value) => {
      const [name, norm] = [names.get(own), names.get(`${own}Norm`)];
      if (!name && !norm) return;
      // backward() may run in a later step.
      const to = step.isClosed ? this.#current() : step;
      to?.add(call, { name, norm }, { training, ...read(this.engine, value) });
    };
  }

  #current(): CapturedStep | undefined {
    const frame = this.engine.outermostFrame();
    if (this.#isStopped || (this.#step && this.#step.frame === frame)) return this.#step?.taken;
    const taken = this.#count++ % this.every === 0 && !this.#isBusy ? new CapturedStep() : undefined;
    const step = { frame, taken };
    this.#step = step;
    // The step ends where the code that runs awaits. What it computed is given before that code resumes.
    const ended = Promise.resolve().then(() => {
      if (this.#step === step) this.#step = undefined;
      return taken && this.#give(taken);
    });
    if (taken) {
      this.#isBusy = true;
      this.#delivered = ended;
    }
    return taken;
  }

  async #give(step: CapturedStep): Promise<void> {
    try {
      const values = step.close();
      const handled = [];
      for (const [name, value] of values instanceof Promise ? await values : values) handled.push(this.fn(name, value));
      if (handled.some((result) => result instanceof Promise)) await Promise.all(handled);
    } finally {
      this.#isBusy = false;
    }
  }
}

/** The content of a tensor, at once or on its way. What is made for it is freed. */
function read({ scope, noGrad }: Engine, value: () => Tensor) {
  return scope(() =>
    noGrad(() => {
      const x = value();
      return { dtype: x.dtype, shape: x.shape, data: x.backend.async ? x.data() : x.dataSync() };
    }),
  );
}

/** Taps a module: while it is tapped, its forward() shows the output and the output's gradient. Returns what ends that. */
function watch(engine: Engine, module: Layer["module"], tap: Tap): () => void {
  const open = taps.get(module) ?? new Set();
  const own = Reflect.getOwnPropertyDescriptor(module, "forward");
  const forward = Reflect.get(module, "forward");
  if (open.size === 0 && typeof forward === "function") {
    const value = (...args: unknown[]) => shownOutput(engine, Reflect.apply(forward, module, args), observerOf(engine, module));
    Object.defineProperty(module, "forward", { value, configurable: true, writable: true });
  }
  taps.set(module, open.add(tap));
  engine.observing.observerOf = (module) => observerOf(engine, module);
  return () => {
    open.delete(tap);
    if (open.size > 0) return;
    taps.delete(module);
    Reflect.deleteProperty(module, "forward");
    if (own) Object.defineProperty(module, "forward", own);
  };
}

/** The result of a forward(), whose first tensor is shown, and its gradient will be. */
function shownOutput({ Tensor, gradientSeen, internal }: Engine, result: unknown, observer: Observer | undefined): unknown {
  if (!observer || typeof result !== "object" || result === null) return result;
  const [name, y] = result instanceof Tensor ? [undefined, result] : (Object.entries(result).find(([, x]) => x instanceof Tensor) ?? []);
  if (!(y instanceof Tensor)) return result;
  observer.show("output", () => y);
  if (!internal(y).node) return result; // no gradient will come
  const seen = gradientSeen(y, (dy) => observer.show("output.gradient", () => dy));
  return name === undefined ? seen : { ...result, [name]: seen };
}

/** Checks what Module.capture() is given, and begins. */
export function beginCapture(
  engine: Engine,
  layers: readonly Layer[],
  names: readonly string[],
  fn: CaptureFunction,
  options: CaptureOptions,
): Capture {
  const { SeqgradError, checkOptions, shown } = engine;
  const refuse = (what: string, advice: string) => new SeqgradError("value", `capture: ${what}; give ${advice}.`);
  if (!Array.isArray(names)) throw refuse(`names is ${shown(names)}`, 'a list of names, as in ["lstm.gates"]');
  for (const name of names) if (typeof name !== "string") throw refuse(`a name is ${shown(name)}`, "one that captureNames() lists");
  if (typeof fn !== "function") throw refuse(`fn is ${shown(fn)}`, "a function of a name and a value");
  checkOptions("capture", options, ["every"]);
  const { every = 1 } = options;
  if (!(Number.isSafeInteger(every) && every >= 1))
    throw new SeqgradError("range", `capture: every is ${shown(every)}; give a whole number of at least 1.`);
  return new RunningCapture(engine, distinct(layers), names, fn, every);
}

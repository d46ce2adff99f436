import type { Store } from "../io/store.js";
import type { Module } from "../nn/module.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import type { Optimizer, PendingNumber } from "../optim/optimizer.js";
import { type Plateau, type Schedule, Scheduler } from "../optim/schedules.js";
import { tensor } from "../tensor/create.js";
import { keep } from "../tensor/scope.js";
import { Tensor } from "../tensor/tensor.js";
import { readValue, type TensorValue } from "../tensor/value.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { loadCheckpoint, type Progress, saveCheckpoint } from "./checkpoint.js";

/** Batches by number, from 0: a pure function, which makes every position resumable. Or anything that can be iterated, once an epoch. */
export type Loader<B> = { batch(step: number): B } | Iterable<B> | AsyncIterable<B>;

/** A recurrent state by name, carried from batch to batch. */
export type CarriedState = Readonly<Record<string, Tensor | undefined>>;

/** A loss, and with `carryState` the state that the next batch goes on from. */
export type LossResult = Tensor | { readonly loss: Tensor; readonly state?: CarriedState };

export type FitEvent =
  | {
      readonly event: "step";
      readonly step: number;
      readonly epoch: number;
      readonly loss: number;
      readonly lr: number;
      readonly milliseconds: number;
    }
  | { readonly event: "evaluation"; readonly step: number; readonly value: number; readonly best: boolean }
  | { readonly event: "checkpoint"; readonly step: number }
  | {
      readonly event: "end";
      readonly steps: number;
      readonly seconds: number;
      readonly reason: "complete" | "early stop" | "aborted";
      readonly best: number | undefined;
    };

export interface FitOptions<B> {
  optimizer: Optimizer;
  /** How many times to go through an iterable loader. */
  epochs?: number;
  /** How many updates to make, all in all, those before a resume included. */
  steps?: number;
  /** The loss of a batch. Default: `model.loss(batch, state)` if there is one, else the cross-entropy of `model.forward(batch.x)` with `batch.y`. */
  loss?: (batch: B, state: CarriedState | undefined) => LossResult;
  /** Truncated backpropagation through time (Williams and Peng 1990): each batch goes on from the state in which the last one ended. Default false. */
  carryState?: boolean;
  /** The learning rate's course over the updates. */
  schedule?: Schedule | Plateau;
  /** A measure, smaller being better, of the model in evaluation mode, every so many updates and at the end. */
  evaluate?: { every: number; run: () => number | Promise<number> };
  /** Stop after `patience` evaluations without a better one; the best parameters are restored. */
  earlyStopping?: { patience: number };
  /** Write a checkpoint every so many updates, and when aborted or at the end; `resume` goes on from the one that is there. */
  checkpoint?: { store: Store; every: number; resume?: boolean };
  /** Ends the run after the current update, with a checkpoint. */
  signal?: AbortSignal;
}

/**
 * Trains a model: an async iterator of events, which does an update whenever the next event is asked for. Nothing is printed.
 *
 * @throws SeqgradError `not-finite` when a loss or gradient is NaN or infinite: it names step and parameter; the model, the optimizer
 *   and the last checkpoint are as after the update before.
 * @example
 * for await (const event of sg.fit(model, loader, { optimizer, steps: 500 })) {
 *   if (event.event === "step" && event.step % 50 === 0) console.log(event.step, event.loss);
 * }
 */
export async function* fit<B>(model: Module, loader: Loader<B>, options: FitOptions<B>): AsyncGenerator<FitEvent, void, undefined> {
  const run = new Run(model, options);
  if (options.checkpoint?.resume) await run.resume();
  try {
    yield* run.train(loader);
  } finally {
    run.dispose();
  }
}

/** Where the next update stands. */
interface Position {
  epoch: number;
  position: number;
}

class Run<B> {
  readonly #optimizer: Optimizer;
  readonly #scheduler: Scheduler | undefined;
  readonly #plateau: Plateau | undefined;
  readonly #lossOf: (batch: B, state: CarriedState | undefined) => LossResult;
  readonly #steps: number;
  readonly #epochs: number;
  #step = 0;
  #start: Position = { epoch: 0, position: 0 };
  #secondsBefore = 0;
  #startedAt = performance.now();
  #carried: CarriedState | undefined;
  #best: number | undefined;
  #bestParameters: ReadonlyMap<string, TensorValue> | undefined;
  #sinceBest = 0;
  #evaluatedAt = -1;

  constructor(
    private readonly model: Module,
    private readonly options: FitOptions<B>,
  ) {
    const { optimizer, schedule, steps, epochs } = options;
    if (steps === undefined && epochs === undefined) throw new SeqgradError("value", "fit: how long? Give steps or epochs.");
    this.#steps = steps === undefined ? Number.POSITIVE_INFINITY : checkInteger("fit", "steps", steps);
    this.#epochs = epochs === undefined ? Number.POSITIVE_INFINITY : checkInteger("fit", "epochs", epochs);
    if (options.evaluate) checkInteger("fit", "evaluate.every", options.evaluate.every, 1);
    if (options.checkpoint) checkInteger("fit", "checkpoint.every", options.checkpoint.every, 1);
    if (options.earlyStopping && !options.evaluate)
      throw new SeqgradError("value", "fit: earlyStopping needs evaluate, the measure to watch.");
    this.#optimizer = optimizer;
    this.#plateau = typeof schedule === "object" ? schedule : undefined;
    const course = typeof schedule === "object" ? schedule.schedule : schedule;
    this.#scheduler = course && new Scheduler(optimizer, course);
    this.#lossOf = options.loss ?? defaultLoss(model);
  }

  async *train(loader: Loader<B>): AsyncGenerator<FitEvent, void, undefined> {
    this.model.train();
    const { patience = Number.POSITIVE_INFINITY } = this.options.earlyStopping ?? {};
    let reason: Extract<FitEvent, { event: "end" }>["reason"] = "complete";
    let at = this.#start;
    let breath = performance.now();
    for await (const { batch, position, epochEnds } of this.#batches(loader)) {
      yield await this.#update(batch, position.epoch);
      at = epochEnds ? { epoch: position.epoch + 1, position: 0 } : { epoch: position.epoch, position: position.position + 1 };
      if (this.options.evaluate && this.#step % this.options.evaluate.every === 0) yield await this.#evaluate();
      if (this.options.checkpoint && this.#step % this.options.checkpoint.every === 0) yield await this.#checkpoint(at);
      if (this.#sinceBest >= patience) {
        reason = "early stop";
        break;
      }
      if (performance.now() - breath > BREATH) {
        await macrotask();
        breath = performance.now();
      }
      if (this.options.signal?.aborted) {
        reason = "aborted";
        break;
      }
    }
    if (this.options.evaluate && reason !== "aborted" && this.#evaluatedAt !== this.#step) yield await this.#evaluate();
    if (this.options.checkpoint) yield await this.#checkpoint(at);
    if (this.options.earlyStopping && reason !== "aborted" && this.#bestParameters) this.model.loadStateDict(this.#bestParameters);
    yield { event: "end", steps: this.#step, seconds: this.#seconds(), reason, best: this.#best };
  }

  async resume(): Promise<void> {
    const { store } = this.options.checkpoint!;
    const snapshot = await loadCheckpoint(store, this.model, this.#optimizer);
    if (!snapshot) return;
    const { step, epoch, position, seconds, best, sinceBest, plateau } = snapshot.progress;
    this.#step = step;
    this.#start = { epoch, position };
    this.#secondsBefore = seconds;
    this.#best = best ?? undefined;
    this.#sinceBest = sinceBest;
    this.#bestParameters = snapshot.best;
    if (plateau) this.#plateau?.restore(plateau);
    if (snapshot.carried.size > 0) {
      this.#carried = Object.fromEntries(
        Array.from(snapshot.carried, ([name, { data, shape, dtype }]) => [name, tensor(data, shape, { dtype })]),
      );
    }
  }

  dispose(): void {
    for (const state of Object.values(this.#carried ?? {})) state?.dispose();
    this.#carried = undefined;
  }

  /** The batches from the start position on, until enough updates are made. */
  async *#batches(loader: Loader<B>): AsyncGenerator<{ batch: B; position: Position; epochEnds: boolean }> {
    if ("batch" in loader && typeof loader.batch === "function") {
      const { position } = this.#start;
      for (let i = position; this.#step < this.#steps; i++)
        yield { batch: loader.batch(i), position: { epoch: 0, position: i }, epochEnds: false };
      return;
    }
    for (let { epoch, position: skip } = this.#start; epoch < this.#epochs && this.#step < this.#steps; epoch++, skip = 0) {
      let position = 0;
      let held: B | undefined;
      let any = false;
      // One batch is held back to know the epoch's last.
      for await (const batch of loader as Iterable<B> | AsyncIterable<B>) {
        if (any && position++ >= skip) yield { batch: held as B, position: { epoch, position: position - 1 }, epochEnds: false };
        if (this.#step >= this.#steps) return;
        held = batch;
        any = true;
      }
      if (!any)
        throw new SeqgradError(
          "value",
          `fit: the loader gave no batch in epoch ${epoch}; a generator can be iterated only once: give something that iterates anew each time.`,
        );
      if (position >= skip) yield { batch: held as B, position: { epoch, position }, epochEnds: true };
    }
  }

  async #update(batch: B, epoch: number): Promise<FitEvent> {
    const start = performance.now();
    this.#scheduler?.apply(this.#step);
    let next: CarriedState | undefined;
    let pending: PendingNumber;
    try {
      pending = this.#optimizer.step(() => {
        const result = this.#lossOf(batch, this.#carried);
        if (result instanceof Tensor) return result;
        if (this.options.carryState && result.state) next = detachAll(result.state);
        return result.loss;
      });
    } catch (error) {
      throw this.#explain(error);
    }
    if (next) {
      this.dispose();
      this.#carried = next;
    }
    this.#step++;
    const loss = await pending.read();
    return { event: "step", step: this.#step, epoch, loss, lr: this.#optimizer.lr, milliseconds: performance.now() - start };
  }

  /** Puts the run's step and the parameter's name to an error of the optimizer. */
  #explain(error: unknown): unknown {
    if (!(error instanceof SeqgradError && error.code === "not-finite")) return error;
    const culprit = (error as { parameter?: Tensor }).parameter;
    const name = [...this.model.namedParameters()].find(([, p]) => p === culprit)?.[0];
    const where = name ? ` The first parameter with a gradient that is not finite is ${name}.` : "";
    const saved = this.options.checkpoint ? " The last checkpoint is kept." : "";
    return new SeqgradError("not-finite", `fit: step ${this.#step + 1}: ${error.message}${where}${saved}`, { cause: error });
  }

  async #evaluate(): Promise<FitEvent> {
    this.model.eval();
    const value = await this.options.evaluate!.run();
    this.model.train();
    this.#evaluatedAt = this.#step;
    const best = this.#best === undefined || value < this.#best;
    this.#sinceBest = best ? 0 : this.#sinceBest + 1;
    if (best) {
      this.#best = value;
      if (this.options.earlyStopping) this.#bestParameters = await this.model.stateDict();
    }
    this.#plateau?.observe(value);
    return { event: "evaluation", step: this.#step, value, best };
  }

  async #checkpoint({ epoch, position }: Position): Promise<FitEvent> {
    const carried = new Map<string, TensorValue>();
    for (const [name, state] of Object.entries(this.#carried ?? {})) if (state) carried.set(name, await readValue(state));
    const progress: Progress = {
      ...{ step: this.#step, epoch, position, seconds: this.#seconds(), sinceBest: this.#sinceBest },
      best: this.#best ?? null,
      plateau: this.#plateau?.state ?? null,
    };
    await saveCheckpoint(this.options.checkpoint!.store, this.model, this.#optimizer, { progress, carried, best: this.#bestParameters });
    return { event: "checkpoint", step: this.#step };
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#startedAt) / 1000;
  }
}

/** Milliseconds after which the event loop gets a turn: for a signal, a repaint, a click. */
const BREATH = 40;

/** Lets the event loop turn. A timer would be throttled in a hidden tab. */
function macrotask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === "function") {
      setImmediate(resolve);
      return;
    }
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      channel.port1.close();
      resolve();
    };
    channel.port2.postMessage(null);
  });
}

/** The state cut off from the graph and kept past the step. */
function detachAll(state: CarriedState): CarriedState {
  return Object.fromEntries(Object.entries(state).map(([name, x]) => [name, x && keep(x.detach())]));
}

interface Learner {
  loss?(batch: unknown, state: CarriedState | undefined): LossResult;
  forward?(x: Tensor): Tensor;
}

function defaultLoss<B>(model: Module): (batch: B, state: CarriedState | undefined) => LossResult {
  const learner = model as unknown as Learner;
  if (learner.loss) return (batch, state) => learner.loss!(batch, state);
  if (!learner.forward) throw new SeqgradError("value", "fit: the model has neither loss() nor forward(); give the option loss.");
  return (batch) => {
    const { x, y } = batch as { x: Tensor; y: Tensor };
    return crossEntropy(learner.forward!(x), y);
  };
}

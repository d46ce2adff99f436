import type { Backend } from "../backend/backend.js";
import { memoryStore, type Store } from "../io/store.js";
import type { Module } from "../nn/module.js";
import type { CarriedState, Trainable } from "../nn/trainable.js";
import type { PendingNumber } from "../optim/ledger.js";
import { adviceOn } from "../optim/refusal.js";
import { Scheduler } from "../optim/schedules.js";
import { tensor } from "../tensor/create.js";
import { type Device, replaceDevice } from "../tensor/device.js";
import { defaultGenerator, drawingFrom } from "../tensor/random.js";
import { keep } from "../tensor/scope.js";
import type { Tensor } from "../tensor/tensor.js";
import { readValue, type TensorValue } from "../tensor/value.js";
import { breathe } from "../util/breath.js";
import { shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { RandomGenerator } from "../util/philox.js";
import { checkRun, hasEpochs, hasMethod, isIterable, isNumbered } from "./check-run.js";
import type { Progress } from "./checkpoint.js";
import { checkResult, type LossFunction, lossFunction } from "./loss.js";
import { type Pace, paces } from "./pace.js";
import type { Batches, EventOf, FitEvent, FitOptions, Loader, Measured } from "./types.js";

type Events = AsyncGenerator<FitEvent, void, undefined>;
type EndReason = EventOf<"end">["reason"];
/** An update whose loss has not been read. */
interface Issued {
  readonly loss: PendingNumber;
  readonly step: number;
  readonly epoch: number;
  readonly lr: number;
  readonly start: number;
}
/** Milliseconds of updates to issue before their losses are read, and how many at most, where reading must wait. */
const AHEAD = 250;
const READ_EVERY = 16;
/** Seconds between snapshots of a run on a device that can be lost. */
const SNAPSHOT_SECONDS = 30;

/** Loaded when a run needs it: a page that keeps no checkpoints does not load the reader and writer of their files. */
const checkpoints = () => import("./checkpoint.js");

/** One call of fit(): its options, and how far it has come. */
export class Run<B, S extends CarriedState<S>> {
  readonly #model: Module;
  readonly #loader: Loader<B>;
  readonly #options: FitOptions<B, S>;
  readonly #pace: Pace | undefined;
  readonly #lossOf: LossFunction<B, S>;
  readonly #scheduler: Scheduler | undefined;
  #at: Progress = { step: 0, epoch: 0, position: 0, lossSum: 0, seconds: 0, evaluation: null, best: null, sinceBest: 0 };
  #carried: S | undefined;
  /** The run's own random numbers, which nothing else draws from: they begin where manualSeed()'s generator stood, #seeded. */
  readonly #random = new RandomGenerator(0);
  #seeded = defaultGenerator().state;
  #bestParameters: ReadonlyMap<string, TensorValue> | undefined;
  #startedAt = 0;
  /** Updates that no event has reported yet, and the most there may be. */
  #issued: Issued[] = [];
  #ahead = 1;
  /** The snapshot that a run recovers from on another device, when it was taken, and the step of the one last recovered from. */
  #snapshot: { readonly store: Store; readonly step: number; readonly time: number } | undefined;
  #recoveredAt: number | undefined;
  /** The step of the checkpoint that was resumed, and of the one that is in the store. */
  #resumedAt: number | undefined;
  #savedAt: number | undefined;

  constructor(model: Module & Partial<Trainable<B, S>>, loader: Loader<B>, options: FitOptions<B, S>) {
    checkRun(model, loader, options);
    const { schedule, control } = options;
    this.#pace = control && paces.get(control);
    this.#model = model;
    this.#loader = loader;
    this.#options = options;
    this.#random.restore(this.#seeded);
    this.#lossOf = lossFunction(model, options);
    this.#scheduler = schedule && new Scheduler(options.optimizer, typeof schedule === "object" ? schedule.schedule : schedule);
  }

  async *events(): Events {
    const { checkpoint } = this.#options;
    // Two runs, as of two tabs, would write over each other's checkpoints.
    const release = await checkpoint?.store.hold?.();
    try {
      this.#startedAt = performance.now();
      if (checkpoint?.resume) await this.#resume(checkpoint.store);
      for (;;) {
        try {
          yield* this.#course();
          return;
        } catch (error) {
          yield await this.#recover(error);
        }
      }
    } finally {
      release?.();
      this.#carry(undefined);
      this.#handOver();
      this.#options.optimizer.eval();
    }
  }

  /** Draws after the run continue those made in it, unless others have drawn meanwhile. */
  #handOver(): void {
    const { counter0, counter1, key0, key1 } = defaultGenerator().state;
    const { counter0: c0, counter1: c1, key0: k0, key1: k1 } = this.#seeded;
    if (counter0 === c0 && counter1 === c1 && key0 === k0 && key1 === k1) defaultGenerator().restore(this.#random.state);
  }

  #drawing<T>(fn: () => T): T {
    return drawingFrom(this.#random, fn);
  }

  /** From where the run stands to its end. */
  async *#course(): Events {
    const { evaluate, checkpoint } = this.#options;
    this.#model.train();
    await this.#takeSnapshot();
    yield* this.#updates();
    yield* this.#settle();
    const reason = this.#reasonToStop ?? "complete";
    // The checkpoint comes before an evaluation that is due only because the run ends: a longer run that resumes must not contain it.
    // The one that was resumed is reported again, for a process may have died between its writing and its event.
    if (checkpoint && (this.#savedAt !== this.#at.step || this.#resumedAt === this.#at.step)) yield await this.#checkpoint();
    if (evaluate && reason !== "aborted" && this.#at.evaluation?.step !== this.#at.step) yield await this.#evaluate();
    this.#options.optimizer.eval();
    if (this.#keepsBest && reason !== "aborted" && this.#bestParameters) this.#model.loadStateDict(this.#bestParameters);
    const { step, evaluation, best } = this.#at;
    yield { type: "end", steps: step, seconds: this.#seconds, reason, value: evaluation?.value, best: best ?? undefined };
  }

  async *#updates(): Events {
    const loader = this.#loader;
    yield* this.#rest();
    if (isNumbered(loader)) {
      while (!this.#reasonToStop) yield* this.#advance(() => loader.batch(this.#at.step));
      return;
    }
    const { epochs = Number.POSITIVE_INFINITY } = this.#options;
    while (!this.#reasonToStop && this.#at.epoch < epochs) yield* this.#epoch(this.#drawing(() => batchesOf(loader, this.#at.epoch)));
  }

  /** Asked before a batch is, which may draw random numbers that are to be drawn after a resume. */
  get #reasonToStop(): EndReason | undefined {
    const { steps = Number.POSITIVE_INFINITY, earlyStopping, signal } = this.#options;
    if (this.#at.step >= steps) return "complete";
    if (earlyStopping && this.#at.sinceBest >= earlyStopping.patience) return "early stop";
    return signal?.aborted ? "aborted" : undefined;
  }

  /** The rest of an epoch. */
  async *#epoch(batches: Batches<B>): Events {
    const { epoch, position: done } = this.#at;
    const random = this.#random.state;
    let count = 0;
    for await (const batch of this.#drawn(batches)) {
      if (count++ < done) {
        // As if the batches passed over had drawn nothing.
        if (count === done) this.#random.restore(random);
        continue;
      }
      yield* this.#advance(() => batch);
      if (this.#reasonToStop) return;
    }
    if (count === 0) {
      const advice = "A generator can be iterated only once: give something that starts again at each iteration.";
      throw new SeqgradError("value", `fit: the loader gave no batch in epoch ${epoch}. ${advice}`);
    }
    if (count < done) {
      const advice = "Give the loader that the run began with.";
      throw new SeqgradError("value", `fit: epoch ${epoch} has ${count} batches, but the run had done ${done} of it. ${advice}`);
    }
    yield* this.#settle();
    yield { type: "epoch", epoch, step: this.#at.step, loss: this.#at.lossSum / count };
    this.#at = { ...this.#at, epoch: epoch + 1, position: 0, lossSum: 0 };
    this.#carry(undefined);
  }

  /** The batches, whose making draws from the run's own random numbers, up to its first await. */
  async *#drawn(batches: Batches<B>): AsyncGenerator<B, void, undefined> {
    if (!isIterable(batches))
      throw new SeqgradError("value", `fit: the loader gave ${shown(batches)} for epoch ${this.#at.epoch}; expected batches to iterate.`);
    const iterator = this.#drawing(() => (Symbol.asyncIterator in batches ? batches[Symbol.asyncIterator]() : batches[Symbol.iterator]()));
    let isDone = false;
    try {
      for (;;) {
        const next = await this.#drawing(() => iterator.next());
        isDone = next.done === true;
        if (next.done) return;
        yield next.value;
      }
    } finally {
      if (!isDone) await iterator.return?.();
    }
  }

  /** An update and what is due after it. */
  async *#advance(batch: () => B): Events {
    const { evaluate, checkpoint } = this.#options;
    this.#update(batch);
    const evaluates = evaluate && this.#at.step % evaluate.every === 0;
    const saves = checkpoint && this.#at.step % checkpoint.every === 0;
    if (evaluates || saves || this.#issued.length >= this.#ahead) yield* this.#settle();
    if (evaluates) yield await this.#evaluate();
    if (saves) yield await this.#checkpoint();
    if (this.#isSnapshotDue) {
      yield* this.#settle();
      await this.#takeSnapshot();
    }
    await breathe();
    yield* this.#rest();
  }

  /** Waits where the run is paused: before a batch is asked for, which may draw random numbers. */
  async *#rest(): Events {
    const pace = this.#pace;
    if (!pace?.isPaused || this.#reasonToStop) return;
    yield* this.#settle();
    yield { type: "pause", step: this.#at.step };
    await pace.turn(this.#options.signal);
  }

  /** One update. The batch is asked for in its scope, which frees the tensors that are made for it. */
  #update(take: () => B): void {
    const start = performance.now();
    const { optimizer, carryState } = this.#options;
    let next: S | undefined;
    const lossOf = () => {
      const batch = take();
      if (batch === null) throw new SeqgradError("value", "fit: the batch is null; give what the loss of a batch reads, such as { x, y }.");
      if (hasMethod(batch, "then"))
        throw new SeqgradError("value", `fit: batch(${this.#at.step}) gave a promise; give an async iterable in its place.`);
      const result = this.#lossOf(batch, startsAnew(batch) ? undefined : this.#carried, this.#at.step);
      const { loss, state } = checkResult(result);
      if (carryState && state) next = detached(state);
      return loss;
    };
    const step = this.#at.step + 1;
    try {
      const chosen = this.#pace?.take();
      if (chosen !== undefined) optimizer.lr = chosen;
      this.#scheduler?.apply(this.#at.step);
      const { lr } = optimizer;
      const loss = this.#inTraining(() => optimizer.step(lossOf));
      this.#carry(next);
      this.#issued.push({ loss, step, epoch: this.#at.epoch, lr, start });
      this.#at = { ...this.#at, step, position: this.#at.position + 1 };
    } catch (error) {
      throw this.#explain(error, step); // the state that was kept is gone with the scope of the step
    } finally {
      this.#scheduler?.restore();
    }
  }

  /** An update in training mode and with the run's own random numbers, whatever others do between two updates. */
  #inTraining<T>(update: () => T): T {
    const { training } = this.#model;
    if (!training) this.#model.train();
    try {
      return this.#drawing(update);
    } finally {
      if (!training) this.#model.eval();
    }
  }

  /** Reads the losses of the updates issued, and emits their events. */
  async *#settle(): Events {
    const issued = this.#issued;
    if (issued.length === 0) return;
    this.#issued = [];
    const losses = await Promise.allSettled(issued.map(({ loss }) => loss.read()));
    const milliseconds = (performance.now() - nth(issued, 0).start) / issued.length;
    const { readEvery } = this.#options;
    const isSync = !this.#backend.async;
    this.#ahead = readEvery ?? (isSync ? 1 : Math.min(Math.max(1, Math.floor(AHEAD / milliseconds)), READ_EVERY));
    for (const [i, { step, epoch, lr }] of issued.entries()) {
      const result = nth(losses, i);
      if (result.status === "rejected") throw this.#explain(result.reason, step);
      this.#at = { ...this.#at, lossSum: this.#at.lossSum + result.value };
      yield { type: "step", step, epoch, loss: result.value, lr, milliseconds };
    }
  }

  /** Explains a step that the optimizer refused with the facts that the run knows: step number, parameter name, checkpoint. */
  #explain(error: unknown, step: number): unknown {
    if (!(error instanceof SeqgradError && error.code === "not-finite" && "norm" in error)) return error;
    const { loss, norm, parameter } = error as SeqgradError & { loss?: number; norm: number; parameter?: Tensor };
    const [name] = [...this.#model.namedParameters()].find(([, tensor]) => tensor === parameter) ?? [];
    const facts = [
      `fit: step ${step}: the loss is ${loss}, the gradient's norm ${norm}`,
      ...(name ? [`the first gradient that is not finite belongs to ${name}`] : []),
      `model and optimizer are as after step ${step - 1}`,
      ...(this.#savedAt === undefined ? [] : [`the checkpoint of step ${this.#savedAt} is kept`]),
    ];
    const advice = adviceOn(step, loss, norm);
    return new SeqgradError("not-finite", `${facts.join("; ")}. ${advice}`, { cause: error });
  }

  async #evaluate(): Promise<FitEvent> {
    const { evaluate, schedule } = this.#options;
    const { step, sinceBest, best, ties = [] } = this.#at;
    this.#model.eval();
    let measured: Measured;
    try {
      measured = await this.#withFinalWeights(() => evaluate!.run());
    } finally {
      this.#model.train();
    }
    const numbers = [measured].flat();
    for (const number of numbers.length > 0 ? numbers : [undefined])
      if (!Number.isFinite(number))
        throw new SeqgradError("not-finite", `fit: step ${step}: evaluate.run() returned ${shown(number)}; expected a finite number.`);
    const [value = Number.NaN, ...rest] = numbers;
    const isBest = best === null || isLess([value, ...rest], [best, ...ties]);
    if (isBest && this.#keepsBest) this.#bestParameters = await this.#withFinalWeights(() => this.#model.stateDict());
    if (typeof schedule === "object") schedule.observe(value);
    const kept = isBest ? { best: value, ...(rest.length > 0 && { ties: rest }), sinceBest: 0 } : { sinceBest: sinceBest + 1 };
    this.#at = { ...this.#at, evaluation: { step, value }, ...kept };
    return { type: "evaluation", step, value, best: isBest };
  }

  async #checkpoint(): Promise<FitEvent> {
    await this.#save(this.#options.checkpoint!.store);
    this.#savedAt = this.#at.step;
    return { type: "checkpoint", step: this.#at.step };
  }

  async #save(store: Store): Promise<void> {
    const { optimizer, schedule } = this.#options;
    const carried = new Map<string, TensorValue>();
    for (const [name, state] of entriesOf(this.#carried)) if (state) carried.set(name, await readValue(state));
    const plateau = typeof schedule === "object" ? schedule.state : null;
    const progress = { ...this.#at, seconds: this.#seconds };
    const { saveCheckpoint } = await checkpoints();
    const snapshot = { progress, plateau, carried, stream: this.#random.state, best: this.#bestParameters };
    await this.#withFinalWeights(() => saveCheckpoint(store, this.#model, optimizer, snapshot));
  }

  /** Runs `act` with the weights that are evaluated and saved, where the optimizer trains others. */
  async #withFinalWeights<T>(act: () => T | Promise<T>): Promise<T> {
    const { optimizer } = this.#options;
    optimizer.eval();
    try {
      return await act();
    } finally {
      optimizer.train();
    }
  }

  async #resume(store: Store): Promise<void> {
    if (await this.#restore(store)) this.#resumedAt = this.#savedAt = this.#at.step;
  }

  /** Returns false if there is no snapshot to recover from. */
  async #restore(store: Store): Promise<boolean> {
    const { optimizer, schedule } = this.#options;
    const { loadCheckpoint } = await checkpoints();
    const carried: Record<string, Tensor> = {};
    const snapshot = await loadCheckpoint(store, this.#model, optimizer, (saved) => {
      for (const [name, { data, shape, dtype }] of saved.carried)
        carried[name] = tensor(data, shape, { dtype, device: { backend: this.#backend } as Device });
    }).catch((error: unknown) => {
      dispose(carried);
      throw error;
    });
    if (!snapshot) return false;
    this.#at = snapshot.progress;
    this.#random.restore(snapshot.stream);
    this.#seeded = defaultGenerator().state;
    this.#bestParameters = snapshot.best;
    if (snapshot.plateau && typeof schedule === "object") schedule.restore(snapshot.plateau);
    this.#carry(snapshot.carried.size > 0 ? (carried as unknown as S) : undefined);
    return true;
  }

  get #isSnapshotDue(): boolean {
    if (!this.#snapshot) return false;
    const { steps = Number.POSITIVE_INFINITY, seconds = SNAPSHOT_SECONDS } = this.#options.snapshot ?? {};
    return this.#at.step - this.#snapshot.step >= steps || performance.now() - this.#snapshot.time >= seconds * 1000;
  }

  /** Keeps a snapshot on the host, from which the run recovers when the device is lost. */
  async #takeSnapshot(): Promise<void> {
    if (!this.#backend.async) return;
    const store = memoryStore();
    await this.#save(store);
    this.#snapshot = { store, step: this.#at.step, time: performance.now() };
  }

  /** Recovers the last snapshot on a new device, or on WebAssembly if it was recovered from before. @throws any other error */
  async #recover(error: unknown): Promise<FitEvent> {
    const snapshot = this.#snapshot;
    if (!(error instanceof SeqgradError && error.code === "device") || !snapshot || !this.#backend.async) throw error;
    const device = await replaceDevice(this.#backend, this.#recoveredAt === snapshot.step ? "wasm" : undefined);
    this.#recoveredAt = snapshot.step;
    this.#issued = [];
    this.#model.place(device.backend);
    this.#options.optimizer.place(device.backend);
    await this.#restore(snapshot.store);
    return { type: "device", step: this.#at.step, device: device.info, reason: error.message };
  }

  get #keepsBest(): boolean {
    const { keepBest, earlyStopping } = this.#options;
    return keepBest ?? earlyStopping !== undefined;
  }

  get #backend(): Backend {
    return nth(this.#options.optimizer.params, 0).backend;
  }

  get #seconds(): number {
    return this.#at.seconds + (performance.now() - this.#startedAt) / 1000;
  }

  /** Replaces the carried state, which is freed. */
  #carry(next: S | undefined): void {
    dispose(this.#carried);
    this.#carried = next;
  }
}

/** The batches of an epoch. */
function batchesOf<B>(loader: Exclude<Loader<B>, { batch(step: number): B }>, epoch: number): Batches<B> {
  if (hasEpochs(loader)) return loader.epoch(epoch);
  return typeof loader === "function" ? loader(epoch) : loader;
}

/** True if the first number that differs is smaller. */
function isLess(a: readonly number[], b: readonly number[]): boolean {
  const at = a.findIndex((number, i) => number !== b[i]);
  return at >= 0 && nth(a, at) < (b[at] ?? Number.POSITIVE_INFINITY);
}

/** True if a batch says that its rows do not continue the rows of the previous batch. */
const startsAnew = (batch: unknown) => batch instanceof Object && "continues" in batch && batch.continues === false;

const entriesOf = (state: object | undefined) => Object.entries<Tensor | undefined>({ ...state });

/** The state cut off from the graph and kept past the update. */
const detached = <S extends object>(state: S) =>
  Object.fromEntries(entriesOf(state).map(([name, x]) => [name, x && keep(x.detach())])) as S;

function dispose(state: object | undefined): void {
  for (const [, x] of entriesOf(state)) x?.dispose();
}

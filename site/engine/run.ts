import { batch, signal } from "@preact/signals";
import * as sg from "seqgrad";
import { type DeviceChoice, startOptions } from "./device.js";
import { keptWithSeries } from "./kept.js";
import { Pace } from "./pace.js";
import { type RunRecord, SERIES, STATE, saveRecord, seriesOf, storeOf } from "./runs.js";
import { type AnyTask, Copy } from "./sampler.js";
import { Series } from "./series.js";
import { Speed } from "./speed.js";

/** The options that a run adds to those of its task. */
export interface Added {
  readonly control: sg.RunControl;
  readonly signal: AbortSignal;
  readonly checkpoint: { readonly store: sg.io.Store; readonly every: number; readonly resume: boolean };
}

/** A run as its task describes it. */
export interface RunPlan {
  readonly record: RunRecord;
  readonly seed: number;
  /** The learning rate that it begins with. */
  readonly lr: number;
  /** Updates between two checkpoints. */
  readonly every: number;
  /** Tokens, words or frames of an update, about. */
  readonly tokens: number;
  /** Files of the run's own, such as the data of a file that was dropped. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  create(trainer: sg.worker.Trainer): Promise<AnyTask>;
  train(task: AnyTask, added: Added): AsyncIterable<sg.FitEvent>;
  /** Shows what the model can, by a copy of it, while it trains. */
  sample?(task: AnyTask): Promise<unknown>;
}

export type RunState = "starting" | "running" | "paused" | "stopped" | "done" | "lost" | "failed";

/** Seconds between two samples. */
const SAMPLE_SECONDS = 2.5;

/** A run of a page: a worker of its own trains it, its store keeps it, and signals show how far it is. */
export class Run {
  readonly plan: RunPlan;
  readonly state = signal<RunState>("starting");
  /** Rises when the series has grown: `series` itself is one object. */
  readonly grown = signal(0);
  readonly step = signal(0);
  readonly info = signal("");
  readonly error = signal("");
  readonly tokensPerSecond = signal(0);
  /** Seconds that are left; undefined before there is a speed. */
  readonly eta = signal<number | undefined>(undefined);
  /** The rate of the last update, as its schedule makes it, and the rate that is set, which the schedule multiplies. */
  readonly lr = signal(0);
  readonly rate = signal(0);
  /** The last sample, and the update after which it was made. */
  readonly sample = signal<{ readonly step: number; readonly value: unknown } | undefined>(undefined);
  readonly copy = new Copy();
  series = new Series();
  /** Updates a second, of slow motion; 0 is full speed. */
  readonly slow = signal(0);

  #trainer: sg.worker.Trainer | undefined;
  #task: AnyTask | undefined;
  #abort = new AbortController();
  #pace: Pace | undefined;
  #speed = new Speed();
  #isMoving = false;
  #isSampling = false;
  #sampledAt = -1;
  #sampleTime = 0;
  #lr = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(plan: RunPlan) {
    this.plan = plan;
    this.rate.value = plan.lr;
  }

  get record(): RunRecord {
    return this.plan.record;
  }

  /** Trains from the beginning, or from the checkpoint in the run's store. Resolves when the run rests for good. */
  async train(resume = false): Promise<void> {
    const { record, plan } = this;
    try {
      batch(() => {
        this.state.value = "starting";
        this.error.value = "";
      });
      this.#abort = new AbortController();
      const store = storeOf(record.id);
      const trainer = await sg.worker.start(startOptions(record.device, plan.seed));
      this.#trainer = trainer;
      this.info.value = trainer.info;
      const files = resume ? await store.list() : [];
      // Without a checkpoint the run begins again: the same seed makes the same weights.
      const isKept = files.includes(STATE);
      this.series = isKept ? await seriesOf(record.id) : new Series();
      const task = isKept ? await trainer.tasks.load(store) : await plan.create(trainer);
      this.#task = task;
      record.isExact &&= record.device.deterministic;
      record.status = "running";
      if (!isKept) {
        for (const [name, bytes] of plan.files) await store.write(name, bytes);
        await task.save(store);
      }
      await saveRecord(record);
      const control = new sg.RunControl();
      const pace = new Pace(control, record, this.slow, this.#pace?.isPaused && resume);
      this.#pace = pace;
      const kept = keptWithSeries(store, {
        series: () => this.series,
        mustWrite: (step) => this.#abort.signal.aborted || step >= record.steps,
        onWritten: () => this.#keep(),
      });
      const checkpoint = { store: kept, every: plan.every, resume: isKept };
      for await (const event of plan.train(task, { control, signal: this.#abort.signal, checkpoint })) await this.#take(event, pace);
    } catch (error) {
      await this.#fail(error);
    } finally {
      this.#trainer?.close();
      this.#trainer = undefined;
    }
    if (this.#isMoving) {
      this.#isMoving = false;
      await this.train(true);
    }
  }

  async #take(event: sg.FitEvent, pace: Pace): Promise<void> {
    switch (event.type) {
      case "step":
        this.series.put(event.step, event.loss);
        this.#speed.add(performance.now());
        this.#soon(event.lr);
        void this.#maybeSample();
        return;
      case "evaluation":
        this.series.measured = this.series.measured.filter(({ step }) => step < event.step);
        this.series.measured.push({ step: event.step, measures: event.measures ?? { loss: event.value } });
        this.grown.value++;
        return;
      case "pause":
        this.series.cut(event.step);
        if (pace.atRest(event.step) && !pace.isPaused) this.#keep();
        if (!pace.isPaused) this.state.value = "running";
        if (pace.isPaused) this.#rest();
        else void this.#maybeSample();
        this.#show();
        return;
      case "device":
        this.info.value = event.device;
        this.series.cut(event.step);
        return;
      case "end":
        await this.#end(event.reason === "aborted");
    }
  }

  /** Shows several updates at once. */
  #soon(lr: number): void {
    this.#lr = lr;
    this.#timer ??= setTimeout(() => this.#show(), 50);
  }

  #show(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const step = this.series.length;
    batch(() => {
      this.step.value = step;
      this.lr.value = this.#lr;
      const wished = this.#pace?.isChanging ? undefined : this.record.changes.findLast((change) => change.step < step);
      if (wished) this.rate.value = wished.lr;
      this.grown.value++;
      const perSecond = this.#speed.perSecond;
      this.tokensPerSecond.value = perSecond * this.plan.tokens;
      this.eta.value = perSecond > 0 ? (this.record.steps - step) / perSecond : undefined;
    });
  }

  /** Keeps in the list how far the run is. */
  #keep(): void {
    const { record, series } = this;
    Object.assign(record, { step: series.length, loss: series.losses.at(-1) ?? Number.NaN, hash: series.hash() });
    saveRecord(record).catch((error: Error) => (this.error.value = error.message));
  }

  async #end(isAborted: boolean): Promise<void> {
    const store = storeOf(this.record.id);
    if (this.#isMoving) return;
    if (!isAborted && this.#task) {
      await this.#task.save(store);
      await store.write(SERIES, this.series.encode());
      await store.delete(STATE);
      await this.#maybeSample(true);
    }
    this.record.status = isAborted ? "stopped" : "done";
    this.#keep();
    this.#show();
    batch(() => {
      this.state.value = isAborted ? "stopped" : "done";
      this.eta.value = undefined;
    });
  }

  async #fail(error: unknown): Promise<void> {
    const isLost = error instanceof sg.SeqgradError && error.code === "state" && this.state.peek() !== "starting";
    this.#isMoving = false;
    batch(() => {
      this.error.value = error instanceof Error ? error.message : String(error);
      this.state.value = isLost ? "lost" : "failed";
    });
    this.record.status = "stopped";
    await saveRecord(this.record).catch(() => {});
  }

  /** Shows what a copy of the model makes, every few seconds, or now. */
  async #maybeSample(now = false): Promise<void> {
    const { plan, series } = this;
    const isDue = now || performance.now() - this.#sampleTime > SAMPLE_SECONDS * 1000;
    if (!plan.sample || !this.#task || this.#isSampling || !isDue || this.#sampledAt === series.length) return;
    this.#isSampling = true;
    const step = series.length;
    try {
      await this.copy.take(this.#task);
      const value = await this.copy.ask((task) => plan.sample!(task));
      this.sample.value = { step, value };
      this.#sampledAt = step;
    } catch (error) {
      // A run that ended meanwhile has no more weights to take.
      if (this.#trainer) this.error.value = error instanceof Error ? error.message : String(error);
    } finally {
      this.#isSampling = false;
      this.#sampleTime = performance.now();
    }
  }

  /** Makes another sample of the same weights, as after a change of its temperature. */
  async sampleAgain(): Promise<void> {
    const { plan } = this;
    if (!plan.sample || !this.copy.isThere || this.#isSampling) return;
    const step = this.sample.peek()?.step ?? this.step.peek();
    this.sample.value = { step, value: await this.copy.ask((task) => plan.sample!(task)) };
  }

  pause(): void {
    if (this.#pace?.pause()) this.#rest();
  }

  /** Continues at full speed, or in slow motion. */
  resume(): void {
    this.#unrest(this.#pace?.resume());
  }

  /** Makes one update, and rests. */
  stepOnce(): void {
    this.#unrest(this.#pace?.stepOnce());
  }

  /** Slow motion, in updates a second; 0 is full speed. */
  setSlow(perSecond: number): void {
    this.slow.value = perSecond;
    this.#pace?.paceChanged();
  }

  /** Sets the learning rate from the next update on, and keeps from which one. */
  setLearningRate(lr: number): void {
    this.#pace?.setLearningRate(lr);
    this.rate.value = lr;
  }

  /** Ends the run with a checkpoint, from which it can be resumed. */
  stop(): void {
    this.#abort.abort();
  }

  /** Continues the run on another device, from a checkpoint that is made now. */
  move(device: DeviceChoice): void {
    this.record.device = device;
    if (!this.#trainer) return;
    this.#isMoving = true;
    this.#abort.abort();
  }

  #rest(): void {
    this.state.value = "paused";
    this.#speed.rest();
    this.#keep();
    void this.#maybeSample(true);
  }

  #unrest(changed: boolean | undefined): void {
    if (changed && this.state.peek() === "paused") this.state.value = "running";
  }
}

import type { ReadonlySignal } from "@preact/signals";
import type * as sg from "seqgrad";
import type { RunRecord } from "./runs.js";

/**
 * Grants a run its updates: all, one by one, or a few a second. A learning rate that is changed by hand is bound to its update, so that
 * a run which is repeated or resumed changes it there too.
 */
export class Pace {
  readonly #control: sg.RunControl;
  readonly #record: RunRecord;
  readonly #slow: ReadonlySignal<number>;
  /** The update after which the run rests now, if it does. */
  #rests: number | undefined;
  #isPaused: boolean;
  #wished: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(control: sg.RunControl, record: RunRecord, slow: ReadonlySignal<number>, isPaused = false) {
    this.#isPaused = isPaused;
    this.#control = control;
    this.#record = record;
    this.#slow = slow;
    // The run says where it begins, and is granted its updates from there.
    control.pause();
  }

  /** True while a learning rate waits for its update. */
  get isChanging(): boolean {
    return this.#wished !== undefined || this.#rests !== undefined;
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  /** The run rests after an update. Returns true if there is something to keep: it stays so, or its rate changes. */
  atRest(step: number): boolean {
    this.#rests = step;
    const isChanged = this.#wished !== undefined;
    if (this.#wished !== undefined) {
      const { changes } = this.#record;
      this.#record.changes = [...changes.filter((change) => change.step < step), { step, lr: this.#wished }];
      this.#wished = undefined;
    }
    if (!this.#isPaused) this.#proceed();
    return this.#isPaused || isChanged;
  }

  /** Returns true if the run rests already, as between two updates of slow motion. */
  pause(): boolean {
    this.#isPaused = true;
    clearTimeout(this.#timer);
    if (this.#rests !== undefined) return true;
    this.#control.pause();
    return false;
  }

  /** Returns true if the run was at rest. */
  resume(): boolean {
    this.#isPaused = false;
    return this.#rests !== undefined && this.#proceed();
  }

  /** Returns true if the run was at rest. */
  stepOnce(): boolean {
    this.#isPaused = true;
    return this.#rests !== undefined && this.#grant(1);
  }

  setLearningRate(lr: number): void {
    this.#wished = lr;
    if (this.#rests === undefined) this.#control.pause();
    else this.atRest(this.#rests);
  }

  /** Slow motion begins, changes or ends. */
  paceChanged(): void {
    if (this.#isPaused) return;
    clearTimeout(this.#timer);
    if (this.#rests === undefined) this.#control.pause();
    else this.#proceed();
  }

  #proceed(): boolean {
    const slow = this.#slow.peek();
    if (slow === 0) return this.#grant(Number.POSITIVE_INFINITY);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#rests !== undefined && this.#grant(1), 1000 / slow);
    return true;
  }

  /** Lets the run make some updates, but none beyond a change of the rate. */
  #grant(count: number): boolean {
    const at = this.#rests ?? 0;
    const now = this.#record.changes.find(({ step }) => step === at);
    if (now) this.#control.setLearningRate(now.lr);
    const next = this.#record.changes.find(({ step }) => step > at);
    const left = next ? Math.min(count, next.step - at) : count;
    this.#rests = undefined;
    if (left === Number.POSITIVE_INFINITY) this.#control.resume();
    else this.#control.resume(left);
    return true;
  }
}

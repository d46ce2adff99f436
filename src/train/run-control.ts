import { checkInteger, checkInterval } from "../util/check.js";
import { type ControlChange, type Pace, paces, type Signal } from "./pace.js";

/** The wishes of a control, as its run sees them. */
class ControlPace implements Pace {
  #left = Number.POSITIVE_INFINITY;
  #lr: number | undefined;
  readonly #listeners = new Set<(change: ControlChange) => void>();

  apply(change: ControlChange): void {
    this.#left = change.left ?? this.#left;
    this.#lr = change.lr ?? this.#lr;
    for (const listener of [...this.#listeners]) listener(change);
  }

  follow(listener: (change: ControlChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get state(): ControlChange {
    return { left: this.#left, ...(this.#lr !== undefined && { lr: this.#lr }) };
  }

  get isPaused(): boolean {
    return this.#left === 0;
  }

  take(): number | undefined {
    this.#left--;
    const lr = this.#lr;
    this.#lr = undefined;
    return lr;
  }

  async turn(signal: Signal | undefined): Promise<void> {
    if (!this.isPaused || signal?.aborted) return;
    await new Promise<void>((resolve) => {
      const end = this.follow(() => {
        if (this.isPaused && !signal?.aborted) return;
        end();
        resolve();
      });
      signal?.addEventListener?.("abort", () => this.apply({}), { once: true });
    });
  }
}

/**
 * Pauses a run, lets it continue by a number of updates, and sets its learning rate while it trains. A run takes it as its option `control`, as it
 * takes the signal of an AbortController; each run needs one of its own.
 * @example
 * const control = new sg.RunControl();
 * const losses = [];
 * control.pause(); // before the first update
 * for await (const event of sg.fit(model, loader, { optimizer, steps: 3, control })) {
 *   if (event.type === "pause") control.resume(1); // a button calls it
 *   if (event.type === "step") losses.push(event.loss);
 *   if (event.type === "step") control.setLearningRate(event.lr / 2);
 * }
 * losses.length; // = 3
 */
export class RunControl {
  readonly #pace = new ControlPace();

  constructor() {
    paces.set(this, this.#pace);
  }

  /** Begins no further update until resume(). The run emits an event "pause" when it is at rest. */
  pause(): void {
    this.#pace.apply({ left: 0 });
  }

  /**
   * Continues.
   *
   * @param steps the number of updates to make before the run pauses again; default all
   * @throws SeqgradError `range` for a number that is not whole, or below 1
   */
  resume(steps: number = Number.POSITIVE_INFINITY): void {
    if (steps !== Number.POSITIVE_INFINITY) checkInteger("RunControl.resume", "steps", steps, 1);
    this.#pace.apply({ left: steps });
  }

  /**
   * Sets the optimizer's learning rate from the next update on. A schedule multiplies it, and a checkpoint keeps it.
   *
   * @param lr the rate
   * @throws SeqgradError `range` for a rate that is not finite, or below 0
   */
  setLearningRate(lr: number): void {
    checkInterval("RunControl.setLearningRate", "lr", lr, 0, Number.MAX_VALUE);
    this.#pace.apply({ lr });
  }
}

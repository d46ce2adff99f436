import { checkInteger, checkInterval } from "../util/check.js";

/** A change of a control: updates that may begin from now on, a learning rate. */
export interface ControlChange {
  readonly left?: number;
  readonly lr?: number;
}

/** A signal, which may report its abort by an event. */
interface Signal {
  readonly aborted: boolean;
  addEventListener?(type: "abort", listener: () => void, options: { once: true }): void;
}

/** The wishes of a control, as its run sees them. */
export class Pace {
  #left = Number.POSITIVE_INFINITY;
  #lr: number | undefined;
  readonly #listeners = new Set<(change: ControlChange) => void>();

  /** Makes a change, and reports it to those that follow. */
  apply(change: ControlChange): void {
    this.#left = change.left ?? this.#left;
    this.#lr = change.lr ?? this.#lr;
    for (const listener of [...this.#listeners]) listener(change);
  }

  /** Calls a function at each change, until the function that it returns is called. */
  follow(listener: (change: ControlChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The change that brings another one to the same state. */
  get state(): ControlChange {
    return { left: this.#left, ...(this.#lr !== undefined && { lr: this.#lr }) };
  }

  /** True if no update may begin. */
  get isPaused(): boolean {
    return this.#left === 0;
  }

  /** Takes one of the updates that may begin, and returns the learning rate to set, if there is one. */
  take(): number | undefined {
    this.#left--;
    const lr = this.#lr;
    this.#lr = undefined;
    return lr;
  }

  /** Resolves when the run may continue, or its signal ends it. */
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

/** The pace of a control, which its users do not see. */
let paceIn: (control: RunControl) => Pace;
export const paceOf = (control: RunControl): Pace => paceIn(control);

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
  readonly #pace = new Pace();

  static {
    paceIn = (control) => control.#pace;
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

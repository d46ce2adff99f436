/** A change of a control: updates that may begin from now on, a learning rate. */
export interface ControlChange {
  readonly left?: number;
  readonly lr?: number;
}

/** A signal, which may report its abort by an event. */
export interface Signal {
  readonly aborted: boolean;
  addEventListener?(type: "abort", listener: () => void, options: { once: true }): void;
}

/** A control, as its run sees it. */
export interface Pace {
  /** True if no update may begin. */
  readonly isPaused: boolean;
  /** The change that brings another one to the same state. */
  readonly state: ControlChange;
  /** Makes a change, and reports it to those that follow. */
  apply(change: ControlChange): void;
  /** Calls a function at each change, until the function that it returns is called. */
  follow(listener: (change: ControlChange) => void): () => void;
  /** Takes one of the updates that may begin, and returns the learning rate to set, if there is one. */
  take(): number | undefined;
  /** Resolves when the run may continue, or its signal ends it. */
  turn(signal: Signal | undefined): Promise<void>;
}

/** The pace of each control. A program without a RunControl loads nothing else of it. */
export const paces: { get(control: object): Pace | undefined; set(control: object, pace: Pace): void } = /* @__PURE__ */ new WeakMap();

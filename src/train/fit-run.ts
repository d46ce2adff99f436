import { SeqgradError } from "../util/errors.js";
import type { EventOf, FitEvent, FitHistory } from "./types.js";

/** A run of fit(): an iterator of its events that can be awaited in its place. One run takes one of the two. */
export interface FitRun extends Promise<FitHistory> {
  next(): Promise<IteratorResult<FitEvent, void>>;
  /** Ends the run where it is, without a checkpoint, as a `break` does. */
  return(): Promise<IteratorResult<FitEvent, void>>;
  throw(error: unknown): Promise<IteratorResult<FitEvent, void>>;
  [Symbol.asyncIterator](): this;
}

/** A run of events that are there already, for what prepares something before it calls fit(). */
export const runOf = (events: AsyncGenerator<FitEvent, void, undefined>): FitRun => new Fit(events);

class Fit implements FitRun {
  readonly #events: AsyncGenerator<FitEvent, void, undefined>;
  #isIterated = false;
  #history: Promise<FitHistory> | undefined;

  constructor(events: AsyncGenerator<FitEvent, void, undefined>) {
    this.#events = events;
  }

  async next(): Promise<IteratorResult<FitEvent, void>> {
    this.#checkNotAwaited();
    this.#isIterated = true;
    return this.#events.next();
  }

  async return(): Promise<IteratorResult<FitEvent, void>> {
    this.#checkNotAwaited();
    this.#isIterated = true;
    return this.#events.return();
  }

  async throw(error: unknown): Promise<IteratorResult<FitEvent, void>> {
    this.#checkNotAwaited();
    this.#isIterated = true;
    return this.#events.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // biome-ignore lint/suspicious/noThenProperty: a run can be awaited.
  then<T = FitHistory, U = never>(
    onFulfilled?: ((history: FitHistory) => T | PromiseLike<T>) | null,
    onRejected?: ((reason: unknown) => U | PromiseLike<U>) | null,
  ): Promise<T | U> {
    if (this.#isIterated) {
      const advice = "Await it, or go through it with for await, not both; call fit() again for another run.";
      const error = new SeqgradError("state", `fit: the run is being iterated, or was, and cannot be awaited too. ${advice}`);
      return Promise.reject<FitHistory>(error).then(onFulfilled, onRejected);
    }
    this.#history ??= historyOf(this.#events);
    return this.#history.then(onFulfilled, onRejected);
  }

  catch<T = never>(onRejected?: ((reason: unknown) => T | PromiseLike<T>) | null): Promise<FitHistory | T> {
    return this.then(undefined, onRejected);
  }

  finally(onFinally?: (() => void) | null): Promise<FitHistory> {
    return this.then().finally(onFinally);
  }

  get [Symbol.toStringTag](): string {
    return "FitRun";
  }

  #checkNotAwaited(): void {
    if (!this.#history) return;
    const advice = "The awaited history holds its events; call fit() again for another run.";
    throw new SeqgradError("state", `fit: the run is awaited and cannot be iterated too. ${advice}`);
  }
}

/** Goes through a run. An event that is repeated after a lost device counts once. */
async function historyOf(events: AsyncIterable<FitEvent>): Promise<FitHistory> {
  let steps: EventOf<"step">[] = [];
  let epochs: EventOf<"epoch">[] = [];
  let evaluations: EventOf<"evaluation">[] = [];
  let end: EventOf<"end"> | undefined;
  for await (const event of events) {
    if (event.type === "step") steps.push(event);
    else if (event.type === "epoch") epochs.push(event);
    else if (event.type === "evaluation") evaluations.push(event);
    else if (event.type === "end") end = event;
    else if (event.type === "device") {
      const isKept = ({ step }: { readonly step: number }) => step <= event.step;
      [steps, epochs, evaluations] = [steps.filter(isKept), epochs.filter(isKept), evaluations.filter(isKept)];
    }
  }
  return { steps, epochs, evaluations, end: end! };
}

import type { Module } from "../nn/module.js";
import type { CarriedState, Trainable } from "../nn/trainable.js";
import { SeqgradError } from "../util/errors.js";
import { Run } from "./run.js";
import type { EventOf, FitEvent, FitHistory, FitOptions, Loader } from "./types.js";

/** A run of fit(): an iterator of its events that can be awaited in its place. One run takes one of the two. */
export interface FitRun extends Promise<FitHistory> {
  next(): Promise<IteratorResult<FitEvent, void>>;
  /** Ends the run where it is, without a checkpoint, as a `break` does. */
  return(): Promise<IteratorResult<FitEvent, void>>;
  throw(error: unknown): Promise<IteratorResult<FitEvent, void>>;
  [Symbol.asyncIterator](): this;
}

/**
 * Trains a model. The result is an async iterator of events, which makes an update whenever the next event is asked for; awaited instead,
 * it trains to the end and returns the history. It prints nothing, and nothing happens before it is iterated or awaited. The model is left
 * in training mode. A `break` ends the run there, without a checkpoint.
 *
 * A run that resumes from a checkpoint ends, on the `wasm` device, in the same bits as one that was never stopped.
 *
 * @param model the model, with a loss() of its own unless the option `loss` is given
 * @param loader the source of batches: see Loader
 * @param options see FitOptions
 * @returns the run: events one by one with `for await`, or with `await` all of them by kind, `{ steps, epochs, evaluations, end }`
 * @throws SeqgradError at once, `value` or `range`, for options that make no run; from the run, `not-finite` when a loss, gradient or
 *   evaluation is NaN or infinite: it names step and parameter, and model, optimizer and last checkpoint are as after the update before;
 *   `value` or `shape` for a loss that cannot train the model; `format` or `io` for a checkpoint that cannot be resumed, model and
 *   optimizer being as they were; `state` for a run that is both awaited and iterated.
 * @example
 * for await (const event of sg.fit(model, loader, { optimizer, steps: 500 })) {
 *   if (event.type === "step" && event.step % 50 === 0) console.log(event.step, event.loss);
 * }
 * const { steps, end } = await sg.fit(model, loader, { optimizer, steps: 5 });
 * console.log(steps.at(-1)!.loss, end.seconds);
 */
export function fit<B, S extends CarriedState<S> = object>(
  model: Module,
  loader: Loader<B>,
  options: FitOptions<B, S> & Required<Pick<FitOptions<B, S>, "loss">>,
): FitRun;
export function fit<B, S extends CarriedState<S> = object>(
  model: Module & Trainable<B, S>,
  loader: Loader<B>,
  options: FitOptions<B, S>,
): FitRun;
export function fit<B, S extends CarriedState<S>>(
  model: Module & Partial<Trainable<B, S>>,
  loader: Loader<B>,
  options: FitOptions<B, S>,
): FitRun {
  return runOf(new Run(model, loader, options).events());
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

/** Goes through a run. What is told again after a lost device counts once. */
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

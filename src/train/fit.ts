import type { Module } from "../nn/module.js";
import type { CarriedState, Trainable } from "../nn/trainable.js";
import { type FitRun, runOf } from "./fit-run.js";
import { Run } from "./run.js";
import type { FitOptions, Loader } from "./types.js";

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

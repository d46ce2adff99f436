import type { Module } from "../nn/module.js";
import { Run } from "./run.js";
import type { AnyState, CarriedState, FitEvent, FitOptions, Loader } from "./types.js";

/**
 * Trains a model: an async iterator of events, which does an update whenever the next event is asked for. Nothing is printed. The
 * model is left in training mode. Leaving the loop ends the run there, without a checkpoint.
 *
 * A run that resumes from a checkpoint ends, on the `wasm` device, in the same bits as one that was never stopped.
 *
 * @throws SeqgradError at once, `value` or `range`, for options that make no run; from the iterator, `not-finite` when a loss, gradient
 *   or evaluation is NaN or infinite: it names step and parameter, and model, optimizer and last checkpoint are as after the update
 *   before; `format` or `io` for a checkpoint that cannot be resumed, model and optimizer being as they were.
 * @example
 * for await (const event of sg.fit(model, loader, { optimizer, steps: 500 })) {
 *   if (event.event === "step" && event.step % 50 === 0) console.log(event.step, event.loss);
 * }
 */
export function fit<B, S extends CarriedState<S> = AnyState>(
  model: Module,
  loader: Loader<B>,
  options: FitOptions<B, S>,
): AsyncGenerator<FitEvent, void, undefined> {
  return new Run(model, loader, options).events();
}

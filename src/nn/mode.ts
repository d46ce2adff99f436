import { noGrad } from "../autograd/tape.js";
import { scope } from "../tensor/scope.js";

let evaluations = 0;

/** True if a call of inference() runs: every module is in evaluation mode in it, whatever its flag says. */
export const isInference = (): boolean => evaluations > 0;

/**
 * Runs a function in evaluation mode, without recording gradients, and frees every tensor made in it except those that it returns.
 *
 * The mode holds for this call only: no module's flag changes, so that overlapping calls and a training run do not disturb each other.
 *
 * @param fn a synchronous function
 * @returns the result of `fn`
 * @throws SeqgradError `value` when `fn` returns a promise, as scope() does
 */
export function inference<T>(fn: () => T): T {
  evaluations++;
  try {
    return scope(() => noGrad(fn));
  } finally {
    evaluations--;
  }
}

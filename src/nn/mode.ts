import { noGrad } from "../autograd/tape.js";
import { scope } from "../tensor/scope.js";

let evaluations = 0;

/** True if a call of inference() runs: every module is in evaluation mode in it, whatever its flag says. */
export const isInference = (): boolean => evaluations > 0;

/**
 * Runs `fn` in evaluation mode, without recording gradients, and frees every tensor made in it but those that it returns. The mode is that
 * of this call: no module's flag changes, so that calls which overlap, and a training run beside them, do not disturb one another.
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

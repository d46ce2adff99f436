import { checkFunction } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkTensor, InternalTensor } from "./internal.js";
import { closeFrame, openFrame } from "./storage.js";
import type { Tensor } from "./tensor.js";

/**
 * Runs a function and frees every tensor made in it except those that it returns (alone, or in arrays and objects) or keeps.
 *
 * Inside, allocation is a bump of a pointer. A returned tensor belongs to the scope around, or, if there is none, to the caller.
 *
 * @param fn a synchronous function
 * @returns the result of `fn`
 * @throws SeqgradError `value` if `fn` returns a promise: a scope left open across an await would free other tasks' tensors
 * @example
 * const x = sg.randn([100]);
 * const mean = sg.scope(() => sg.mean(sg.exp(x))); // the exponentials are gone, the mean is not
 */
export function scope<T>(fn: () => T): T {
  checkFunction("scope", "its argument", fn);
  const frame = openFrame();
  let returned: Set<InternalTensor> | undefined;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new SeqgradError(
        "value",
        "scope: the function returned a promise. Make the tensors in a synchronous function, and await their data after the scope.",
      );
    }
    returned = collect(result);
    return result;
  } finally {
    closeFrame(frame, returned);
  }
}

/**
 * Lets a tensor outlive every open scope; it then lives until dispose().
 *
 * @param tensor the tensor
 * @returns the tensor itself
 * @example
 * const seen: sg.Tensor[] = [];
 * sg.scope(() => {
 *   seen.push(sg.keep(sg.tensor([1, 2])));
 * });
 * seen[0]; // = [1, 2]
 */
export function keep<T extends Tensor>(tensor: T): T {
  const handle = checkTensor("keep", tensor);
  handle.kept = true;
  handle.storage.kept = true;
  if (tensor.grad) keep(tensor.grad);
  return tensor;
}

/** The tensors in a result, and their gradients; the result may be deep, and hold itself. */
function collect(result: unknown): Set<InternalTensor> {
  const tensors = new Set<InternalTensor>();
  const seen = new Set<unknown>();
  const open = [result];
  while (open.length > 0) {
    const value = open.pop();
    if (value instanceof InternalTensor) {
      tensors.add(value);
      if (value.grad) tensors.add(value.grad);
    } else if (value !== null && typeof value === "object" && !seen.has(value)) {
      seen.add(value);
      const isPlain = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
      if (isPlain) for (const item of Object.values(value)) open.push(item);
    }
  }
  return tensors;
}

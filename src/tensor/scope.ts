import { SeqgradError } from "../util/errors.js";
import { closeFrame, type Frame, openFrame, type Storage } from "./storage.js";
import { Tensor } from "./tensor.js";

const keptIn = new WeakMap<Frame, Set<Storage>>();

/**
 * Runs `fn` and frees every tensor made in it but those that it returns (alone, or in arrays and objects) or keeps. Inside,
 * allocation is a bump of a pointer. A returned tensor belongs to the scope around, or, if there is none, to the caller.
 *
 * @throws SeqgradError `value` when `fn` returns a promise: a scope left open across an await would free other tasks' tensors.
 * @example
 * const mean = sg.scope(() => sg.mean(sg.exp(x))); // the exponentials are gone, the mean is not
 */
export function scope<T>(fn: () => T): T {
  const frame = openFrame();
  const survivors = new Set<Storage>();
  let failed = true;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new SeqgradError(
        "value",
        "scope: the function returned a promise. Make the tensors in a synchronous function, and await their data after the scope.",
      );
    }
    collect(result, survivors);
    failed = false;
    return result;
  } finally {
    const kept = (!failed && keptIn.get(frame)) || new Set<Storage>();
    closeFrame(frame, survivors, kept);
  }
}

/** Lets a tensor outlive every open scope; it then lives until dispose(). */
export function keep<T extends Tensor>(tensor: T): T {
  const { frame } = tensor.storage;
  if (frame) {
    const kept = keptIn.get(frame) ?? new Set();
    keptIn.set(frame, kept.add(tensor.storage));
  }
  return tensor;
}

function collect(value: unknown, into: Set<Storage>): void {
  if (value instanceof Tensor) {
    // The graph behind it dies with the scope.
    value.node = undefined;
    into.add(value.storage);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
  } else if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
}

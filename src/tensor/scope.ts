import { SeqgradError } from "../util/errors.js";
import { closeFrame, type Frame, openFrame, type Storage } from "./storage.js";
import { Tensor } from "./tensor.js";

/** The tensors that outlive a frame, by the storage they hold. */
type Survivors = Map<Storage, Set<Tensor>>;

const keptIn = new WeakMap<Frame, Survivors>();

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
  const returned: Survivors = new Map();
  let failed = true;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new SeqgradError(
        "value",
        "scope: the function returned a promise. Make the tensors in a synchronous function, and await their data after the scope.",
      );
    }
    collect(result, returned);
    failed = false;
    return result;
  } finally {
    closeFrame(frame, failed ? NONE : counts(returned), failed ? NONE : counts(keptIn.get(frame) ?? NONE));
  }
}

const NONE: ReadonlyMap<Storage, never> = new Map<Storage, never>();

const counts = (survivors: ReadonlyMap<Storage, ReadonlySet<Tensor>>) =>
  new Map(Array.from(survivors, ([storage, tensors]) => [storage, tensors.size]));

/** Lets a tensor outlive every open scope; it then lives until dispose(). */
export function keep<T extends Tensor>(tensor: T): T {
  const { frame } = tensor.storage;
  if (frame) {
    const kept = keptIn.get(frame) ?? new Map();
    keptIn.set(frame, kept);
    note(tensor, kept);
  }
  return tensor;
}

function note(tensor: Tensor, into: Survivors): void {
  const tensors = into.get(tensor.storage) ?? new Set();
  into.set(tensor.storage, tensors.add(tensor));
}

function collect(value: unknown, into: Survivors): void {
  if (value instanceof Tensor) {
    // The graph behind it dies with the scope.
    value.node = undefined;
    note(value, into);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
  } else if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
}

import { SeqgradError } from "../util/errors.js";
import { closeFrame, openFrame } from "./storage.js";
import { Tensor } from "./tensor.js";

/**
 * Runs `fn` and frees every tensor made in it but those that it returns (alone, or in arrays and objects) or keeps. Inside,
 * allocation is a bump of a pointer. A returned tensor belongs to the scope around, or, if there is none, to the caller.
 *
 * @throws SeqgradError `value` when `fn` returns a promise: a scope left open across an await would free other tasks' tensors.
 * @example
 * const x = sg.randn([100]);
 * const mean = sg.scope(() => sg.mean(sg.exp(x))); // the exponentials are gone, the mean is not
 */
export function scope<T>(fn: () => T): T {
  const frame = openFrame();
  let returned: Set<Tensor> | undefined;
  try {
    const result = fn();
    if (result instanceof Promise) {
      throw new SeqgradError(
        "value",
        "scope: the function returned a promise. Make the tensors in a synchronous function, and await their data after the scope.",
      );
    }
    returned = collect(result, new Set());
    return result;
  } finally {
    closeFrame(frame, returned);
  }
}

/**
 * Lets a tensor outlive every open scope; it then lives until dispose().
 * @example
 * const seen: sg.Tensor[] = [];
 * sg.scope(() => {
 *   seen.push(sg.keep(sg.tensor([1, 2])));
 * });
 * seen[0]; // = [1, 2]
 */
export function keep<T extends Tensor>(tensor: T): T {
  tensor.kept = true;
  tensor.storage.kept = true;
  if (tensor.grad) keep(tensor.grad);
  return tensor;
}

/** The tensors in a result, and their gradients. */
function collect(value: unknown, into: Set<Tensor>): Set<Tensor> {
  if (value instanceof Tensor) {
    into.add(value);
    if (value.grad) into.add(value.grad);
  } else if (Array.isArray(value)) {
    for (const item of value) collect(item, into);
  } else if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) collect(item, into);
  }
  return into;
}

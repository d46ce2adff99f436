import { InternalTensor, internal } from "./internal.js";
import { scope } from "./scope.js";
import { allocate, copyWords, currentFrame } from "./storage.js";
import type { Tensor } from "./tensor.js";

/** The tensors that the current step has changed besides parameters, and their former values; the memory for that ends with the step's scope. */
type Changes = Map<InternalTensor, InternalTensor>;
let current: { readonly changes: Changes; readonly home: ReturnType<typeof currentFrame> } | undefined;

/** Runs a step in its own scope. If it throws, the tensors that it announced to willChange() get their former values back. */
export function revocable<T>(step: (changes: Changes) => T): T {
  const outer = current;
  return scope(() => {
    const changes: Changes = new Map();
    current = { changes, home: currentFrame() };
    try {
      return step(changes);
    } catch (error) {
      for (const [{ backend, address, size }, before] of changes) copyWords(backend, before.address, address, size);
      throw error;
    } finally {
      current = outer;
    }
  });
}

/** To be called before a contiguous tensor's content is changed in the course of a step that may be refused. */
export function willChange(tensor: Tensor): void {
  const x = internal(tensor);
  if (!current || current.changes.has(x)) return;
  const { backend, address, size } = x;
  // A tensor of the step's scope, which frees it.
  const before = new InternalTensor(allocate(backend, size * 4, "other", current.home), [size]);
  copyWords(backend, address, before.address, size);
  current.changes.set(x, before);
}

import type { Backend } from "../backend/backend.js";
import { allocate, copyWords, release, type StorageKind, type TensorStorage } from "../tensor/storage.js";
import { Tensor } from "../tensor/tensor.js";
import { contentOf, type ForeignValue } from "../tensor/value.js";
import { StepNumbers } from "./step-numbers.js";

const LINE = 16;

/** Elements that n elements take in an arena: whole lines of the cache. */
export const inLines = (n: number): number => Math.ceil(n / LINE) * LINE;

/** The position of a parameter in every arena, in bytes. */
export interface Place {
  readonly param: Tensor;
  readonly offset: number;
}

/** The memory of an optimizer on one device: parameters, gradients and each kind of state side by side, and the numbers of the last steps. */
export class ParameterArena {
  readonly parameters: TensorStorage;
  readonly gradients: TensorStorage;
  readonly state = new Map<string, TensorStorage>();
  readonly numbers: StepNumbers;

  /** Allocates everything, filled with 0; nothing of it stays when memory runs out. */
  constructor(
    readonly backend: Backend,
    private readonly places: readonly Place[],
    /** Elements of each arena. */
    readonly n: number,
    names: Iterable<string>,
  ) {
    const made: { dispose(): void }[] = [];
    const arena = (kind: StorageKind) => {
      const storage = allocate(backend, n * 4, kind, null);
      made.push({ dispose: () => release(storage) });
      backend.dispatch("fill", { y: storage, n, value: 0 });
      return storage;
    };
    try {
      this.numbers = new StepNumbers(backend);
      made.push(this.numbers);
      for (const name of names) this.state.set(name, arena("optimizer"));
      this.gradients = arena("gradient");
      this.parameters = arena("parameter");
    } catch (error) {
      for (const part of made) part.dispose();
      throw error;
    }
  }

  /** The state of each parameter by name, `m.0`, `m.1`, .., and where it lies. */
  *entries(): Generator<[name: string, address: number, shape: readonly number[]]> {
    for (const [name, { address }] of this.state)
      for (const [i, { param, offset }] of this.places.entries()) yield [`${name}.${i}`, address + offset, param.shape];
  }

  /** Overwrites the state. */
  writeState(tensors: ReadonlyMap<string, ForeignValue>): void {
    for (const [name, address] of this.entries()) this.backend.write(address, contentOf(tensors.get(name)!, "float32"));
  }

  /** Overwrites the arena of the parameters, before they move into it. */
  writeParameters(values: readonly ForeignValue[]): void {
    for (const [i, { offset }] of this.places.entries())
      this.backend.write(this.parameters.address + offset, contentOf(values[i]!, "float32"));
  }

  /** Moves the parameters and their gradients into the arenas, with what they hold where they are on this device. Nothing here can fail. */
  adopt(): void {
    const { backend, parameters, gradients } = this;
    parameters.holders = this.places.length;
    // The optimizer holds the gradients too: disposing of one leaves the others.
    gradients.holders = this.places.length + 1;
    for (const { param, offset } of this.places) {
      const gradient = new Tensor(gradients, param.shape, "float32", undefined, offset / 4);
      gradient.isBlank = param.grad?.backend !== backend || param.grad.isBlank;
      if (!gradient.isBlank) copyWords(backend, param.grad!.address, gradient.address, param.size);
      param.grad?.dispose();
      if (param.backend === backend) copyWords(backend, param.address, parameters.address + offset, param.size);
      const before = param.storage;
      param.storage = parameters;
      param.offset = offset / 4;
      param.grad = gradient;
      if (--before.holders === 0) release(before);
    }
  }

  /** Frees all but the parameters, which belong to the tensors. */
  dispose(): void {
    for (const { param } of this.places) if (param.grad?.storage === this.gradients) param.grad = undefined;
    this.numbers.dispose();
    for (const storage of [this.gradients, ...this.state.values()]) release(storage);
  }

  /** As dispose(), of an arena that no parameter has moved into. */
  discard(): void {
    this.dispose();
    release(this.parameters);
  }
}

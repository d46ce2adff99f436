import type { Backend } from "../backend/backend.js";
import { InternalTensor } from "../tensor/internal.js";
import { allocate, copyWords, currentFrame, release, type StorageKind, type TensorStorage } from "../tensor/storage.js";
import type { Tensor } from "../tensor/tensor.js";
import { contentOf, type ForeignValue } from "../tensor/value.js";
import type { Shape } from "../util/shape.js";
import { LEDGER_WORDS } from "./ledger.js";

const LINE = 16;

/** Elements that n elements take in an arena: whole lines of the cache. */
export const inLines = (n: number): number => Math.ceil(n / LINE) * LINE;

/** The position of a parameter in every arena, in bytes. */
export interface Place {
  readonly param: InternalTensor;
  readonly offset: number;
}

/** The memory of an optimizer on one device: parameters, gradients and each kind of state side by side, and the pages of its ledger. */
export class ParameterArena {
  readonly parameters: TensorStorage;
  readonly gradients: TensorStorage;
  readonly ledger: TensorStorage;
  readonly #state = new Map<string, TensorStorage>();

  /** Allocates everything, filled with 0; nothing of it stays when memory runs out. */
  constructor(
    readonly backend: Backend,
    private readonly places: readonly Place[],
    /** Elements of each arena. */
    readonly n: number,
    names: Iterable<string>,
  ) {
    const made: TensorStorage[] = [];
    const zeros = (words: number, kind: StorageKind) => {
      const storage = allocate(backend, words * 4, kind, null);
      made.push(storage);
      backend.dispatch("fill", { y: storage, n: words, value: 0 });
      return storage;
    };
    try {
      this.ledger = zeros(LEDGER_WORDS, "optimizer");
      for (const name of names) this.#state.set(name, zeros(n, "optimizer"));
      this.gradients = zeros(n, "gradient");
      this.parameters = zeros(n, "parameter");
    } catch (error) {
      for (const storage of made) release(storage);
      throw error;
    }
  }

  /** The state of each parameter by name, `m.0`, `m.1`, .., and where it lies. */
  *entries(): Generator<[name: string, address: number, shape: readonly number[]]> {
    for (const [name, { address }] of this.#state)
      for (const [i, { param, offset }] of this.places.entries()) yield [`${name}.${i}`, address + offset, param.shape];
  }

  /** The addresses of a state at an offset, by name. */
  addresses(names: readonly string[], offset: number): Record<string, number> {
    const found: Record<string, number> = {};
    for (const name of names) found[name] = this.#storage(name).address + offset;
    return found;
  }

  /** Views of what lies at an offset: the parameter `p`, its gradient `g` and the state, by name. */
  views(names: readonly string[], offset: number, shape: Shape): Record<"p" | "g", Tensor> & Record<string, Tensor> {
    const window = (storage: TensorStorage) => {
      storage.holders++;
      return new InternalTensor(storage, shape, "float32", undefined, offset / 4, currentFrame());
    };
    const state = Object.fromEntries(names.map((name) => [name, window(this.#storage(name))]));
    return { ...state, p: window(this.parameters), g: window(this.gradients) };
  }

  /** Overwrites the state by the names in entries(). */
  writeState(tensors: ReadonlyMap<string, ForeignValue>): void {
    for (const [name, address] of this.entries()) {
      const value = tensors.get(name);
      if (value) this.backend.write(address, contentOf(value, "float32"));
    }
  }

  /** Overwrites the arena of the parameters, before they move into it. */
  writeParameters(values: readonly ForeignValue[]): void {
    for (const [i, value] of values.entries()) {
      const place = this.places[i];
      if (place) this.backend.write(this.parameters.address + place.offset, contentOf(value, "float32"));
    }
  }

  /** Moves the parameters and their gradients into the arenas, with what they hold where they are on this device. Nothing here can fail. */
  adopt(): void {
    const { backend, parameters, gradients } = this;
    parameters.holders = this.places.length;
    // The optimizer holds the gradients too: disposing of one leaves the others.
    gradients.holders = this.places.length + 1;
    for (const { param, offset } of this.places) {
      const gradient = new InternalTensor(gradients, param.shape, "float32", undefined, offset / 4);
      const { grad, storage: before } = param;
      gradient.isBlank = grad?.backend !== backend || grad.isBlank;
      if (grad && !gradient.isBlank) copyWords(backend, grad.address, gradient.address, param.size);
      grad?.dispose();
      if (param.backend === backend) copyWords(backend, param.address, parameters.address + offset, param.size);
      param.storage = parameters;
      param.offset = offset / 4;
      param.grad = gradient;
      if (--before.holders === 0) release(before);
    }
  }

  /** Frees all but the parameters, which belong to the tensors. */
  dispose(): void {
    for (const { param } of this.places) if (param.grad?.storage === this.gradients) param.grad = undefined;
    for (const storage of [this.ledger, this.gradients, ...this.#state.values()]) release(storage);
  }

  /** As dispose(), of an arena that no parameter has moved into. */
  discard(): void {
    this.dispose();
    release(this.parameters);
  }

  #storage(name: string): TensorStorage {
    const storage = this.#state.get(name);
    if (!storage) throw new Error(`no state ${name}`);
    return storage;
  }
}

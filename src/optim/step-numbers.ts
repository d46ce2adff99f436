import type { Backend } from "../backend/backend.js";
import { binaryOps, reduceOps, unaryOps } from "../backend/kernels.js";
import { allocate, release, type TensorStorage } from "../tensor/storage.js";

/** Steps whose numbers can be read; one slot more, because a step that fails has written one. */
export const RING = 256;
const SLOTS = RING + 1;
/** A slot: the loss; the gradient's norm; 0, or NaN when a step before it failed or an index in its data was out of range. */
const WORDS = 3;
const LINE = 16;

/** The record of a step. A bad step has changed nothing. */
export interface StepNumber {
  readonly loss: number;
  readonly norm: number;
  readonly good: boolean;
}

/** The losses and gradient norms of the last steps, in a ring on the device. Steps count from 0. */
export class StepNumbers {
  readonly #backend: Backend;
  readonly #storage: TensorStorage;

  constructor(backend: Backend) {
    this.#backend = backend;
    this.#storage = allocate(backend, (LINE + SLOTS * WORDS) * 4, "optimizer", null);
    this.clear();
  }

  clear(): void {
    this.#backend.dispatch("fill", { y: this.#storage, n: LINE + SLOTS * WORDS, value: 0 });
  }

  lossAddress(step: number): number {
    return this.#slot(step);
  }

  normAddress(step: number): number {
    return this.#slot(step) + 4;
  }

  /**
   * Where the norm lies by which the update decides whether to change anything. Where reading must wait that is another than the true
   * one: NaN from the first step whose loss, gradient or data were bad, so that all is left as that step found it until a read tells.
   */
  guard(step: number): number {
    const { readSync, poison } = this.#backend;
    const norm = this.normAddress(step);
    if (readSync) return norm;
    const run = this.#backend.dispatch.bind(this.#backend);
    const [guard, carry, slot] = [this.#storage.address, this.#storage.address + 4, this.#slot(step)];
    this.#add(carry, poison ?? carry, slot + 8);
    run("reduce", { x: slot, y: guard, op: reduceOps.indexOf("sum"), outer: 1, n: WORDS, inner: 1 });
    run("unary", { x: guard, y: carry, op: unaryOps.indexOf("affine"), n: 1, a: 0, b: 0 });
    this.#add(norm, carry, guard);
    return guard;
  }

  /** Puts what was there `before` back into n words if the step of the last guard() is to change nothing. */
  restoreIfBad(before: number, y: number, n: number): void {
    const strides = { cs0: 0, cs1: 0, cs2: 0, cs3: 0, as0: 0, as1: 0, as2: 0, as3: 1, bs0: 0, bs1: 0, bs2: 0, bs3: 1 };
    this.#backend.dispatch("where", { condition: this.#storage.address + 4, a: before, b: y, y, d0: 1, d1: 1, d2: 1, d3: n, ...strides });
  }

  async read(step: number): Promise<StepNumber> {
    return numberOf(await this.#backend.read(this.#slot(step), WORDS, "float32"));
  }

  /** At once, where the device can. */
  readSync(step: number): StepNumber {
    return numberOf(this.#backend.readSync!(this.#slot(step), WORDS, "float32"));
  }

  /** The first step before `end` that failed and was not reported. */
  async firstBad(end: number): Promise<(StepNumber & { step: number }) | undefined> {
    const first = Math.max(0, end - RING);
    for (let step = first; step < end; step++) {
      const number = await this.read(step);
      if (!number.good) return { ...number, step };
    }
    return undefined;
  }

  dispose(): void {
    release(this.#storage);
  }

  #slot(step: number): number {
    return this.#storage.address + (LINE + (step % SLOTS) * WORDS) * 4;
  }

  #add(a: number, b: number, y: number): void {
    const ones = { d0: 1, d1: 1, d2: 1, d3: 1, as0: 1, as1: 1, as2: 1, as3: 1, bs0: 1, bs1: 1, bs2: 1, bs3: 1 };
    this.#backend.dispatch("binary", { a, b, y, op: binaryOps.indexOf("add"), ...ones });
  }
}

function numberOf(words: ArrayLike<number>): StepNumber {
  const [loss, norm, failed] = words as unknown as readonly [number, number, number];
  return { loss, norm, good: [loss, norm, failed].every(Number.isFinite) };
}

/** The advice about a refused step, counted from 1, by the value in it that was not finite. A loss that is undefined was not computed by the step. */
export function adviceOn(step: number, loss: number | undefined, norm: number): string {
  if (loss !== undefined && !Number.isFinite(loss)) {
    if (step > 1)
      return "If the loss grew before, lower lr or clip the gradient (clipNorm); else look for NaN or infinite values in the data.";
    return "Nothing was learned yet: look for NaN or infinite values in the data, and for a logarithm of 0, a division by 0 or a mean over nothing in the loss.";
  }
  if (Number.isFinite(norm)) return "Look for the index in the data, or make the table larger.";
  const cause = Number.isNaN(norm)
    ? "a square root, a logarithm or a quotient at 0 has no finite gradient"
    : "a number is too large for float32";
  return `Look at what is computed on the way to the loss: ${cause}. If the loss grew before, lower lr or limit the gradient (clipValue).`;
}

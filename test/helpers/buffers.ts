import type { TensorData } from "../../src/backend/backend.js";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";

/** An odd number of words, so that buffers lie on no more than the 4-byte boundary that kernels may count on. */
const GUARD = 5;
const guard = Int32Array.from({ length: GUARD }, (_, i) => 0x5afe0000 + i);

/** Buffers of a backend with guard words on both sides: whatever a kernel writes beside them shows. */
export class GuardedBuffers {
  readonly #buffers = new Map<number, { readonly base: number; readonly length: number; readonly dtype: "float32" | "int32" }>();

  constructor(readonly backend: WasmBackend) {}

  /** The address of a copy of `data`. */
  place(data: TensorData): number {
    const base = this.backend.alloc((data.length + 2 * GUARD) * 4);
    const address = base + GUARD * 4;
    this.backend.write(base, guard);
    this.backend.write(address, data);
    this.backend.write(address + data.length * 4, guard);
    this.#buffers.set(address, { base, length: data.length, dtype: data instanceof Int32Array ? "int32" : "float32" });
    return address;
  }

  /** What a buffer holds, after a look at all guards. */
  read(address: number): TensorData {
    for (const [start, { base, length }] of this.#buffers) {
      for (const at of [base, start + length * 4]) {
        const words = this.backend.readSync(at, GUARD, "int32");
        if (words.some((word, i) => word !== guard[i])) throw new Error(`a kernel wrote beside a buffer of ${length} elements`);
      }
    }
    const { length, dtype } = this.#buffers.get(address)!;
    return this.backend.readSync(address, length, dtype);
  }

  free(): void {
    for (const { base } of this.#buffers.values()) this.backend.free(base);
    this.#buffers.clear();
  }
}

/** Lengths around those at which kernels change their stride. */
export const lengths = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 100, 1000];

/** Uniform numbers on [low, high), the same for the same seed. */
export function uniform(count: number, low: number, high: number, seed = 1): Float32Array {
  let state = Math.imul(seed, 0x9e3779b9) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return low + (high - low) * (state / 2 ** 32);
  });
}

/** erf x in float64: its power series, or its continued fraction where that is slow. */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (!(a >= 3)) {
    let sum = x;
    for (let term = x, n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 60; k > 0; k--) fraction = k / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / ((a + fraction) * Math.sqrt(Math.PI)));
}

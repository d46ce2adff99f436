import { expect } from "vitest";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import type { Numbers } from "./recurrent-reference.js";

const GUARD = 16;
const SENTINEL = -7654321.5;

/** Float32 buffers on a backend with sentinels before and after each, which `read` checks. */
export class GuardedBuffers {
  readonly #blocks = new Map<number, { block: number; count: number }>();

  constructor(readonly backend: WasmBackend) {}

  /** A buffer full of the sentinel. */
  output(count: number): number {
    return this.write(new Float32Array(count).fill(SENTINEL));
  }

  write(values: Numbers): number {
    const guarded = new Float32Array(values.length + 2 * GUARD).fill(SENTINEL);
    guarded.set(values, GUARD);
    const block = this.backend.alloc(guarded.byteLength);
    this.backend.write(block, guarded);
    const address = block + 4 * GUARD;
    this.#blocks.set(address, { block, count: values.length });
    return address;
  }

  writeInt32(values: Numbers): number {
    const block = this.backend.alloc(4 * values.length);
    this.backend.write(block, Int32Array.from(values));
    this.#blocks.set(block, { block, count: 0 });
    return block;
  }

  /** Writes those properties of an object that hold numbers (as int32 the one named `lengths`). */
  writeAll<T extends object>(source: T): { [K in keyof T]?: number } {
    const arrays = Object.entries(source).filter(([, values]) => typeof values === "object");
    return Object.fromEntries(arrays.map(([key, values]) => [key, key === "lengths" ? this.writeInt32(values) : this.write(values)])) as {
      [K in keyof T]?: number;
    };
  }

  read(address: number): Float32Array {
    const { block, count } = this.#blocks.get(address)!;
    const values = this.backend.readSync(block, count + 2 * GUARD, "float32") as Float32Array;
    const guards = [...values.subarray(0, GUARD), ...values.subarray(GUARD + count)];
    expect(guards.every((value) => value === SENTINEL)).toBe(true);
    return values.slice(GUARD, GUARD + count);
  }

  free(): void {
    for (const { block } of this.#blocks.values()) this.backend.free(block);
    this.#blocks.clear();
  }
}

/** Asserts |actual - expected| <= tolerance max(1, largest |expected|) everywhere, which no NaN passes. */
export function expectClose(actual: Numbers, expected: Numbers, what: string, tolerance = 1e-5): void {
  expect(actual.length, what).toBe(expected.length);
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    const error = Math.abs(actual[i]! - expected[i]!);
    if (!(error <= worst)) worst = error;
  }
  expect(worst, `${what}: largest error`).toBeLessThanOrEqual(tolerance * scale);
}

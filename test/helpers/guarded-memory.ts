import { expect } from "vitest";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";

const GUARD = 0x5ca1ab1e;
const WORDS = 5; // odd, so that the data are aligned to 4 bytes and no more

/** Buffers for one kernel call, each between guard words and at an address that is a multiple of 4 only. */
export class GuardedMemory {
  #blocks: { address: number; length: number }[] = [];

  constructor(readonly backend: WasmBackend) {}

  /** The address of a copy of `data`. */
  put(data: Float32Array | Int32Array): number {
    const address = this.backend.alloc((data.length + 2 * WORDS) * 4);
    const guards = new Int32Array(WORDS).fill(GUARD);
    this.backend.write(address, guards);
    this.backend.write(address + 4 * WORDS, data);
    this.backend.write(address + 4 * (WORDS + data.length), guards);
    this.#blocks.push({ address, length: data.length });
    return address + 4 * WORDS;
  }

  /** The address of n floats that a kernel is to overwrite. */
  out(n: number): number {
    return this.put(new Float32Array(n).fill(NaN));
  }

  floats(address: number, n: number): Float32Array {
    return this.backend.readSync(address, n, "float32") as Float32Array;
  }

  ints(address: number, n: number): Int32Array {
    return this.backend.readSync(address, n, "int32") as Int32Array;
  }

  /** Expects every guard word untouched, and frees all. */
  close(): void {
    for (const { address, length } of this.#blocks) {
      const words = this.backend.readSync(address, length + 2 * WORDS, "int32");
      const guards = [...words.slice(0, WORDS), ...words.slice(WORDS + length)];
      expect(guards, "guard words").toEqual(new Array(2 * WORDS).fill(GUARD));
      this.backend.free(address);
    }
    this.#blocks = [];
  }
}

/** Runs a test body over fresh guarded memory. */
export function guarded(backend: WasmBackend, body: (memory: GuardedMemory) => void): void {
  const memory = new GuardedMemory(backend);
  body(memory);
  memory.close();
}

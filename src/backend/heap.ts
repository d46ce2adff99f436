import { SeqgradError } from "../util/errors.js";
import { formatBytes } from "../util/format.js";
import { nth } from "../util/nth.js";
import type { MemoryUse } from "./backend.js";

/** Addresses and sizes are multiples of a cache line, which also serves every vector load. */
export const ALIGNMENT = 64;

const SMALL = 32 * 1024;
const SLAB = 64 * 1024;

/** Bytes as whole cache lines, one at least. */
export const align = (bytes: number) => Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);

/** Small sizes round up to one of four steps an octave, so that freed blocks fit later requests. */
function sizeClass(bytes: number): number {
  const octave = 2 ** Math.floor(Math.log2(bytes - 1));
  return align(Math.ceil(bytes / (octave / 4)) * (octave / 4));
}

interface Block {
  address: number;
  bytes: number;
}

/**
 * A host-side allocator over one linear memory that grows and never shrinks. Blocks up to 32 KiB come from free lists by size class;
 * larger ones are best fit in a free list sorted by address, whose neighbors merge.
 */
export class Heap {
  readonly #free: Block[] = [];
  readonly #small = new Map<number, number[]>();
  readonly #live = new Map<number, number>();
  #top: number;
  /** The block of scratch(). */
  #scratch = { address: 0, bytes: 0 };
  /** Why nothing can be had any more. */
  #destroyed: string | undefined;
  #inUse = 0;
  #peak = 0;

  /** `reserve(end)` makes the memory reach to address `end`; false when the system refuses. */
  constructor(
    base: number,
    private readonly limit: number,
    private readonly reserve: (end: number) => boolean,
    /** The name of what sets the limit. */
    private readonly limitName = "",
  ) {
    this.#top = base;
  }

  alloc(bytes: number): number {
    this.check();
    const small = bytes <= SMALL;
    const size = small ? sizeClass(align(bytes)) : align(bytes);
    const address = small ? this.#takeSmall(size) : this.#take(size);
    this.#live.set(address, size);
    this.#inUse += size;
    this.#peak = Math.max(this.#peak, this.#inUse);
    return address;
  }

  /** Memory for the call at hand. Calls run one after another, so one block that only grows serves all of them. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) {
      if (this.#scratch.bytes > 0) this.free(this.#scratch.address);
      this.#scratch = { address: 0, bytes: 0 };
      this.#scratch = { address: this.alloc(bytes), bytes };
    }
    return this.#scratch.address;
  }

  free(address: number): void {
    if (this.#destroyed) return;
    const size = this.#live.get(address);
    if (size === undefined)
      throw new SeqgradError("state", `free: no allocation starts at address ${address}; it was freed before, or never made.`);
    this.#live.delete(address);
    this.#inUse -= size;
    if (size <= SMALL) this.#listOf(size).push(address);
    else this.#give(address, size);
  }

  /** Forgets all blocks; there are none from here on. */
  destroy(device: string): void {
    this.#destroyed = `${device}: the device was destroyed; make another by init().`;
    this.#free.length = this.#top = this.#inUse = 0;
    this.#small.clear();
    this.#live.clear();
    this.#scratch = { address: 0, bytes: 0 };
  }

  /** Throws once the device is destroyed. */
  check(): void {
    if (this.#destroyed) throw new SeqgradError("device", this.#destroyed);
  }

  use(): MemoryUse {
    return { inUse: this.#inUse, peak: this.#peak, reserved: this.#top, limit: this.limit };
  }

  /** The free blocks of a size. */
  #listOf(size: number): number[] {
    let list = this.#small.get(size);
    if (!list) {
      list = [];
      this.#small.set(size, list);
    }
    return list;
  }

  #takeSmall(size: number): number {
    const list = this.#listOf(size);
    const free = list.pop();
    if (free !== undefined) return free;
    const slab = this.#take(SLAB);
    for (let at = slab + SLAB - (SLAB % size) - size; at > slab; at -= size) list.push(at);
    return slab;
  }

  #take(size: number): number {
    let best: Block | undefined;
    for (const block of this.#free) if (block.bytes >= size && (!best || block.bytes < best.bytes)) best = block;
    if (best) {
      const { address } = best;
      best.address += size;
      best.bytes -= size;
      if (best.bytes === 0) this.#free.splice(this.#free.indexOf(best), 1);
      return address;
    }
    const address = this.#top;
    if (address + size > this.limit || !this.reserve(address + size)) {
      throw new SeqgradError(
        "memory",
        `out of memory: asked for ${formatBytes(size)} with ${formatBytes(this.#inUse)} in use of at most ${formatBytes(this.limit)}${this.limitName && ` (${this.limitName})`}. ` +
          "Use a smaller batch, shorter sequences or a smaller model, wrap steps in scope(), or dispose() of tensors no longer needed.",
      );
    }
    this.#top += size;
    return address;
  }

  #give(address: number, bytes: number): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (nth(this.#free, middle).address < address) low = middle + 1;
      else high = middle;
    }
    const block = { address, bytes };
    const next = this.#free[low];
    if (next && address + bytes === next.address) {
      block.bytes += next.bytes;
      this.#free.splice(low, 1);
    }
    const previous = this.#free[low - 1];
    if (previous && previous.address + previous.bytes === address) previous.bytes += block.bytes;
    else this.#free.splice(low, 0, block);
  }
}

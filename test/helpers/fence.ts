import { expect } from "vitest";
import type { Device } from "../../src/tensor/device.js";
import { wasmDevice } from "./devices.js";
import { readNow } from "./kernel.js";

const WORDS = 1 << 12;
const WORD = 0x5ca1ab1e;
const fence = new Int32Array(WORDS).fill(WORD);

export interface Fenced {
  readonly device: Device;
  /** Expects the fences around all allocations so far untouched. */
  check(): void;
}

/** A device on WebAssembly whose every allocation lies between fences of 16 KiB, which nothing may write to. */
export async function fencedDevice(): Promise<Fenced> {
  const device = await wasmDevice("simd");
  const { backend } = device;
  const [alloc, free] = [backend.alloc.bind(backend), backend.free.bind(backend)];
  const lengths = new Map<number, number>();
  const check = (address: number) => {
    for (const at of [address - 4 * WORDS, address + lengths.get(address)!])
      expect(readNow(backend, at, WORDS, "int32").findIndex((word) => word !== WORD)).toBe(-1);
  };
  backend.alloc = (bytes) => {
    const length = Math.ceil(bytes / 16) * 16;
    const block = alloc(length + 8 * WORDS);
    const address = block + 4 * WORDS;
    lengths.set(address, length);
    backend.write(block, fence);
    backend.write(address + length, fence);
    return address;
  };
  backend.free = (address) => {
    check(address);
    lengths.delete(address);
    free(address - 4 * WORDS);
  };
  return { device, check: () => [...lengths.keys()].forEach(check) };
}

import { expect } from "vitest";
import type { KernelCall, KernelName } from "../../src/backend/kernels.js";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import { GuardedBuffers } from "./guarded.js";
import type { Numbers } from "./recurrent-reference.js";

export interface Run {
  /** Buffers by name; undefined: absent. */
  readonly reads: Readonly<Record<string, Numbers | undefined>>;
  /** What the outputs hold before the call, or how many floats they are (then NaN, so that what is left out shows). */
  readonly writes: Readonly<Record<string, Numbers | number>>;
  readonly dims: Readonly<Record<string, number>>;
  /** The ranges begin..end, one call each. */
  readonly ranges: readonly (readonly [begin: number, end: number])[];
}

/** Runs a kernel on guarded copies of host arrays: what each call returned, and the outputs by name. */
export function runKernel(backend: WasmBackend, kernel: KernelName, { reads, writes, dims, ranges }: Run) {
  const buffers = new GuardedBuffers(backend);
  const inputs = buffers.writeAll(Object.fromEntries(Object.entries(reads).filter(([, data]) => data)));
  const outputs = Object.entries(writes).map(([name, start]) => {
    return [name, buffers.write(typeof start === "number" ? new Float32Array(start).fill(Number.NaN) : start)] as const;
  });
  const call = { ...inputs, ...Object.fromEntries(outputs), ...dims };
  const results = ranges.map(([begin, end]) => backend.dispatch(kernel, { ...call, begin, end } as unknown as KernelCall<KernelName>));
  const values: Record<string, Float32Array> = Object.fromEntries(outputs.map(([name, address]) => [name, buffers.read(address)]));
  buffers.free();
  return { results, values };
}

/** Expects the same outputs, bit by bit. */
export function expectSameBits(actual: Readonly<Record<string, Float32Array>>, expected: Readonly<Record<string, Float32Array>>): void {
  for (const [name, values] of Object.entries(expected)) {
    const other = new Int32Array(actual[name]!.buffer);
    const difference = new Int32Array(values.buffer).findIndex((word, i) => word !== other[i]);
    expect(difference, `${name}: first element that differs`).toBe(-1);
  }
}

import type { KernelCall, KernelName } from "../../src/backend/kernels.js";
import type { WasmBackend } from "../../src/backend/wasm/wasm-backend.js";
import type { Numbers } from "./rnn-reference.js";

const GUARD = 16;

export interface Run {
  /** Buffers by name; undefined: absent. Int32Array stays int32, all else becomes float32. */
  readonly reads: Readonly<Record<string, Numbers | undefined>>;
  /** What the outputs hold before the call, or how many floats they are (then NaN, so that what is left out shows). */
  readonly writes: Readonly<Record<string, Numbers | number | undefined>>;
  readonly dims: Readonly<Record<string, number>>;
  /** The ranges begin..end, one call each. */
  readonly ranges: readonly (readonly [number, number])[];
}

/** Runs a kernel on copies of host arrays and returns its outputs; throws where a word before or after an output has changed. */
export function runKernel(backend: WasmBackend, kernel: KernelName, { reads, writes, dims, ranges }: Run) {
  const addresses: Record<string, number> = {};
  const outputs: { name: string; base: number; length: number }[] = [];
  for (const [name, data] of Object.entries(reads)) {
    if (data === undefined) continue;
    addresses[name] = backend.alloc(Math.max(4, data.length * 4));
    backend.write(addresses[name], data instanceof Int32Array ? data : Float32Array.from(data));
  }
  for (const [name, start] of Object.entries(writes)) {
    if (start === undefined) continue;
    const data = typeof start === "number" ? new Float32Array(start).fill(Number.NaN) : Float32Array.from(start);
    const base = backend.alloc((data.length + 2 * GUARD) * 4);
    backend.write(base, guard);
    backend.write(base + GUARD * 4, data);
    backend.write(base + (GUARD + data.length) * 4, guard);
    addresses[name] = base + GUARD * 4;
    outputs.push({ name, base, length: data.length });
  }
  const results = ranges.map(([begin, end]) =>
    backend.dispatch(kernel, { ...addresses, ...dims, begin, end } as unknown as KernelCall<typeof kernel>),
  );
  const values: Record<string, Float32Array> = {};
  for (const { name, base, length } of outputs) {
    const all = backend.readSync(base, length + 2 * GUARD, "float32") as Float32Array;
    const intact = (at: number) => all.slice(at, at + GUARD).every((v, i) => v === guard[i]);
    if (!intact(0)) throw new Error(`${kernel} wrote before ${name}`);
    if (!intact(GUARD + length)) throw new Error(`${kernel} wrote past ${name}`);
    values[name] = all.slice(GUARD, GUARD + length);
    backend.free(base);
  }
  for (const name of Object.keys(reads)) if (addresses[name] !== undefined) backend.free(addresses[name]);
  return { results, values };
}

const guard = Float32Array.from({ length: GUARD }, (_, i) => 12345 + i);

/** Largest |actual - expected| over max(1, largest |expected|); Infinity where a value is NaN or missing. */
export function error(actual: Numbers, expected: Numbers): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1;
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    worst = Math.max(worst, difference);
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return worst / scale;
}

/** Uniform numbers on [-scale, scale), the same for the same seed (an xorshift generator), rounded to float32. */
export function randomNumbers(seed: number) {
  let state = (seed * 2654435761) | 1;
  return (n: number, scale = 1) =>
    Float32Array.from({ length: n }, () => {
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      return (state / 2 ** 31) * scale;
    });
}

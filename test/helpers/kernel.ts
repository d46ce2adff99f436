import { expect } from "vitest";
import type { Backend, DType, TensorData } from "../../src/backend/backend.js";
import type { KernelCall, KernelName, KernelRow } from "../../src/backend/kernels.js";
import { kernels } from "../../src/backend/kernels.js";

/** Bits of a NaN too, so that what is read beyond a buffer shows, also where it is multiplied by 0. */
const GUARD = 0x7fa1ab1e;

/** A copy of elements, at once. */
export function readNow(backend: Backend, address: number, n: number, dtype: DType): TensorData {
  if (backend.async) throw new Error(`${backend.type} cannot answer at once`);
  return backend.readSync(address, n, dtype);
}

/** Bits of a NaN, and a length far too long. They fill what lies before the heap of WebAssembly: a buffer that is absent is at address 0. */
const ABSENT = new Int32Array(16).fill(0x7fedcafe);

/** Buffers of a backend, each between guard words. An odd count of these puts data at addresses that are multiples of 4 only. */
export class GuardedMemory {
  #blocks: { block: number; length: number }[] = [];

  constructor(
    readonly backend: Backend,
    readonly words = 5,
  ) {}

  /** The address of a copy of `data`. */
  put(data: Float32Array | Int32Array): number {
    if (this.backend.type === "wasm") this.backend.write(0, ABSENT);
    const block = this.backend.alloc((data.length + 2 * this.words) * 4);
    const guards = new Int32Array(this.words).fill(GUARD);
    this.backend.write(block, guards);
    this.backend.write(block + 4 * this.words, data);
    this.backend.write(block + 4 * (this.words + data.length), guards);
    this.#blocks.push({ block, length: data.length });
    return block + 4 * this.words;
  }

  /** The address of n floats that a kernel is to overwrite. */
  out(n: number): number {
    return this.put(new Float32Array(n).fill(NaN));
  }

  floats(address: number, n: number): Float32Array {
    return readNow(this.backend, address, n, "float32") as Float32Array;
  }

  ints(address: number, n: number): Int32Array {
    return readNow(this.backend, address, n, "int32") as Int32Array;
  }

  /** Expects every guard word untouched, and frees all. */
  close(): void {
    for (const at of this.#guards()) this.#expectUntouched(readNow(this.backend, at, this.words, "int32"));
    if (this.backend.type === "wasm" && this.#blocks.length > 0)
      expect(readNow(this.backend, 0, ABSENT.length, "int32"), "what is absent").toEqual(ABSENT);
    this.#free();
  }

  /** close() on a backend where reading must wait. */
  async closeLater(): Promise<void> {
    for (const at of this.#guards()) this.#expectUntouched(await this.backend.read(at, this.words, "int32"));
    this.#free();
  }

  #guards(): number[] {
    return this.#blocks.flatMap(({ block, length }) => [block, block + 4 * (this.words + length)]);
  }

  #expectUntouched(words: TensorData): void {
    if (!words.every((word) => word === GUARD)) expect.fail(`guard words are ${words}`);
  }

  #free(): void {
    for (const { block } of this.#blocks) this.backend.free(block);
    this.#blocks = [];
  }
}

/** Runs a test body over fresh guarded memory. */
export function guarded(backend: Backend, body: (memory: GuardedMemory) => void): void {
  const memory = new GuardedMemory(backend);
  body(memory);
  memory.close();
}

type Range = readonly [begin: number, end: number];

/** A call with data in place of addresses: writes with what they hold before. One array given twice is one buffer. */
export type DataCall<K extends KernelName> = {
  readonly [name in keyof Omit<KernelCall<K>, keyof Span>]: number | ArrayLike<number> | undefined;
} & Span;
type Span = { readonly begin?: number; readonly end?: number };

/** A call put together from parts whose names the compiler cannot follow. */
export const assembled = (call: Readonly<Record<string, number | ArrayLike<number> | undefined>>): never => call as never;

/** Data of writes, all NaN, so that what a kernel leaves out shows. */
export function blank<S extends Readonly<Record<string, number>>>(sizes: S): { [name in keyof S]: Float32Array } {
  const entries = Object.entries(sizes).map(([name, n]) => [name, new Float32Array(n).fill(Number.NaN)]);
  return Object.fromEntries(entries);
}

/**
 * Runs a kernel between guards, one call for each of `ranges` where they are given, and gives what its writes hold then. Each call must
 * return `result`: -1, or the position of an index out of range.
 */
export async function runKernel<K extends KernelName>(
  on: Backend,
  kernel: K,
  call: DataCall<K>,
  { ranges, result = -1 }: { readonly ranges?: readonly Range[]; readonly result?: number } = {},
): Promise<Record<string, Float32Array | Int32Array>> {
  const row: KernelRow = kernels[kernel];
  const given = call as Readonly<Record<string, number | ArrayLike<number> | undefined>>;
  const memory = new GuardedMemory(on, 16);
  const addresses = new Map<ArrayLike<number>, number>();
  const args: Record<string, number> = {};
  for (const [name, value] of Object.entries(given)) {
    if (typeof value === "number") args[name] = value;
    else if (value !== undefined) {
      const data = value instanceof Int32Array || value instanceof Float32Array ? value : Float32Array.from(value);
      if (!addresses.has(value)) addresses.set(value, memory.put(data));
      args[name] = addresses.get(value)!;
    }
  }
  const spans = ranges?.map(([begin, end]) => ({ begin, end })) ?? [{}];
  for (const span of spans) expect(on.dispatch(kernel, { ...args, ...span } as KernelCall<K>), `${kernel} returns`).toBe(result);
  const results: Record<string, Float32Array | Int32Array> = {};
  for (const name of row.writes) {
    const before = given[name];
    if (typeof before !== "object") continue;
    const dtype = before instanceof Int32Array ? "int32" : "float32";
    results[name] = (await on.read(args[name]!, before.length, dtype)) as Float32Array | Int32Array;
  }
  await memory.closeLater();
  return results;
}

type Outputs = Readonly<Record<string, Float32Array | Int32Array>>;

/** Expects the same outputs, bit by bit. */
export function expectSameBits(actual: Outputs, expected: Outputs): void {
  for (const [name, values] of Object.entries(expected)) {
    const other = bitsOf(actual[name]!);
    const difference = bitsOf(values).findIndex((word, i) => word !== other[i]);
    expect(difference, `${name}: first element that differs`).toBe(-1);
  }
}

const bitsOf = ({ buffer, byteOffset, length }: Float32Array | Int32Array) => new Int32Array(buffer, byteOffset, length);

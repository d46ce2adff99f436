import { SeqgradError } from "../../util/errors.js";
import type { DType, ImmediateBackend, MemoryUse, TensorData } from "../backend.js";
import { Heap } from "../heap.js";
import { addressOf, type KernelName, type KernelRow, kernels, type NamedCall } from "../kernels.js";
import { primitives } from "./primitives.js";
import { random } from "./random.js";
import { special } from "./special.js";

type Run = (m: Float64Array, c: Readonly<Record<string, number | undefined>>) => number | undefined;

const table = { ...primitives, ...special, ...random } as Partial<Record<KernelName, Run>>;

const buffersOf = new Map<string, ReadonlySet<string>>(
  Object.entries<KernelRow>(kernels).map(([name, row]) => [name, new Set([...row.reads, ...row.writes])]),
);

/**
 * The oracle: primitives in plain TypeScript and float64, so slow and so exact that finite differences can be trusted. Fused kernels
 * are absent here; their operations run through their compositions.
 */
export class ReferenceBackend implements ImmediateBackend {
  readonly type = "reference";
  readonly info = "reference, float64 in TypeScript, slow";
  readonly #heap: Heap;
  #m = new Float64Array(1 << 16);

  constructor(memoryLimit = 2 ** 31) {
    this.#heap = new Heap(64, memoryLimit, (end) => this.#reserve(end));
  }

  alloc(bytes: number): number {
    return this.#heap.alloc(bytes);
  }

  free(address: number): void {
    this.#heap.free(address);
  }

  write(address: number, data: TensorData | readonly number[]): void {
    this.#heap.check();
    this.#m.set(data, address / 4);
  }

  async read(address: number, count: number, dtype: DType): Promise<TensorData> {
    return this.readSync(address, count, dtype);
  }

  readSync(address: number, count: number, dtype: DType): TensorData {
    this.#heap.check();
    const data = this.#m.slice(address / 4, address / 4 + count);
    return dtype === "int32" ? Int32Array.from(data) : data;
  }

  has(kernel: KernelName): boolean {
    return table[kernel] !== undefined;
  }

  dispatch(kernel: KernelName, call: NamedCall): number {
    const run = table[kernel];
    if (!run) throw new SeqgradError("device", `reference: ${kernel} is fused; its operation runs through primitives here.`);
    this.#heap.check();
    const args: Record<string, number> = {};
    for (const [name, value] of Object.entries(call))
      if (value !== undefined) args[name] = addressOf(value) / (buffersOf.get(kernel)?.has(name) ? 4 : 1);
    return run(this.#m, args) ?? -1;
  }

  memory(): MemoryUse {
    return this.#heap.use();
  }

  destroy(): void {
    this.#heap.destroy("reference");
    this.#m = new Float64Array();
  }

  #reserve(end: number): boolean {
    if (end / 4 <= this.#m.length) return true;
    try {
      const larger = new Float64Array(Math.max(end / 4, this.#m.length * 2));
      larger.set(this.#m);
      this.#m = larger;
      return true;
    } catch {
      return false;
    }
  }
}

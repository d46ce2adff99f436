import type { KernelBuffer, KernelCall, KernelName } from "./kernels.js";

export type DType = "float32" | "int32";

/** The form in which a tensor's elements are returned: Float32Array or Int32Array; the `reference` backend computes in Float64Array and returns it. */
export type TensorData = Float32Array | Int32Array | Float64Array;

/**
 * `simd` is the baseline, bit-reproducible on every machine; `relaxed` uses fused multiply-add; `wide` is `relaxed` for a runtime that fuses
 * pairs of 128-bit operations, and has its bits.
 */
export type WasmVariant = "simd" | "relaxed" | "wide";

export interface MemoryUse {
  /** Bytes handed out and not freed. */
  readonly inUse: number;
  /** The largest `inUse` so far. */
  readonly peak: number;
  /** Bytes taken from the system. */
  readonly reserved: number;
  /** Bytes that `reserved` may not exceed. */
  readonly limit: number;
}

/**
 * A place where tensors live and kernels run. Memory is addressed in bytes, 4 to an element, aligned to 64; an address inside an
 * allocation is as good as its start. Calls run in the order in which they were made.
 */
export type Backend = ImmediateBackend | DeferredBackend;

/** Calls run at once. */
export interface ImmediateBackend extends Operations {
  readonly async?: undefined;
  /** A copy of the elements, at once. */
  readSync(address: number, count: number, dtype: DType): TensorData;
}

/** Calls run later: reading must wait. */
export interface DeferredBackend extends Operations {
  readonly async: Deferred;
}

/** The facts of a device whose calls run later. */
export interface Deferred {
  /** The address of a float32 that is 0, or NaN after an index out of range that no read has reported. */
  readonly poison: number;
  /** Settles, with the reason, when the device is gone for good. */
  readonly lost: Promise<string>;
  /** Hands what was called so far to the device now. */
  submit(): void;
}

interface Operations {
  readonly type: "wasm" | "reference" | "webgpu";
  /** The form of the kernels, in WebAssembly. */
  readonly variant?: WasmVariant;
  /** One line for a user: the variant, the adapter. */
  readonly info: string;
  /** Threads that share its long calls, in WebAssembly. */
  readonly threads?: number;
  alloc(bytes: number): number;
  free(address: number): void;
  write(address: number, data: TensorData | readonly number[]): void;
  read(address: number, count: number, dtype: DType): Promise<TensorData>;
  /** True if a kernel is there; a fused operation whose kernel is not runs through its composition. */
  has(kernel: KernelName): boolean;
  /**
   * Runs a kernel. Returns the position of the first index out of range where the row `checks` one, else -1. Where calls run later, the
   * next read throws instead, and until then `async.poison` holds NaN.
   */
  dispatch<K extends KernelName>(kernel: K, call: KernelCall<K, KernelBuffer>): number;
  memory(): MemoryUse;
  /** Gives everything back; every later call but free() throws `device`. */
  destroy(): void;
}

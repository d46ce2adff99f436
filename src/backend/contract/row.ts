/**
 * The kernel contract, as data: a row a kernel. The WebAssembly call (addresses of `reads`, of `writes`, of the
 * workspace if there is one, then `dims`, then `scalars`, in that order) and every other backend's binding are derived
 * from the row. Kernel key, AssemblyScript export and WGSL entry point are one name.
 *
 * Buffers are contiguous and row-major unless dims give strides (in elements). A buffer in `optional` may be absent
 * (address 0). A buffer in `accumulates` is added to; every other write overwrites. A write may alias a read only where
 * the kernel's header allows it. Letters: B batch, T time, I input, H hidden, P projected hidden, G gate rows,
 * S source time, A attention.
 */
export interface KernelRow {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly optional?: readonly string[];
  readonly accumulates?: readonly string[];
  /** Int32 arguments: sizes, strides, flags, and the range `begin`, `end` of the rows that this call computes. */
  readonly dims: readonly string[];
  /** Float32 arguments. */
  readonly scalars: readonly string[];
  /** The arguments that decide how much scratch memory a call needs. The module computes the bytes: `gemmWorkspace` does it for `gemm`. */
  readonly workspace?: readonly string[];
  /** The read that holds int32 indices: the kernel writes nothing and returns the position of the first that is out of range, or -1. */
  readonly checks?: string;
  /** On WebAssembly alone; elsewhere the operation runs through its composition. */
  readonly wasmOnly?: true;
}

export const range = ["begin", "end"] as const;

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
  /** Bytes of scratch memory that the kernel needs; an optional buffer is given if it is neither absent nor 0. */
  workspace?(dims: object): number;
  /** The read that holds int32 indices: the kernel writes nothing and returns the position of the first that is out of range, or -1. */
  readonly checks?: string;
  /** On WebAssembly alone; elsewhere the operation runs through its composition. */
  readonly wasmOnly?: true;
}

/** n rounded up to a multiple of `unit`. */
export const ceil = (n: number, unit: number) => Math.ceil(n / unit) * unit;

/** Bytes of a packed [k, n] matrix: panels of 8 columns, and a line to align them. */
export const packed = (k: number, n: number) => k * ceil(n, 8) * 4 + 64;

export const range = ["begin", "end"] as const;

/** A row but for its workspace. */
type Parts = Omit<KernelRow, "workspace">;

/** The dims of a row by name, and the addresses of the optional buffers that a call gives. */
type Dims<R extends Parts> = { readonly [name in R["dims"][number]]: number } & {
  readonly [name in R extends { optional: readonly (infer O extends string)[] } ? O : never]?: number;
};

/** A row and the bytes of scratch memory that its kernel needs, by the dims of the row. */
/* @__NO_SIDE_EFFECTS__ */
export const row = <const R extends Parts>(parts: R, workspace: (dims: Dims<R>) => number): R & Pick<KernelRow, "workspace"> => ({
  ...parts,
  workspace,
});

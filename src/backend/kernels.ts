import { attentionRows } from "./contract/attention.js";
import { elementwiseRows } from "./contract/elementwise.js";
import { gemmRows } from "./contract/gemm.js";
import { indexingRows } from "./contract/indexing.js";
import { normRows } from "./contract/norm.js";
import { optimRows } from "./contract/optim.js";
import { randomRows } from "./contract/random.js";
import { recurrentRows } from "./contract/recurrent.js";
import { reduceRows } from "./contract/reduce.js";
import type { KernelRow } from "./contract/row.js";
import { softmaxRows } from "./contract/softmax.js";
import { structuredRows } from "./contract/structured.js";
import { wordsRows } from "./contract/words.js";

export type { KernelRow } from "./contract/row.js";
export * from "./op-codes.js";

/** The kernel contract: every row, by the name of its kernel. */
export const kernels = {
  ...elementwiseRows,
  ...reduceRows,
  ...gemmRows,
  ...indexingRows,
  ...softmaxRows,
  ...attentionRows,
  ...normRows,
  ...randomRows,
  ...recurrentRows,
  ...structuredRows,
  ...wordsRows,
  ...optimRows,
} as const satisfies Record<string, KernelRow>;

export type KernelName = keyof typeof kernels;
/** Those that run on every device. */
export type CommonKernelName = { [K in KernelName]: (typeof kernels)[K] extends { wasmOnly: true } ? never : K }[KernelName];

type Required_<R extends KernelRow> = Exclude<R["reads"][number] | R["writes"][number], Optional_<R>>;
type Optional_<R extends KernelRow> = R extends { optional: readonly (infer O extends string)[] } ? O : never;

/** A buffer in a call: its address, or its content. */
export type KernelBuffer = number | { readonly address: number };

export const addressOf = (buffer: KernelBuffer): number => (typeof buffer === "number" ? buffer : buffer.address);

/** The arguments of any kernel, as a backend reads them. */
export type NamedCall = Readonly<Record<string, KernelBuffer | undefined>>;

/** The arguments of a kernel by name; `B` is what stands for a buffer. */
export type KernelCall<K extends KernelName, B = number> = { readonly [name in Required_<(typeof kernels)[K]>]: B } & {
  readonly [name in Optional_<(typeof kernels)[K]>]?: B | undefined;
} & { readonly [name in (typeof kernels)[K]["dims"][number] | (typeof kernels)[K]["scalars"][number]]: number };

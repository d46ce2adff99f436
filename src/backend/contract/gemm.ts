import { type KernelRow, range } from "./row.js";

/** Products of matrices. */
export const gemmRows = {
  // y = activation(alpha op(a) op(b) + beta y + bias): for each of `batch`, op(a) [m, k], op(b) [k, n], y [m, n];
  // lda, ldb, ldy are strides of rows as stored; a batch stride of 0 repeats. begin, end: of the batch * m rows of y.
  gemm: {
    reads: ["a", "b", "bias"],
    writes: ["y"],
    optional: ["bias"],
    dims: ["batch", "m", "n", "k", "transA", "transB", "lda", "ldb", "ldy", "strideA", "strideB", "strideY", "activation", ...range],
    scalars: ["alpha", "beta"],
    workspace: ["batch", "m", "n", "k", "transA", "transB"],
  },
} as const satisfies Record<string, KernelRow>;

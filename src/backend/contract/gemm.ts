import { ceil, type KernelRow, range, row } from "./row.js";

/** Products of matrices. */
export const gemmRows = {
  // y = activation(alpha op(a) op(b) + beta y + bias): for each of `batch`, op(a) [m, k], op(b) [k, n], y [m, n];
  // lda, ldb, ldy are strides of rows as stored; a batch stride of 0 repeats. begin, end: of the batch * m rows of y.
  gemm: row(
    {
      reads: ["a", "b", "bias"],
      writes: ["y"],
      optional: ["bias"],
      dims: ["batch", "m", "n", "k", "transA", "transB", "lda", "ldb", "ldy", "strideA", "strideB", "strideY", "activation", ...range],
      scalars: ["alpha", "beta"],
    },
    (d) => {
      const blocks = Math.min(d.k, 256) * (ceil(Math.min(d.n, 512), 8) + (d.transA ? Math.min(d.m, 96) : 0));
      const fewRows = d.transB ? (d.k + 96) * Math.min(ceil(d.batch * d.m, 8), 64) : 0;
      return Math.max(blocks, fewRows) * 4;
    },
  ),
} as const satisfies Record<string, KernelRow>;

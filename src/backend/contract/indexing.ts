import type { KernelRow } from "./row.js";

/** Rows and elements by their indices. */
export const indexingRows = {
  // x [outer, n, inner], index [m] -> y [outer, m, inner]: y[o, j, :] = x[o, index[j], :]
  gatherRows: { reads: ["x", "index"], writes: ["y"], dims: ["outer", "n", "inner", "m"], scalars: [], checks: "index" },
  // dx[o, index[j], :] += dy[o, j, :]; skip: an index whose rows are left out (an embedding's padding), or -1
  scatterAddRows: {
    reads: ["dy", "index"],
    writes: ["dx"],
    accumulates: ["dx"],
    dims: ["outer", "n", "inner", "m", "skip"],
    scalars: [],
    checks: "index",
  },
  // x [outer, n, inner], index [outer, m, inner] -> y like index: y[o, j, i] = x[o, index[o, j, i], i]
  gather: { reads: ["x", "index"], writes: ["y"], dims: ["outer", "n", "inner", "m"], scalars: [], checks: "index" },
  // dx[o, index[o, j, i], i] += dy[o, j, i]
  scatterAdd: {
    reads: ["dy", "index"],
    writes: ["dx"],
    accumulates: ["dx"],
    dims: ["outer", "n", "inner", "m"],
    scalars: [],
    checks: "index",
  },
} as const satisfies Record<string, KernelRow>;

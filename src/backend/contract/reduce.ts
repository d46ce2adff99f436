import type { KernelRow } from "./row.js";

/** Reductions and sorting. */
export const reduceRows = {
  // x [rows, n], int32 with integer 1 -> index int32 [rows, n], which orders each row from small to large, or with descending 1 the reverse:
  // equal elements keep their order, NaN counts as largest
  argsort: {
    reads: ["x"],
    writes: ["index"],
    dims: ["rows", "n", "integer", "descending"],
    scalars: [],
    workspace: ["n"],
  },

  // x [outer, n, inner] -> y [outer, inner], to which addSum adds; the Int32 forms read and write int32, and their sum wraps around
  reduce: { reads: ["x"], writes: ["y"], dims: ["op", "outer", "n", "inner"], scalars: [] },
  // x [outer, n, inner] -> y int32 [outer, inner], the first index of the largest (NaN counts as largest)
  argmax: { reads: ["x"], writes: ["y"], dims: ["outer", "n", "inner"], scalars: [] },
  // y [1] = sqrt(sum x^2)
  norm: { reads: ["x"], writes: ["y"], dims: ["n"], scalars: [] },
} as const satisfies Record<string, KernelRow>;

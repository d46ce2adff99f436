import type { KernelRow } from "./row.js";

const shape4 = ["d0", "d1", "d2", "d3"] as const;
const strides4 = <P extends string>(p: P) => [`${p}0`, `${p}1`, `${p}2`, `${p}3`] as const;

/** Elementwise kernels, and copies. */
export const elementwiseRows = {
  // y[i] = value
  fill: { reads: [], writes: ["y"], dims: ["n"], scalars: ["value"] },
  // y[i0, i1, i2, i3] = x[i0, i1, i2, i3], 4-byte elements of either type; strides may be 0 (x) or negative
  copyStrided: { reads: ["x"], writes: ["y"], dims: [...shape4, ...strides4("xs"), ...strides4("ys")], scalars: [] },

  // y = f(x); y may alias x
  unary: { reads: ["x"], writes: ["y"], dims: ["op", "n"], scalars: ["a", "b"] },
  // dx = dy f'(x), where y = f(x); dx may alias dy
  unaryBackward: { reads: ["x", "y", "dy"], writes: ["dx"], dims: ["op", "n"], scalars: ["a", "b"] },
  // y = f(a, b), y contiguous [d0, d1, d2, d3]; y may alias an operand of the same layout
  binary: { reads: ["a", "b"], writes: ["y"], dims: ["op", ...shape4, ...strides4("as"), ...strides4("bs")], scalars: [] },
  // y = condition != 0 ? a : b
  where: {
    reads: ["condition", "a", "b"],
    writes: ["y"],
    dims: [...shape4, ...strides4("cs"), ...strides4("as"), ...strides4("bs")],
    scalars: [],
  },

  // y = f(x), and dx = dy f'(x), as unary and unaryBackward, of `specialOps`
  special: { reads: ["x"], writes: ["y"], dims: ["op", "n"], scalars: [] },
  specialBackward: { reads: ["x", "y", "dy"], writes: ["dx"], dims: ["op", "n"], scalars: [] },
  // y = a - b floor(a / b), exact; integer 1: of int32, where a number modulo 0 is 0
  remainder: { reads: ["a", "b"], writes: ["y"], dims: ["integer", "n"], scalars: [] },
} as const satisfies Record<string, KernelRow>;

import type { Tensor } from "../tensor/tensor.js";
import type { Shape } from "../util/shape.js";
import { addSamples, defineOp } from "./define-op.js";
import { type Span, spanOf } from "./gather.js";

/** The dimension that vanishes, and the result's shape. */
interface Searched extends Span {
  readonly shape: Shape;
}

const argmaxOp = defineOp({
  name: "argmax",
  inputs: ["x"],
  shape: (_inputs, { shape }: Searched) => ({ y: shape }),
  dtypes: () => ({ y: "int32" }),
  forward: (run, { x }, { y }, { outer, n, inner }) => run("argmax", { x, y, outer, n, inner }),
});
addSamples(argmaxOp, () => [
  { inputs: { x: [1, 9, 1] }, attrs: { outer: 1, n: 9, inner: 1, shape: [] } },
  { inputs: { x: [3, 65, 1] }, attrs: { outer: 3, n: 65, inner: 1, shape: [3] } },
  { inputs: { x: [2, 5, 6] }, attrs: { outer: 2, n: 5, inner: 6, shape: [2, 6] } },
]);

/** The index of the first of the largest elements of each row along `axis`, by default of all, float32, as a tensor of `shape`. */
export function firstLargestOf(x: Tensor, shape: Shape, axis?: number): Tensor {
  if (axis === undefined) return argmaxOp({ x }, { outer: 1, n: x.size, inner: 1, shape }).y;
  return argmaxOp({ x }, { ...spanOf(x, axis), shape }).y;
}

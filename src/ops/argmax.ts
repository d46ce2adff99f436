import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { refuseExtra } from "../util/options.js";
import { normalizeAxis, type Shape, sizeOf } from "../util/shape.js";
import { defineOp } from "./define-op.js";

/** x read as [outer, n, inner], of which n vanishes; the result's shape. */
interface Span {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  readonly shape: Shape;
}

const argmaxOp = defineOp({
  name: "argmax",
  inputs: ["x"],
  shape({ x }, { n, shape }: Span) {
    if (n === 0) throw new SeqgradError("shape", "argmax: there is no largest of 0 elements.");
    if (x.dtype !== "float32") throw new SeqgradError("dtype", `argmax: x is ${x.dtype}; expected float32. Cast with toFloat().`);
    return { y: shape };
  },
  dtypes: () => ({ y: "int32" }),
  forward: (run, { x }, { y }, { outer, n, inner }) => run("argmax", { x, y, outer, n, inner }),
  samples: [
    { inputs: { x: [1, 9, 1] }, attrs: { outer: 1, n: 9, inner: 1, shape: [] } },
    { inputs: { x: [3, 65, 1] }, attrs: { outer: 3, n: 65, inner: 1, shape: [3] } },
    { inputs: { x: [2, 5, 6] }, attrs: { outer: 2, n: 5, inner: 6, shape: [2, 6] } },
  ],
});

/**
 * The index of the largest element, int32: along `axis`, or among all in row-major order. The first of equals; NaN counts as largest.
 * @throws SeqgradError `range` for an axis that is not there, `shape` for an empty one
 * @example
 * sg.argmax(sg.fromArray([[0.1, 0.9], [0.8, 0.2]]), -1); // = [1, 0]
 */
export function argmax(x: Tensor, axis?: number, ...extra: never[]): Tensor {
  checkTensor("argmax", x, "x");
  refuseExtra("argmax", extra, "the dimension vanishes; unsqueeze(y, axis) puts it back");
  if (axis === undefined) return argmaxOp({ x }, { outer: 1, n: x.size, inner: 1, shape: [] }).y;
  const at = normalizeAxis("argmax", axis, x.rank);
  const span = { outer: sizeOf(x.shape.slice(0, at)), n: x.shape[at]!, inner: sizeOf(x.shape.slice(at + 1)) };
  return argmaxOp({ x }, { ...span, shape: x.shape.toSpliced(at, 1) }).y;
}

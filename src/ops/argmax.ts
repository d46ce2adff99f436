import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { normalizeAxis, sizeOf } from "../util/shape.js";
import { defineOp } from "./define-op.js";
import { reshape } from "./views.js";

const argmaxOp = defineOp<{ readonly outer: number; readonly n: number; readonly inner: number }>({
  name: "argmax",
  dtypes: ["int32"],
  shape([x], { outer, n, inner }) {
    if (n === 0) throw new SeqgradError("shape", "argmax: there is no largest of 0 elements.");
    if (x!.dtype !== "float32") throw new SeqgradError("dtype", `argmax: x is ${x!.dtype}; wants float32. Cast with toFloat().`);
    return [[outer, inner]];
  },
  forward: (run, [x], [y], span) => run("argmax", { x: x!, y: y!, ...span }),
  samples: [
    { inputs: [[1, 9, 1]], attrs: { outer: 1, n: 9, inner: 1 } },
    { inputs: [[3, 65, 1]], attrs: { outer: 3, n: 65, inner: 1 } },
    { inputs: [[2, 5, 6]], attrs: { outer: 2, n: 5, inner: 6 } },
  ],
});

/** Where the largest element stands, int32: along `axis`, or among all in row-major order. The first of equals; NaN counts as largest. */
export function argmax(x: Tensor, axis?: number): Tensor {
  if (axis === undefined) return reshape(argmaxOp([x], { outer: 1, n: x.size, inner: 1 })[0]!, []);
  const at = normalizeAxis("argmax", axis, x.rank);
  const span = { outer: sizeOf(x.shape.slice(0, at)), n: x.shape[at]!, inner: sizeOf(x.shape.slice(at + 1)) };
  return reshape(argmaxOp([x], span)[0]!, x.shape.toSpliced(at, 1));
}

import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { rowsOf } from "../util/shape.js";
import { mul } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { silu, toFloat } from "./unary.js";
import { split } from "./views.js";

const sizesOf = (x: Tensor) => {
  const { rows, cols } = rowsOf(x.shape);
  return { rows, cols: cols / 2 };
};

const swigluOp = defineOp({
  name: "swiglu",
  inputs: ["x"],
  kernels: ["swigluForward", "swigluBackward"],
  shape({ x }) {
    const width = x.shape.at(-1) ?? 0;
    if (width % 2 !== 0 || width === 0) {
      throw new SeqgradError("shape", `swiglu: x ${formatShape(x.shape)} has an odd last dimension; expected 2 F, F gates, then F values.`);
    }
    return { y: [...x.shape.slice(0, -1), width / 2] };
  },
  compose({ x }) {
    const { cols } = sizesOf(x);
    const [a, b] = split(x, [cols, cols], { axis: -1 });
    return { y: mul(silu(a), b) };
  },
  forward: (run, { x }, { y }) => run("swigluForward", { x, y, ...sizesOf(x) }),
  backward({ run, inputs: { x }, dOutputs: { y: dy }, gradientLike }) {
    const dx = gradientLike("x");
    run("swigluBackward", { x, dy, dx, ...sizesOf(x) });
    return { x: dx };
  },
});
addSamples(swigluOp, () => [{ inputs: { x: [2] } }, { inputs: { x: [3, 5, 14] } }, { inputs: { x: [64, 256] } }]);

/**
 * The gated linear unit SwiGLU: silu(a) b, where x holds a, then b, side by side as one linear layer of 2 F outputs makes them.
 *
 * @param x `[..., 2 F]`, float32 or int32
 * @returns `[..., F]`, float32
 * @throws SeqgradError `shape` for an odd last dimension
 * @see Shazeer 2020, "GLU Variants Improve Transformer"
 * @example
 * sg.swiglu(sg.tensor([0, 100, 5, 2])); // = [0, 200]
 */
export const swiglu = (x: Tensor): Tensor => swigluOp({ x: toFloat(x) }).y;

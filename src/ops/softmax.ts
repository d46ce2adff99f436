import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { rowsOf } from "../util/shape.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { div, sub } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { max } from "./extremum.js";
import { sum } from "./reduce.js";
import { exp, log, toFloat } from "./unary.js";
import { transpose } from "./views.js";

const samples = [
  [1, 1],
  [3, 17],
  [2, 5, 8],
  [64, 512],
].map((x) => ({ inputs: { x } }));
/** x less its largest of the row, which changes no result and keeps exp finite. */
const centered = (x: Tensor) => (x.size === 0 ? x : sub(x, max(x, { axis: -1, keepDims: true })));

const softmaxOp = defineOp({
  name: "softmax",
  inputs: ["x"],
  kernels: ["softmaxForward", "softmaxBackward"],
  shape: ({ x }) => ({ y: x.shape }),
  compose({ x }) {
    const e = exp(centered(x));
    return { y: div(e, sum(e, { axis: -1, keepDims: true })) };
  },
  forward: (run, { x }, { y }) => run("softmaxForward", { x, y, ...rowsOf(x.shape) }),
  backward({ run, outputs: { y }, dOutputs: { y: dy }, gradientLike }) {
    const dx = gradientLike("x");
    run("softmaxBackward", { y, dy, dx, ...rowsOf(y.shape) });
    return { x: dx };
  },
});
addSamples(softmaxOp, () => samples);

const logSoftmaxOp = defineOp({
  name: "logSoftmax",
  inputs: ["x"],
  kernels: ["logSoftmaxForward", "logSoftmaxBackward"],
  shape: ({ x }) => ({ y: x.shape }),
  compose({ x }) {
    const c = centered(x);
    return { y: sub(c, log(sum(exp(c), { axis: -1, keepDims: true }))) };
  },
  forward: (run, { x }, { y }) => run("logSoftmaxForward", { x, y, ...rowsOf(x.shape) }),
  backward({ run, outputs: { y }, dOutputs: { y: dy }, gradientLike }) {
    const dx = gradientLike("x");
    run("logSoftmaxBackward", { y, dy, dx, ...rowsOf(y.shape) });
    return { x: dx };
  },
});
addSamples(logSoftmaxOp, () => samples);

/** Applies an operation of the last dimension to any. */
function along(name: string, op: typeof softmaxOp, x: Tensor, options: AxisOptions): Tensor {
  const at = axisOf(name, options, checkTensor(name, x, "x").rank, -1);
  return at === x.rank - 1 ? op({ x: toFloat(x) }).y : transpose(op({ x: toFloat(transpose(x, at, -1)) }).y, at, -1);
}
/**
 * Makes probabilities of scores: positive, and adding up to 1. A row of nothing but -Infinity gives NaN.
 *
 * y = e^x / sum e^x along `axis`
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension; default the last
 * @returns the shape of x, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.softmax(sg.tensor([0, Math.log(3)])); // = [0.25, 0.75]
 */
export const softmax = (x: Tensor, options: AxisOptions = {}): Tensor => along("softmax", softmaxOp, x, options);
/**
 * Returns the logarithm of the softmax, stable for large scores.
 *
 * y = x - ln sum e^x along `axis`
 *
 * @param x of any shape, float32 or int32
 * @param options `axis`: the dimension; default the last
 * @returns the shape of x, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.logSoftmax(sg.tensor([0, 0])); // = [-0.6931, -0.6931]
 */
export const logSoftmax = (x: Tensor, options: AxisOptions = {}): Tensor => along("logSoftmax", logSoftmaxOp, x, options);

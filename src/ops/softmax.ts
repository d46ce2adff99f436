import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { normalizeAxis, sizeOf } from "../util/shape.js";
import { div, sub } from "./binary.js";
import { defineOp } from "./define-op.js";
import { max } from "./extremum.js";
import { sum } from "./reduce.js";
import { exp, log, toFloat } from "./unary.js";
import { transpose } from "./views.js";

const rowsOf = (x: Tensor) => ({ rows: sizeOf(x.shape.slice(0, -1)), cols: x.shape.at(-1)! });
const samples = [
  [1, 1],
  [3, 17],
  [2, 5, 8],
  [64, 512],
].map((shape) => ({ inputs: [shape], attrs: null }));
/** x less its largest of the row, which changes no result and keeps exp finite. */
const centered = (x: Tensor) => sub(x, max(x, { axis: -1, keepDims: true }));

const softmaxOp = defineOp<null>({
  name: "softmax",
  kernels: ["softmaxForward", "softmaxBackward"],
  shape: ([x]) => [x!.shape],
  compose([x]) {
    const e = exp(centered(x!));
    return [div(e, sum(e, { axis: -1, keepDims: true }))];
  },
  forward: (run, [x], [y]) => run("softmaxForward", { x: x!, y: y!, ...rowsOf(x!) }),
  backward({ run, outputs: [y], dOutputs: [dy], gradientLike }) {
    const dx = gradientLike(0)!;
    run("softmaxBackward", { y: y!, dy: dy!, dx, ...rowsOf(y!) });
    return [dx];
  },
  samples,
});

const logSoftmaxOp = defineOp<null>({
  name: "logSoftmax",
  kernels: ["logSoftmaxForward", "logSoftmaxBackward"],
  shape: ([x]) => [x!.shape],
  compose([x]) {
    const c = centered(x!);
    return [sub(c, log(sum(exp(c), { axis: -1, keepDims: true })))];
  },
  forward: (run, [x], [y]) => run("logSoftmaxForward", { x: x!, y: y!, ...rowsOf(x!) }),
  backward({ run, outputs: [y], dOutputs: [dy], gradientLike }) {
    const dx = gradientLike(0)!;
    run("logSoftmaxBackward", { y: y!, dy: dy!, dx, ...rowsOf(y!) });
    return [dx];
  },
  samples,
});

/** Applies an operation of the last dimension to any. */
function along(name: string, op: typeof softmaxOp, x: Tensor, axis: number): Tensor {
  const at = normalizeAxis(name, axis, checkTensor(name, x, "x").rank);
  return at === x.rank - 1 ? op([toFloat(x)], null)[0]! : transpose(op([toFloat(transpose(x, at, -1))], null)[0]!, at, -1);
}

/**
 * e^x / sum e^x along `axis`: positive, and adding up to 1. A row of nothing but -Infinity gives NaN.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.softmax(sg.tensor([0, Math.log(3)])); // = [0.25, 0.75]
 */
export const softmax = (x: Tensor, axis = -1): Tensor => along("softmax", softmaxOp, x, axis);
/**
 * x - log sum e^x along `axis`: the logarithm of the softmax.
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.logSoftmax(sg.tensor([0, 0])); // = [-0.6931, -0.6931]
 */
export const logSoftmax = (x: Tensor, axis = -1): Tensor => along("logSoftmax", logSoftmaxOp, x, axis);

import type { Tensor } from "../tensor/tensor.js";
import { rowsOf } from "../util/shape.js";
import { mul } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { checkVectors, normalizationInputs, scaled } from "./normalization.js";
import { mean } from "./reduce.js";
import { affine, reciprocal, sqrt, square } from "./unary.js";

interface Attrs {
  readonly eps: number;
}

const rmsNormOp = defineOp({
  name: "rmsNorm",
  inputs: ["x"],
  optional: ["gamma"],
  saves: ["rstd"],
  kernels: ["rmsNormForward", "rmsNormBackward"],
  shape({ x, gamma }) {
    checkVectors("rmsNorm", x, { gamma });
    return { y: x.shape, rstd: [rowsOf(x.shape).rows] };
  },
  compose({ x, gamma }, { eps }: Attrs) {
    const y = mul(x, reciprocal(sqrt(affine(mean(square(x), { axis: -1, keepDims: true }), 1, eps))));
    return { y: scaled(y, { gamma }) };
  },
  forward: (run, { x, gamma }, outputs, { eps }) => run("rmsNormForward", { x, gamma, ...outputs, ...rowsOf(x.shape), eps }),
  backward({ run, inputs: { x, gamma }, outputs: { rstd }, dOutputs: { y: dy }, accumulator, gradientLike }) {
    const dx = gradientLike("x");
    run("rmsNormBackward", { x, gamma, rstd, dy, dx, dGamma: accumulator("gamma"), ...rowsOf(x.shape) });
    return { x: dx };
  },
});
addSamples(rmsNormOp, () => [
  { inputs: { x: [1, 5], gamma: [5] }, attrs: { eps: 1e-6 } },
  { inputs: { x: [2, 3, 33] }, attrs: { eps: 1e-6 } },
  { inputs: { x: [64, 256], gamma: [256] }, attrs: { eps: 1e-3 } },
]);

/** The distance from 1 to the next float32, PyTorch's eps where none is given. */
export const FLOAT32_EPS = 2 ** -23;

/**
 * Normalizes each row to a root mean square of 1.
 *
 * y = x / sqrt(mean(x^2) + eps) * gamma
 *
 * @param x `[..., D]`, float32 or int32
 * @param gamma `[D]`, the gains; without them 1
 * @param eps added to the mean square; default 2^-23, as in PyTorch
 * @returns `[..., D]`
 * @throws SeqgradError `shape` unless gamma has D elements, `range` for an eps below 0
 * @see Zhang and Sennrich 2019, "Root Mean Square Layer Normalization"
 * @example
 * sg.rmsNorm(sg.tensor([3, 4], [1, 2]), undefined, 0); // = [[0.8485, 1.131]]
 */
export function rmsNorm(x: Tensor, gamma?: Tensor, eps = FLOAT32_EPS): Tensor {
  return rmsNormOp(normalizationInputs("rmsNorm", { x, gamma }, eps), { eps }).y;
}

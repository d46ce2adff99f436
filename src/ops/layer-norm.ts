import type { Tensor } from "../tensor/tensor.js";
import { rowsOf } from "../util/shape.js";
import { div, sub } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { checkVectors, normalizationInputs, scaled } from "./normalization.js";
import { mean } from "./reduce.js";
import { affine, sqrt, square } from "./unary.js";

interface Attrs {
  readonly eps: number;
}

const layerNormOp = defineOp({
  name: "layerNorm",
  inputs: ["x"],
  optional: ["gamma", "beta"],
  saves: ["mean", "rstd"],
  kernels: ["layerNormForward", "layerNormBackward"],
  shape({ x, gamma, beta }) {
    checkVectors("layerNorm", x, { gamma, beta });
    const { rows } = rowsOf(x.shape);
    return { y: x.shape, mean: [2, rows], rstd: [rows] };
  },
  compose({ x, gamma, beta }, { eps }: Attrs) {
    const c = sub(x, mean(x, { axis: -1, keepDims: true }));
    const y = div(c, sqrt(affine(mean(square(c), { axis: -1, keepDims: true }), 1, eps)));
    return { y: scaled(y, { gamma, beta }) };
  },
  forward(run, inputs, outputs, { eps }) {
    const { rows, cols } = rowsOf(inputs.x.shape);
    run("layerNormForward", { eps, ...inputs, ...outputs, rows, cols, begin: 0, end: rows });
  },
  backward({ run, inputs: { x, gamma }, outputs: { mean, rstd }, dOutputs: { y: dy }, accumulator, gradientLike }) {
    const dx = gradientLike("x");
    const into = { dGamma: accumulator("gamma"), dBeta: accumulator("beta") };
    run("layerNormBackward", { x, gamma, mean, rstd, dy, dx, ...into, ...rowsOf(x.shape) });
    return { x: dx };
  },
});
addSamples(layerNormOp, () => [
  { inputs: { x: [1, 5], gamma: [5], beta: [5] }, attrs: { eps: 1e-5 } },
  { inputs: { x: [2, 3, 33], gamma: [33], beta: [33] }, attrs: { eps: 1e-5 } },
  { inputs: { x: [64, 256] }, attrs: { eps: 1e-3 } },
]);

/**
 * Normalizes the last dimension to mean 0 and variance 1, then scales and shifts it.
 *
 * y = (x - mean) / sqrt(variance + eps) * gamma + beta, with the biased variance
 *
 * @param x `[..., D]`, float32 or int32
 * @param gamma `[D]`; default ones
 * @param beta `[D]`, with a gamma only; default zeros
 * @param eps added to the variance; default 1e-5
 * @returns `[..., D]`, float32
 * @throws SeqgradError `shape`, `range` for an eps below 0, `value` for a beta without gamma
 * @see Ba, Kiros and Hinton 2016, "Layer Normalization"
 * @example
 * sg.layerNorm(sg.tensor([1, 3])); // = [-1, 1]
 */
export function layerNorm(x: Tensor, gamma?: Tensor, beta?: Tensor, eps = 1e-5): Tensor {
  return layerNormOp(normalizationInputs("layerNorm", { x, gamma, beta }, eps), { eps }).y;
}

import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sizeOf } from "../util/shape.js";
import { mul } from "./binary.js";
import { checkTensors, defineOp } from "./define-op.js";
import { mean } from "./reduce.js";
import { affine, reciprocal, sqrt, square, toFloat } from "./unary.js";

interface Attrs {
  readonly eps: number;
}

const rmsNormOp = defineOp<Attrs>({
  name: "rmsNorm",
  kernels: ["rmsNormForward", "rmsNormBackward"],
  shape([x, gamma]) {
    const cols = x!.shape.at(-1);
    if (gamma && (gamma.rank !== 1 || gamma.size !== cols)) {
      throw new SeqgradError(
        "shape",
        `rmsNorm: gamma has shape ${formatShape(gamma.shape)}; expected [${cols}], as x is ${formatShape(x!.shape)}.`,
      );
    }
    return [x!.shape, [sizeOf(x!.shape.slice(0, -1))]];
  },
  compose([x, gamma], { eps }) {
    const y = mul(x!, reciprocal(sqrt(affine(mean(square(x!), { axis: -1, keepDims: true }), 1, eps))));
    return [gamma ? mul(y, gamma) : y];
  },
  forward(run, [x, gamma], [y, rstd], { eps }) {
    run("rmsNormForward", { x: x!, gamma, y: y!, rstd: rstd!, rows: rstd!.size, cols: x!.shape.at(-1)!, eps });
  },
  backward({ run, inputs: [x, gamma], outputs: [, rstd], dOutputs: [dy], needs, accumulator, gradientLike }) {
    const dx = gradientLike(0);
    const dGamma = gamma && needs(1) ? accumulator(1) : undefined;
    run("rmsNormBackward", { x: x!, gamma, rstd: rstd!, dy: dy!, dx, dGamma, rows: rstd!.size, cols: x!.shape.at(-1)! });
    return [dx];
  },
  samples: [
    { inputs: [[1, 5], [5]], attrs: { eps: 1e-6 } },
    { inputs: [[2, 3, 33]], attrs: { eps: 1e-6 } },
    { inputs: [[64, 256], [256]], attrs: { eps: 1e-3 } },
  ],
});

/** The distance from 1 to the next float32, PyTorch's eps where none is given. */
export const FLOAT32_EPS = 2 ** -23;

/**
 * Normalizes each row to a root mean square of 1.
 *
 * y = x / sqrt(mean(x^2) + eps) * gamma
 *
 * @param x `[..., D]`, float32
 * @param gamma `[D]`, the gains; without them 1
 * @param eps added to the mean square; default 2^-23, as in PyTorch
 * @returns `[..., D]`
 * @throws SeqgradError `shape` unless gamma has D elements, `range` for an eps below 0
 * @see Zhang and Sennrich 2019, "Root Mean Square Layer Normalization"
 * @example
 * sg.rmsNorm(sg.tensor([3, 4], [1, 2]), undefined, 0); // = [[0.8485, 1.131]]
 */
export function rmsNorm(x: Tensor, gamma?: Tensor, eps = FLOAT32_EPS): Tensor {
  const inputs = [x, gamma].filter((t, i) => i === 0 || t !== undefined) as Tensor[];
  checkTensors("rmsNorm", inputs, ["x", "gamma", "beta"]);
  if (x.rank === 0) throw new SeqgradError("shape", "rmsNorm: a scalar has no last dimension.");
  checkInterval("rmsNorm", "eps", eps, 0);
  return rmsNormOp(
    inputs.map((t) => toFloat(t)),
    { eps },
  )[0]!;
}

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
        `rmsNorm: gamma has shape ${formatShape(gamma.shape)}; x of ${formatShape(x!.shape)} wants [${cols}].`,
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
 * Root mean square normalization over the last dimension (Zhang and Sennrich 2019): x / sqrt(mean(x^2) + eps) * gamma.
 *
 * @param x `[..., D]`
 * @param gamma `[D]`, or none
 * @param eps default: the machine epsilon of float32, 2^-23, as in PyTorch
 * @throws SeqgradError `shape`; `range` for an eps below 0
 * @example
 * sg.rmsNorm(sg.tensor([1, 7]), undefined, 0); // = [0.2, 1.4]
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

import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sizeOf } from "../util/shape.js";
import { add, div, mul, sub } from "./binary.js";
import { checkTensors, defineOp } from "./define-op.js";
import { mean } from "./reduce.js";
import { affine, sqrt, square, toFloat } from "./unary.js";

interface Attrs {
  readonly eps: number;
}

const layerNormOp = defineOp<Attrs>({
  name: "layerNorm",
  kernels: ["layerNormForward", "layerNormBackward"],
  shape([x, gamma, beta]) {
    const cols = x!.shape.at(-1);
    for (const [name, p] of Object.entries({ gamma, beta })) {
      if (p && (p.rank !== 1 || p.size !== cols)) {
        throw new SeqgradError(
          "shape",
          `layerNorm: ${name} has shape ${formatShape(p.shape)}; expected [${cols}], as x is ${formatShape(x!.shape)}.`,
        );
      }
    }
    const rows = sizeOf(x!.shape.slice(0, -1));
    return [x!.shape, [2, rows], [rows]];
  },
  compose([x, gamma, beta], { eps }) {
    const c = sub(x!, mean(x!, { axis: -1, keepDims: true }));
    const y = div(c, sqrt(affine(mean(square(c), { axis: -1, keepDims: true }), 1, eps)));
    return [gamma ? (beta ? add(mul(y, gamma), beta) : mul(y, gamma)) : y];
  },
  forward(run, [x, gamma, beta], [y, mean, rstd], { eps }) {
    run("layerNormForward", { x: x!, gamma, beta, y: y!, mean: mean!, rstd: rstd!, rows: rstd!.size, cols: x!.shape.at(-1)!, eps });
  },
  backward({ run, inputs: [x, gamma, beta], outputs: [, mean, rstd], dOutputs: [dy], needs, accumulator, gradientLike }) {
    const dx = gradientLike(0);
    const dGamma = gamma && needs(1) ? accumulator(1) : undefined;
    const dBeta = beta && needs(2) ? accumulator(2) : undefined;
    run("layerNormBackward", {
      x: x!,
      gamma,
      mean: mean!,
      rstd: rstd!,
      dy: dy!,
      dx,
      dGamma,
      dBeta,
      rows: rstd!.size,
      cols: x!.shape.at(-1)!,
    });
    return [dx];
  },
  samples: [
    { inputs: [[1, 5], [5], [5]], attrs: { eps: 1e-5 } },
    { inputs: [[2, 3, 33], [33], [33]], attrs: { eps: 1e-5 } },
    { inputs: [[64, 256]], attrs: { eps: 1e-3 } },
  ],
});

/**
 * Layer normalization over the last dimension (Ba, Kiros and Hinton 2016): (x - mean) / sqrt(variance + eps) * gamma + beta, with the
 * biased variance.
 *
 * @param x `[..., D]`
 * @param gamma `[D]`, or none
 * @param beta `[D]`, or none; needs gamma
 * @throws SeqgradError `shape`
 * @example
 * sg.layerNorm(sg.tensor([1, 3])); // = [-1, 1]
 */
export function layerNorm(x: Tensor, gamma?: Tensor, beta?: Tensor, eps = 1e-5): Tensor {
  const inputs = [x, gamma, beta].filter((t, i) => i === 0 || t !== undefined) as Tensor[];
  checkTensors("layerNorm", inputs, ["x", "gamma", "beta"]);
  if (x.rank === 0) throw new SeqgradError("shape", "layerNorm: a scalar has no last dimension.");
  if (beta && !gamma) throw new SeqgradError("value", "layerNorm: beta needs gamma; give ones for it.");
  checkInterval("layerNorm", "eps", eps, 0);
  return layerNormOp(
    inputs.map((t) => toFloat(t)),
    { eps },
  )[0]!;
}

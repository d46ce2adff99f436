import { layerNorm } from "../ops/layer-norm.js";
import { FLOAT32_EPS, rmsNorm } from "../ops/rms-norm.js";
import { parameter } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, checkInterval } from "../util/check.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/**
 * Layer normalisation over the last dimension of size D, with weight (gamma) ones and bias (beta) zeros at first.
 * @throws SeqgradError `range` for a dimension below 1
 * @example
 * new sg.nn.LayerNorm(2).forward(sg.fromArray([[1, 3], [8, 2]])); // = [[-1, 1], [1, -1]]
 */
export class LayerNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
  readonly eps: number;

  constructor(dimension: number, options: { eps?: number; affine?: boolean; bias?: boolean } = {}) {
    super();
    checkInteger("LayerNorm", "dimension", dimension, 1);
    this.eps = checkInterval("LayerNorm", "eps", options.eps ?? 1e-5, 0);
    this.weight = options.affine === false ? undefined : parameter([dimension], init.ones);
    this.bias = options.affine === false || options.bias === false ? undefined : parameter([dimension], init.zeros);
  }

  /** `[..., D]` -> `[..., D]`. */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}

/**
 * Root mean square normalisation over the last dimension of size D (Zhang and Sennrich 2019), with weight (gamma) ones at first. Without
 * `eps` it is the machine epsilon of float32, 2^-23, as in PyTorch.
 * @throws SeqgradError `range` for a dimension below 1
 * @example
 * new sg.nn.RMSNorm(2, { eps: 0 }).forward(sg.fromArray([[1, 7]])); // = [[0.2, 1.4]]
 */
export class RMSNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly eps: number;

  constructor(dimension: number, options: { eps?: number; affine?: boolean } = {}) {
    super();
    checkInteger("RMSNorm", "dimension", dimension, 1);
    this.eps = checkInterval("RMSNorm", "eps", options.eps ?? FLOAT32_EPS, 0);
    this.weight = options.affine === false ? undefined : parameter([dimension], init.ones);
  }

  /** `[..., D]` -> `[..., D]`. */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}

import { batchNorm, type RunningStatistics } from "../ops/batch-norm.js";
import { layerNorm } from "../ops/layer-norm.js";
import { FLOAT32_EPS, rmsNorm } from "../ops/rms-norm.js";
import { buffer, parameter } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkInterval } from "../util/check.js";
import { checkOptions, namesOf } from "../util/options.js";
import * as init from "./init.js";
import { Module, ParameterTable } from "./module.js";

/**
 * Normalizes the last dimension to mean 0 and variance 1, then scales and shifts it.
 *
 * y = (x - mean) / sqrt(variance + eps) * weight + bias. The weight is 1 and the bias 0 at first.
 *
 * @param dimension D, the size of the last dimension
 * @param options `eps`: added to the variance, default 1e-5. `affine`: learn weight and bias, default true. `bias`: learn a bias,
 *   default true
 * @throws SeqgradError `range` for a dimension below 1 or a negative eps; forward(): `shape`
 * @see Ba, Kiros and Hinton 2016, "Layer Normalization"
 * @example
 * new sg.nn.LayerNorm(2).forward(sg.fromArray([[1, 3], [8, 2]])); // = [[-1, 1], [1, -1]]
 */
export class LayerNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
  readonly eps: number;

  constructor(dimension: number, options: { eps?: number; affine?: boolean; bias?: boolean } = {}) {
    super();
    checkOptions("LayerNorm", options, ["eps", "affine", "bias"]);
    for (const name of ["affine", "bias"] as const) checkBoolean("LayerNorm", name, options[name] ?? true);
    try {
      checkInteger("LayerNorm", "dimension", dimension, 1);
      this.eps = checkInterval("LayerNorm", "eps", options.eps ?? 1e-5, 0);
      this.weight = options.affine === false ? undefined : parameter([dimension], init.ones);
      this.bias = options.affine === false || options.bias === false ? undefined : parameter([dimension], init.zeros);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Normalizes each row.
   *
   * @param x `[..., D]`, float32 or int32
   * @returns `[..., D]`, float32
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor): Tensor {
    return layerNorm(x, this.weight, this.bias, this.eps);
  }
}

/**
 * Normalizes the last dimension to a root mean square of 1, then scales it.
 *
 * y = x / sqrt(mean(x^2) + eps) * weight. The weight is 1 at first.
 *
 * @param dimension D, the size of the last dimension
 * @param options `eps`: added to the mean square, default 2^-23, as in PyTorch. `affine`: learn a weight, default true
 * @throws SeqgradError `range` for a dimension below 1 or a negative eps; forward(): `shape`
 * @see Zhang and Sennrich 2019, "Root Mean Square Layer Normalization"
 * @example
 * new sg.nn.RMSNorm(2, { eps: 0 }).forward(sg.fromArray([[1, 7]])); // = [[0.2, 1.4]]
 */
export class RMSNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly eps: number;

  constructor(dimension: number, options: { eps?: number; affine?: boolean } = {}) {
    super();
    checkInteger("RMSNorm", "dimension", dimension, 1);
    checkOptions("RMSNorm", options, ["eps", "affine"]);
    this.eps = checkInterval("RMSNorm", "eps", options.eps ?? FLOAT32_EPS, 0);
    this.weight = checkBoolean("RMSNorm", "affine", options.affine ?? true) ? parameter([dimension], init.ones) : undefined;
  }

  /**
   * Normalizes each row.
   *
   * @param x `[..., D]`, float32 or int32
   * @returns `[..., D]`, float32
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor): Tensor {
    return rmsNorm(x, this.weight, this.eps);
  }
}

/** Options of BatchNorm. */
export interface BatchNormLayerOptions {
  /** Default 1e-5. */
  eps?: number;
  /** The part of the way that running statistics move toward the statistics of a batch. Default 0.1. */
  momentum?: number;
  /** True if there are weight and bias. Default true. */
  affine?: boolean;
  /** True if there is a bias with the weight. Default true. */
  bias?: boolean;
  /** True if there are running statistics; without them evaluation uses the statistics of its batch too. Default true. */
  trackRunningStats?: boolean;
}

const batchNormNames = namesOf<BatchNormLayerOptions>({ eps: 1, momentum: 1, affine: 1, bias: 1, trackRunningStats: 1 });

/**
 * Normalizes each of C features over all other dimensions to mean 0 and variance 1, then scales and shifts it.
 *
 * y = (x - mean) / sqrt(variance + eps) * weight + bias. Training uses the statistics of the batch, evaluation the running ones.
 *
 * The buffers running_mean, running_var and num_batches_tracked are PyTorch's. A forward pass of training updates them. If that pass is in
 * `optimizer.step(() => ...)` and the step is rejected, because a value is not finite or the function throws, they are restored; PyTorch
 * keeps the update.
 *
 * @param features C, the size of the last dimension
 * @param options see BatchNormLayerOptions
 * @throws SeqgradError `range` for a size below 1
 * @see Ioffe and Szegedy 2015, "Batch Normalization"
 * @example
 * const norm = new sg.nn.BatchNorm(2, { eps: 0 });
 * norm.forward(sg.fromArray([[1, 5], [3, 9]])); // = [[-1, -1], [1, 1]]
 */
export class BatchNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
  readonly eps: number;
  readonly momentum: number;
  /** The buffers, by PyTorch's names. */
  readonly statistics = new ParameterTable();
  readonly #running: RunningStatistics | undefined;

  constructor(features: number, options: BatchNormLayerOptions = {}) {
    super();
    checkOptions("BatchNorm", options, batchNormNames);
    for (const name of ["affine", "bias", "trackRunningStats"] as const) checkBoolean("BatchNorm", name, options[name] ?? true);
    try {
      checkInteger("BatchNorm", "features", features, 1);
      this.eps = checkInterval("BatchNorm", "eps", options.eps ?? 1e-5, 0);
      this.momentum = checkInterval("BatchNorm", "momentum", options.momentum ?? 0.1, 0, 1);
      if (options.affine !== false) {
        this.weight = parameter([features], init.ones);
        this.bias = options.bias === false ? undefined : parameter([features], init.zeros);
      }
      if (options.trackRunningStats === false) return;
      const mean = buffer([features], init.zeros);
      const variance = buffer([features], init.ones);
      const batches = buffer([], (y) => y.write([0]), { dtype: "int32" });
      this.#running = { mean, variance, batches };
      this.statistics.set("running_mean", mean).set("running_var", variance).set("num_batches_tracked", batches);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Normalizes each feature; while training, also moves the running statistics.
   *
   * @param x `[..., C]`, float32 or int32
   * @returns `[..., C]`, float32
   * @throws SeqgradError `shape`, also for a single row while training
   */
  forward(x: Tensor): Tensor {
    const { eps, momentum } = this;
    const training = this.training || !this.#running;
    return batchNorm(x, this.weight, this.bias, { training, running: this.#running, momentum, eps });
  }
}

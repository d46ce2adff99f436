import { Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { add, maximum, mul, sub } from "../ops/binary.js";
import { constant } from "../ops/define-op.js";
import { expand } from "../ops/expand.js";
import { mean } from "../ops/reduce.js";
import { affine } from "../ops/unary.js";
import { reshape, select, unsqueeze } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkConfig, namesOf } from "../util/options.js";
import {
  type CompleteConfig,
  completeEncoder,
  encoderConfig,
  encoderPart,
  SequenceEncoder,
  type SequenceEncoderConfig,
} from "./sequence-encoder.js";
import { checkBatch } from "./step.js";

export interface ForecasterConfig extends SequenceEncoderConfig {
  /** C, the number of series. */
  readonly channels: number;
  /** The number of steps that are predicted at once. */
  readonly horizon: number;
  /** The quantiles to predict, ascending; the middle one is the forecast, the outer ones the interval. Default 0.1, 0.5, 0.9. */
  readonly quantiles?: readonly number[];
}

/** Windows over series, as seriesWindows cuts them. */
export interface ForecastBatch {
  /** `[B, history, C]` */
  readonly past: Float32Array;
  /** `[B, horizon, C]` */
  readonly future: Float32Array;
  /** B, the number of windows. */
  readonly batch: number;
}

export const forecasterNames = namesOf<ForecasterConfig>({ ...encoderConfig, channels: 1, horizon: 1, quantiles: 1 });

/**
 * Predicts quantiles of the next steps of series.
 *
 * A sequence encoder reads the known steps; a linear layer makes all quantiles of all next steps, as differences from the last known
 * values.
 *
 * @param config see ForecasterConfig
 * @throws SeqgradError `value` for an unknown arch, `range` for a size below 1 or quantiles that do not ascend within 0 to 1
 * @example
 * const model = new sg.models.Forecaster({ channels: 1, horizon: 7, hidden: 16, bidirectional: false });
 * model.forward(sg.randn([2, 30, 1])).shape; // = [2, 7, 1, 3]
 */
export class Forecaster extends Module implements Trainable<ForecastBatch> {
  readonly encoder: SequenceEncoder;
  readonly linear: Linear;
  readonly config: CompleteConfig<ForecasterConfig>;

  constructor(config: ForecasterConfig) {
    super();
    checkConfig("Forecaster", config, forecasterNames);
    try {
      const { channels, horizon, quantiles = [0.1, 0.5, 0.9] } = config;
      checkInteger("Forecaster", "channels", channels, 1);
      checkInteger("Forecaster", "horizon", horizon, 1);
      if (
        !Array.isArray(quantiles) ||
        quantiles.length === 0 ||
        !quantiles.every((q, i) => typeof q === "number" && q > (quantiles[i - 1] ?? 0) && q < 1)
      )
        throw new SeqgradError(
          "range",
          `Forecaster: quantiles are ${[quantiles].flat().map(shown).join(", ")}; give at least one, ascending between 0 and 1.`,
        );
      this.config = { ...completeEncoder("Forecaster", config), channels, horizon, quantiles };
      this.encoder = new SequenceEncoder(channels, encoderPart(this.config));
      this.linear = new Linear(this.encoder.outputSize, horizon * channels * quantiles.length);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Predicts the quantiles.
   *
   * @param past `[B, history, C]`, float32
   * @returns `[B, horizon, C, Q]`, in the unit of the past
   * @throws SeqgradError `shape`
   */
  forward(past: Tensor): Tensor {
    if (checkTensor("Forecaster", past, "past").rank !== 3 || past.shape[2] !== this.config.channels) {
      const expected = `[B, history, ${this.config.channels}]`;
      throw new SeqgradError("shape", `Forecaster: past has shape ${formatShape(past.shape)}; expected ${expected}.`);
    }
    const [B = 0, T = 0] = past.shape;
    const { channels, horizon, quantiles } = this.config;
    const { last } = this.encoder.forward(past, new Array<number>(B).fill(T));
    const shape = [B, horizon, channels, quantiles.length];
    return add(reshape(this.linear.forward(last), shape), expand(reshape(select(past, -1, { axis: 1 }), [B, 1, channels, 1]), shape));
  }

  /**
   * Returns the mean pinball loss.
   *
   * loss = mean max(q e, (q - 1) e), for the error e of each quantile q
   *
   * @param batch windows over series, as `data.seriesWindows` cuts them
   * @returns `loss`, a scalar, in the unit of the series
   * @throws SeqgradError `shape`, `value` for a batch of another form
   * @see Koenker and Bassett 1978, "Regression Quantiles"
   */
  loss(batch: ForecastBatch): LossResult {
    const { past, future, batch: B } = checkBatch("Forecaster", batch, "past", "future");
    checkInteger("Forecaster", "batch", B, 1);
    const { channels, horizon, quantiles } = this.config;
    const forecast = this.forward(tensor(past, [B, past.length / (B * channels), channels]));
    const error = sub(unsqueeze(tensor(future, [B, horizon, channels]), { axis: 3 }), forecast);
    const q = constant(forecast, Float32Array.from(quantiles), [quantiles.length]);
    return { loss: mean(maximum(mul(error, q), mul(error, affine(q, 1, -1)))) };
  }
}

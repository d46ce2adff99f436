import { div, maximum, sub } from "../ops/binary.js";
import { affine, sqrt, square } from "../ops/unary.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ParametersOrGroups } from "./groups.js";
import { average, decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type Moment, type OptimizerOptions, type Rule, type Settings } from "./rule.js";

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the running mean and square of the gradient. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Divide by the largest running square so far (Reddi et al. 2018). Default false. */
  amsgrad?: boolean;
}

/** The options that an update of Adam reads. */
type AdamSettings = Settings<Omit<AdamOptions, "amsgrad">>;

const defaults = { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, amsgrad: false } as const;

/** The factors of a step: the learning rate and the root of v, both corrected for their bias, and what decoupled decay keeps of p. */
function factors({ lr, weightDecay, betas: [beta1, beta2] }: AdamSettings, step: number, isDecoupled: boolean) {
  const [rate, rootCorrection] = [lr / (1 - beta1 ** step), 1 / Math.sqrt(1 - beta2 ** step)];
  return { rate, rootCorrection, kept: isDecoupled ? 1 - lr * weightDecay : 1 };
}

/** Adam's rule; with decoupled weight decay AdamW's. */
export function adamRule(isDecoupled: boolean): Rule<Omit<AdamOptions, "amsgrad">, "m" | "v", never> {
  const { moments, moved } = adam(isDecoupled);
  return defineRule({
    state: ["m", "v"],
    update({ p, g, m, v }, settings: AdamSettings, moment) {
      const next = moments(p, g, m, v, settings);
      return { ...next, p: moved(p, next.m, next.v, settings, moment) };
    },
    kernel: "adam",
    fused({ run, at, state }, settings, { step }) {
      const { weightDecay, eps, betas } = settings;
      const decay = isDecoupled ? 0 : weightDecay;
      const rates = { ...factors(settings, step, isDecoupled), oneMinusBeta1: 1 - betas[0], beta2: betas[1], oneMinusBeta2: 1 - betas[1] };
      run("adam", { eps, weightDecay: decay, ...rates, ...state, ...at });
    },
  });
}

/** The rule with the largest v so far in place of v. */
function amsgradRule(isDecoupled: boolean) {
  const { moments, moved } = adam(isDecoupled);
  return defineRule({
    state: ["m", "v", "largest"],
    update({ p, g, m, v, largest }, settings: AdamSettings, moment) {
      const next = moments(p, g, m, v, settings);
      const most = maximum(largest, next.v);
      return { ...next, largest: most, p: moved(p, next.m, most, settings, moment) };
    },
  });
}

/** The formulas of Adam, in tensor operations. */
const adam = (isDecoupled: boolean) => ({
  moments(p: Tensor, g: Tensor, m: Tensor, v: Tensor, { weightDecay, betas: [beta1, beta2] }: AdamSettings) {
    const gradient = isDecoupled ? g : decayed(g, p, weightDecay);
    return { m: average(m, gradient, beta1), v: average(v, square(gradient), beta2) };
  },
  moved(p: Tensor, m: Tensor, v: Tensor, settings: AdamSettings, { step }: Moment<never>) {
    const { rate, rootCorrection, kept } = factors(settings, step, isDecoupled);
    return sub(affine(p, kept), div(affine(m, rate), affine(sqrt(v), rootCorrection, settings.eps)));
  },
});

abstract class AdamBase extends Optimizer<AdamOptions> {
  constructor(
    name: string,
    params: ParametersOrGroups<AdamOptions>,
    options: AdamOptions | undefined,
    weightDecay: number,
    isDecoupled: boolean,
  ) {
    super(params, options, {
      name,
      defaults: { ...defaults, weightDecay },
      rule: ({ amsgrad }) => (amsgrad ? amsgradRule : adamRule)(isDecoupled),
    });
  }
}

/**
 * Steps by the running mean of the gradient over the root of its running square.
 *
 * p -= lr m / (sqrt(v) + eps), with m and v the bias-corrected running mean and square of the gradient. Weight decay, if any, is added to
 * the gradient.
 *
 * @param params the parameters, or groups of them
 * @param options see AdamOptions; lr is 1e-3 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Kingma and Ba 2015, "Adam: A Method for Stochastic Optimization"
 * @example
 * const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-3, clipNorm: 1 });
 */
export class Adam extends AdamBase {
  constructor(params: ParametersOrGroups<AdamOptions>, options?: AdamOptions) {
    super("Adam", params, options, 0, false);
  }
}

/**
 * Adam with decoupled weight decay.
 *
 * p -= lr weightDecay p, then Adam's step
 *
 * @param params the parameters, or groups of them
 * @param options see AdamOptions; lr is 1e-3 and weightDecay 0.01 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Loshchilov and Hutter 2019, "Decoupled Weight Decay Regularization"
 * @example
 * const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 2e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });
 */
export class AdamW extends AdamBase {
  constructor(params: ParametersOrGroups<AdamOptions>, options?: AdamOptions) {
    super("AdamW", params, options, 0.01, true);
  }
}

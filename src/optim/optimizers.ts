import { checkBoolean, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { namesOf } from "../util/options.js";
import { Optimizer, type OptimizerOptions, type ParametersOrGroups, type Stretch, type StretchAddresses } from "./optimizer.js";

const every = { lr: 1, weightDecay: 1, clipNorm: 1, clipValue: 1 } as const;

export interface SGDOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  /** Default 0. */
  dampening?: number;
  /** Look ahead by the momentum (Nesterov 1983, as Sutskever et al. 2013); needs momentum and no dampening. Default false. */
  nesterov?: boolean;
}

const sgdNames = namesOf<SGDOptions>({ ...every, momentum: 1, dampening: 1, nesterov: 1 });

/**
 * Stochastic gradient descent: p -= lr g, with momentum b = momentum b + (1 - dampening) g in place of g.
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: ParametersOrGroups<SGDOptions>, options: SGDOptions = {}) {
    super("SGD", params, options, { lr: 1e-3, weightDecay: 0 }, sgdNames, ({ momentum = 0, dampening = 0, nesterov }) => {
      checkInterval("SGD", "momentum", momentum, 0);
      checkInterval("SGD", "dampening", dampening, 0);
      checkBoolean("SGD", "nesterov", nesterov ?? false);
      if (nesterov && (momentum === 0 || dampening > 0))
        throw new SeqgradError("value", "SGD: nesterov needs a momentum and no dampening.");
      return momentum > 0 ? ["momentum"] : [];
    });
  }

  protected update({ n, options, step }: Stretch<SGDOptions>, at: StretchAddresses, state: (name: string) => number): void {
    const { lr, weightDecay, momentum = 0, dampening = 0, nesterov } = options;
    const backend = this.params[0]!.backend;
    const buffer = momentum > 0 ? state("momentum") : undefined;
    backend.dispatch("sgd", {
      ...at,
      buffer,
      n,
      nesterov: Number(nesterov ?? false),
      first: Number(step === 1),
      lr,
      momentum,
      oneMinusDampening: 1 - dampening,
      weightDecay,
    });
  }
}

export interface AdamOptions extends OptimizerOptions {
  /** Decay of the running mean and square of the gradient. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
}

const adamNames = namesOf<AdamOptions>({ ...every, betas: 1, eps: 1 });

abstract class AdamBase extends Optimizer<AdamOptions> {
  constructor(
    op: string,
    params: ParametersOrGroups<AdamOptions>,
    options: AdamOptions,
    weightDecay: number,
    private readonly decoupled: boolean,
  ) {
    super(op, params, options, { lr: 1e-3, weightDecay }, adamNames, ({ betas = [], eps = 0 }) => {
      const given: readonly number[] = betas;
      if (!Array.isArray(betas) || (given.length !== 0 && given.length !== 2))
        throw new SeqgradError("value", `${op}: betas is ${shown(betas)}; give two numbers, as in [0.9, 0.999].`);
      for (const [i, beta] of betas.entries()) checkInterval(op, `betas[${i}]`, beta, 0, 1 - 2 ** -24);
      checkInterval(op, "eps", eps, 0);
      return ["m", "v"];
    });
  }

  protected update({ n, options, step }: Stretch<AdamOptions>, at: StretchAddresses, state: (name: string) => number): void {
    const { lr, weightDecay, eps = 1e-8, betas: [beta1, beta2] = [0.9, 0.999] } = options;
    this.params[0]!.backend.dispatch("adam", {
      ...at,
      m: state("m"),
      v: state("v"),
      n,
      rate: lr / (1 - beta1 ** step),
      oneMinusBeta1: 1 - beta1,
      beta2,
      oneMinusBeta2: 1 - beta2,
      rootCorrection: 1 / Math.sqrt(1 - beta2 ** step),
      eps,
      weightDecay: this.decoupled ? 0 : weightDecay,
      kept: this.decoupled ? 1 - lr * weightDecay : 1,
    });
  }
}

/**
 * Adam (Kingma and Ba 2015): steps of lr m / (sqrt(v) + eps), with m and v the bias-corrected running mean and square of the
 * gradient. Weight decay, if any, is added to the gradient.
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.Adam(model.parameters(), { lr: 1e-3, clipNorm: 1 });
 */
export class Adam extends AdamBase {
  constructor(params: ParametersOrGroups<AdamOptions>, options: AdamOptions = {}) {
    super("Adam", params, options, 0, false);
  }
}

/**
 * Adam with decoupled weight decay (Loshchilov and Hutter 2019): p -= lr weightDecay p before the step. Weight decay defaults to 0.01.
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.AdamW(model.parameters(), { lr: 2e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });
 */
export class AdamW extends AdamBase {
  constructor(params: ParametersOrGroups<AdamOptions>, options: AdamOptions = {}) {
    super("AdamW", params, options, 0.01, true);
  }
}

export interface RMSpropOptions extends OptimizerOptions {
  /** Decay of the running square. Default 0.99. */
  alpha?: number;
  /** Default 1e-8. */
  eps?: number;
  /** Default 0. */
  momentum?: number;
  /** Divide by the deviation, not the root of the mean square (Graves 2013). Default false. */
  centered?: boolean;
}

const rmspropNames = namesOf<RMSpropOptions>({ ...every, alpha: 1, eps: 1, momentum: 1, centered: 1 });

/**
 * RMSprop (Tieleman and Hinton 2012): steps of lr g / (sqrt(v) + eps), v the running square of the gradient. Default lr 0.01.
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: ParametersOrGroups<RMSpropOptions>, options: RMSpropOptions = {}) {
    super("RMSprop", params, options, { lr: 0.01, weightDecay: 0 }, rmspropNames, ({ alpha = 0.99, momentum = 0, eps = 0, centered }) => {
      checkBoolean("RMSprop", "centered", centered ?? false);
      checkInterval("RMSprop", "alpha", alpha, 0, 1);
      checkInterval("RMSprop", "momentum", momentum, 0);
      checkInterval("RMSprop", "eps", eps, 0);
      return ["v", ...(centered ? ["average"] : []), ...(momentum > 0 ? ["momentum"] : [])];
    });
  }

  protected update({ n, options }: Stretch<RMSpropOptions>, at: StretchAddresses, state: (name: string) => number): void {
    const { lr, weightDecay, alpha = 0.99, eps = 1e-8, momentum = 0, centered } = options;
    const average = centered ? state("average") : undefined;
    const buffer = momentum > 0 ? state("momentum") : undefined;
    this.params[0]!.backend.dispatch("rmsprop", {
      ...at,
      v: state("v"),
      average,
      buffer,
      n,
      lr,
      alpha,
      oneMinusAlpha: 1 - alpha,
      eps,
      weightDecay,
      momentum,
    });
  }
}

export interface AdagradOptions extends OptimizerOptions {
  /** Default 1e-10. */
  eps?: number;
  /** lr of step t is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay?: number;
}

const adagradNames = namesOf<AdagradOptions>({ ...every, eps: 1, lrDecay: 1 });

/**
 * Adagrad (Duchi et al. 2011): steps of lr g / (sqrt(sum g^2) + eps). Default lr 0.01.
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.Adagrad(model.parameters(), { lr: 0.05 });
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: ParametersOrGroups<AdagradOptions>, options: AdagradOptions = {}) {
    super("Adagrad", params, options, { lr: 0.01, weightDecay: 0 }, adagradNames, ({ eps = 0, lrDecay = 0 }) => {
      checkInterval("Adagrad", "eps", eps, 0);
      checkInterval("Adagrad", "lrDecay", lrDecay, 0);
      return ["sum"];
    });
  }

  protected update({ n, options, step }: Stretch<AdagradOptions>, at: StretchAddresses, state: (name: string) => number): void {
    const { weightDecay, eps = 1e-10, lrDecay = 0 } = options;
    const lr = options.lr / (1 + (step - 1) * lrDecay);
    this.params[0]!.backend.dispatch("adagrad", { ...at, sum: state("sum"), n, lr, eps, weightDecay });
  }
}

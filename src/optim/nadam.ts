import { add, div, sub } from "../ops/binary.js";
import { affine, sqrt, square } from "../ops/unary.js";
import type { ParametersOrGroups } from "./groups.js";
import { average, decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

export interface NAdamOptions extends OptimizerOptions {
  /** Decay of the running mean and square of the gradient. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** How fast the momentum grows to beta1. Default 4e-3. */
  momentumDecay?: number;
  /** Take weight decay from the parameter, as AdamW does. Default false. */
  decoupledWeightDecay?: boolean;
}

/**
 * Adam with Nesterov's look ahead.
 *
 * The m of the step is a mean of the gradient and the running mean, by a momentum that grows to beta1.
 *
 * @param params the parameters, or groups of them
 * @param options see NAdamOptions; lr is 2e-3 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Dozat 2016, "Incorporating Nesterov Momentum into Adam"
 * @example
 * const optimizer = new sg.optim.NAdam(model.parameters(), { lr: 2e-3, clipNorm: 1 });
 */
export class NAdam extends Optimizer<NAdamOptions> {
  constructor(params: ParametersOrGroups<NAdamOptions>, options?: NAdamOptions) {
    super(params, options, {
      name: "NAdam",
      defaults: { lr: 2e-3, weightDecay: 0, betas: [0.9, 0.999], eps: 1e-8, momentumDecay: 4e-3, decoupledWeightDecay: false },
      rule: () => nadam,
    });
  }
}

const nadam = defineRule({
  state: ["m", "v"],
  update({ p, g, m, v }, settings: Settings<NAdamOptions>, { step }) {
    const { lr, weightDecay, betas, eps, momentumDecay, decoupledWeightDecay } = settings;
    const [beta1, beta2] = betas;
    const gradient = decoupledWeightDecay ? g : decayed(g, p, weightDecay);
    const next = { m: average(m, gradient, beta1), v: average(v, square(gradient), beta2) };
    const { now, after, product } = momenta(beta1, momentumDecay, step);
    const ahead = add(affine(gradient, (lr * (1 - now)) / (1 - product)), affine(next.m, (lr * after) / (1 - product * after)));
    const root = affine(sqrt(next.v), 1 / Math.sqrt(1 - beta2 ** step), eps);
    return { ...next, p: sub(affine(p, decoupledWeightDecay ? 1 - lr * weightDecay : 1), div(ahead, root)) };
  },
});

/** The momentum of a step, the momentum of the next step, and the product of all up to the step, until 1 minus it rounds to 1. */
function momenta(beta1: number, decay: number, step: number): { now: number; after: number; product: number } {
  const momentum = (t: number) => beta1 * (1 - 0.5 * 0.96 ** (t * decay));
  let product = 1;
  for (let t = 1; t <= step && product > 1e-17; t++) product *= momentum(t);
  return { now: momentum(step), after: momentum(step + 1), product };
}

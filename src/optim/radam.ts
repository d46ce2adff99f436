import { div, sub } from "../ops/binary.js";
import { affine, sqrt, square } from "../ops/unary.js";
import type { ParametersOrGroups } from "./groups.js";
import { average, decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

export interface RAdamOptions extends OptimizerOptions {
  /** Decay of the running mean and square of the gradient. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Take weight decay from the parameter, as AdamW does. Default false. */
  decoupledWeightDecay?: boolean;
}

/**
 * Adam that needs no warm-up.
 *
 * The first steps, in which the running square is uncertain, use the running mean alone; later ones are Adam's, times a factor that grows
 * to 1.
 *
 * @param params the parameters, or groups of them
 * @param options see RAdamOptions; lr is 1e-3 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Liu et al. 2020, "On the Variance of the Adaptive Learning Rate and Beyond"
 * @example
 * const optimizer = new sg.optim.RAdam(model.parameters(), { lr: 1e-3 });
 */
export class RAdam extends Optimizer<RAdamOptions> {
  constructor(params: ParametersOrGroups<RAdamOptions>, options?: RAdamOptions) {
    super(params, options, {
      name: "RAdam",
      defaults: { lr: 1e-3, weightDecay: 0, betas: [0.9, 0.999], eps: 1e-8, decoupledWeightDecay: false },
      rule: () => radam,
    });
  }
}

const radam = defineRule({
  state: ["m", "v"],
  update({ p, g, m, v }, { lr, weightDecay, betas: [beta1, beta2], eps, decoupledWeightDecay }: Settings<RAdamOptions>, { step }) {
    const gradient = decoupledWeightDecay ? g : decayed(g, p, weightDecay);
    const next = { m: average(m, gradient, beta1), v: average(v, square(gradient), beta2) };
    const mean = affine(next.m, lr / (1 - beta1 ** step));
    const scale = rectification(beta2, step) * Math.sqrt(1 - beta2 ** step);
    const move = scale > 0 ? div(affine(mean, scale), affine(sqrt(next.v), 1, eps)) : mean;
    return { ...next, p: sub(affine(p, decoupledWeightDecay ? 1 - lr * weightDecay : 1), move) };
  },
});

/** The factor on a step of Adam by the length of the average that v is; 0 while that is too short. */
function rectification(beta2: number, step: number): number {
  const longest = 2 / (1 - beta2) - 1;
  const length = longest - (2 * step * beta2 ** step) / (1 - beta2 ** step);
  if (length <= 5) return 0;
  return Math.sqrt(((length - 4) * (length - 2) * longest) / ((longest - 4) * (longest - 2) * length));
}

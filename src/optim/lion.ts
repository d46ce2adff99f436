import { sub } from "../ops/binary.js";
import { affine, sign } from "../ops/unary.js";
import type { ParametersOrGroups } from "./groups.js";
import { average } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions } from "./rule.js";

export interface LionOptions extends OptimizerOptions {
  /** Decay of the running mean in the step, and in what is kept of it. Default [0.9, 0.99]. */
  betas?: readonly [number, number];
}

/**
 * Steps by the sign of a running mean of the gradient, with half of Adam's state.
 *
 * p -= lr sign(beta1 m + (1 - beta1) g), m the running mean of the gradient by beta2, with decoupled weight decay. Take a third to a tenth
 * of Adam's lr, and as many times its weight decay.
 *
 * @param params the parameters, or groups of them
 * @param options see LionOptions; lr is 1e-4 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms"
 * @example
 * const optimizer = new sg.optim.Lion(model.parameters(), { lr: 1e-4, weightDecay: 0.1 });
 */
export class Lion extends Optimizer<LionOptions> {
  constructor(params: ParametersOrGroups<LionOptions>, options?: LionOptions) {
    super(params, options, {
      name: "Lion",
      defaults: { lr: 1e-4, weightDecay: 0, betas: [0.9, 0.99] },
      rule: () =>
        defineRule({
          state: ["m"],
          update: ({ p, g, m }, { lr, weightDecay, betas: [beta1, beta2] }) => ({
            p: sub(affine(p, 1 - lr * weightDecay), affine(sign(average(m, g, beta1)), lr)),
            m: average(m, g, beta2),
          }),
        }),
    });
  }
}

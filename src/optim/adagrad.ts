import { needs } from "../backend/needed.js";
import { add, div, sub } from "../ops/binary.js";
import { affine, sqrt, square } from "../ops/unary.js";
import type { ParametersOrGroups } from "./groups.js";
import { decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

export interface AdagradOptions extends OptimizerOptions {
  /** Default 1e-10. */
  eps?: number;
  /** lr of step t is lr / (1 + (t - 1) lrDecay). Default 0. */
  lrDecay?: number;
}

/**
 * Steps by the gradient over the root of the sum of its squares.
 *
 * p -= lr g / (sqrt(sum g^2) + eps)
 *
 * @param params the parameters, or groups of them
 * @param options see AdagradOptions; lr is 0.01 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Duchi, Hazan and Singer 2011, "Adaptive Subgradient Methods"
 * @example
 * const optimizer = new sg.optim.Adagrad(model.parameters(), { lr: 0.05 });
 */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(params: ParametersOrGroups<AdagradOptions>, options?: AdagradOptions) {
    super(params, options, {
      name: "Adagrad",
      defaults: { lr: 0.01, weightDecay: 0, eps: 1e-10, lrDecay: 0 },
      rule: () => adagrad,
    });
  }
}

const rate = ({ lr, lrDecay }: Settings<AdagradOptions>, step: number) => lr / (1 + (step - 1) * lrDecay);

const adagrad = defineRule({
  state: ["sum"],
  update({ p, g, sum }, settings: Settings<AdagradOptions>, { step }) {
    const gradient = decayed(g, p, settings.weightDecay);
    const total = add(sum, square(gradient));
    return { sum: total, p: sub(p, affine(div(gradient, affine(sqrt(total), 1, settings.eps)), rate(settings, step))) };
  },
  kernel: /* @__PURE__ */ needs("adagrad"),
  fused({ run, at, state }, settings, { step }) {
    const { eps, weightDecay } = settings;
    run("adagrad", { lr: rate(settings, step), eps, weightDecay, ...state, ...at });
  },
});

import { needs } from "../backend/needed.js";
import { add, div, sub } from "../ops/binary.js";
import { affine, relu, sqrt, square } from "../ops/unary.js";
import { checkInterval } from "../util/check.js";
import type { ParametersOrGroups } from "./groups.js";
import { average, decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

const kernel = /* @__PURE__ */ needs("rmsprop");

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

/**
 * Steps by the gradient over the root of its running square.
 *
 * p -= lr g / (sqrt(v) + eps), with v the running square of the gradient
 *
 * @param params the parameters, or groups of them
 * @param options see RMSpropOptions; lr is 0.01 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Tieleman and Hinton 2012, "Lecture 6.5: RMSprop"
 * @example
 * const optimizer = new sg.optim.RMSprop(model.parameters(), { lr: 1e-3, momentum: 0.9 });
 */
export class RMSprop extends Optimizer<RMSpropOptions> {
  constructor(params: ParametersOrGroups<RMSpropOptions>, options?: RMSpropOptions) {
    super(params, options, {
      name: "RMSprop",
      defaults: { lr: 0.01, weightDecay: 0, alpha: 0.99, eps: 1e-8, momentum: 0, centered: false },
      check: ({ alpha }) => void checkInterval("RMSprop", "alpha", alpha, 0, 1),
      rule: ({ centered, momentum }) => rmspropRule(centered, momentum > 0),
    });
  }
}

/** It has the state of the mean if centered, and the state of the momentum if there is one. */
const rmspropRule = (isCentered: boolean, hasMomentum: boolean) =>
  defineRule({
    state: ["v", ...(isCentered ? (["average"] as const) : []), ...(hasMomentum ? (["momentum"] as const) : [])],
    update(values, { lr, weightDecay, alpha, eps, momentum }: Settings<RMSpropOptions>) {
      const { p } = values;
      const g = decayed(values.g, p, weightDecay);
      const v = average(values.v, square(g), alpha);
      const mean = isCentered ? { average: average(values.average, g, alpha) } : undefined;
      const root = sqrt(mean ? relu(sub(v, square(mean.average))) : v);
      const step = div(g, affine(root, 1, eps));
      const next = hasMomentum ? { momentum: add(affine(values.momentum, momentum), step) } : undefined;
      return { v, ...mean, ...next, p: sub(p, affine(next?.momentum ?? step, lr)) };
    },
    kernel,
    fused({ run, at, state: { v, average, momentum: buffer } }, { lr, weightDecay, alpha, eps, momentum }) {
      run("rmsprop", { lr, weightDecay, alpha, oneMinusAlpha: 1 - alpha, eps, momentum, v, average, buffer, ...at });
    },
  });

import { add, sub } from "../ops/binary.js";
import { affine } from "../ops/unary.js";
import { SeqgradError } from "../util/errors.js";
import type { ParametersOrGroups } from "./groups.js";
import { decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

export interface SGDOptions extends OptimizerOptions {
  /** Default 0. */
  momentum?: number;
  /** Default 0. */
  dampening?: number;
  /** Look ahead by the momentum (Nesterov 1983, as Sutskever et al. 2013); needs momentum and no dampening. Default false. */
  nesterov?: boolean;
}

/**
 * Stochastic gradient descent, by default without momentum.
 *
 * p -= lr g; with momentum b = momentum b + (1 - dampening) g replaces g
 *
 * @param params the parameters, or groups of them
 * @param options see SGDOptions; lr is 1e-3 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @example
 * const optimizer = new sg.optim.SGD(model.parameters(), { lr: 0.1, momentum: 0.9 });
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: ParametersOrGroups<SGDOptions>, options?: SGDOptions) {
    super(params, options, {
      name: "SGD",
      defaults: { lr: 1e-3, weightDecay: 0, momentum: 0, dampening: 0, nesterov: false },
      check({ momentum, dampening, nesterov }) {
        if (nesterov && (momentum === 0 || dampening > 0))
          throw new SeqgradError("value", "SGD: nesterov needs a momentum and no dampening.");
      },
      rule: ({ momentum }) => (momentum > 0 ? withMomentum : plain),
    });
  }
}

const plain = defineRule({
  state: [],
  update: ({ p, g }, { lr, weightDecay }: Settings<SGDOptions>) => ({ p: sub(p, affine(decayed(g, p, weightDecay), lr)) }),
  kernel: "sgd",
  fused: ({ run, at }, { lr, weightDecay }) =>
    run("sgd", { lr, weightDecay, nesterov: 0, first: 0, momentum: 0, oneMinusDampening: 1, ...at }),
});

const withMomentum = defineRule({
  state: ["momentum"],
  update({ p, g, momentum: before }, { lr, weightDecay, momentum, dampening, nesterov }: Settings<SGDOptions>, { step }) {
    const gradient = decayed(g, p, weightDecay);
    const buffer = step === 1 ? gradient : add(affine(before, momentum), affine(gradient, 1 - dampening));
    const direction = nesterov ? add(gradient, affine(buffer, momentum)) : buffer;
    return { p: sub(p, affine(direction, lr)), momentum: buffer };
  },
  kernel: "sgd",
  fused({ run, at, state: { momentum: buffer } }, { lr, weightDecay, momentum, dampening, nesterov }, { step }) {
    const flags = { nesterov: Number(nesterov), first: Number(step === 1) };
    run("sgd", { lr, weightDecay, momentum, oneMinusDampening: 1 - dampening, buffer, ...flags, ...at });
  },
});

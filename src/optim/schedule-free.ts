import { add, div, equal, sub } from "../ops/binary.js";
import { affine, sqrt, square } from "../ops/unary.js";
import { where } from "../ops/where.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, checkInterval } from "../util/check.js";
import type { ParametersOrGroups } from "./groups.js";
import { average, decayed } from "./moments.js";
import { Optimizer } from "./optimizer.js";
import { defineRule, type OptimizerOptions, type Settings } from "./rule.js";

export interface ScheduleFreeAdamWOptions extends OptimizerOptions {
  /** The share of the average in the point where the gradient is taken, and the decay of the running square. Default [0.9, 0.999]. */
  betas?: readonly [number, number];
  /** Default 1e-8. */
  eps?: number;
  /** Steps in which the learning rate rises to lr. Default 0. */
  warmupSteps?: number;
  /** The weight of step t in the average is t^r times the largest learning rate so far to the power of weightLrPower. Default 0. */
  r?: number;
  /** Default 2. */
  weightLrPower?: number;
}

/**
 * AdamW without a schedule: an average of all steps replaces the falling learning rate.
 *
 * The gradient is taken at y = (1 - beta1) z + beta1 x, where z are the steps of AdamW without its momentum, and x is their average: the
 * weights to evaluate and to save. While it trains, the parameters are y; eval() makes them x, and train() or the next step y again. fit()
 * calls both for evaluations, for checkpoints and at its end. Batch norms gather their statistics at y.
 *
 * @param params the parameters, or groups of them
 * @param options see ScheduleFreeAdamWOptions; lr is 2.5e-3 by default
 * @throws SeqgradError `range` for an option outside its interval, `value` without parameters
 * @see Defazio et al. 2024, "The Road Less Scheduled"
 * @example
 * const optimizer = new sg.optim.ScheduleFreeAdamW(model.parameters(), { lr: 2.5e-3, warmupSteps: 10 });
 * for (let i = 0; i < 20; i++) optimizer.step(() => model.loss(loader.batch(i)).loss);
 * optimizer.eval(); // now the model predicts with the averaged weights
 */
export class ScheduleFreeAdamW extends Optimizer<ScheduleFreeAdamWOptions> {
  constructor(params: ParametersOrGroups<ScheduleFreeAdamWOptions>, options?: ScheduleFreeAdamWOptions) {
    const name = "ScheduleFreeAdamW";
    super(params, options, {
      name,
      defaults: { lr: 2.5e-3, weightDecay: 0, betas: [0.9, 0.999], eps: 1e-8, warmupSteps: 0, r: 0, weightLrPower: 2 },
      check({ betas, warmupSteps }) {
        checkInterval(name, "betas[0]", betas[0], Number.MIN_VALUE);
        checkInteger(name, "warmupSteps", warmupSteps);
      },
      rule: () => scheduleFree,
    });
  }
}

type Scheduled = Settings<ScheduleFreeAdamWOptions>;

const rate = ({ lr, warmupSteps }: Scheduled, t: number) => (t < warmupSteps ? (lr * t) / warmupSteps : lr);

/** The average x, by the point y where gradients are taken and what z is beyond it: y = (1 - beta1) z + beta1 x. */
const averaged = (y: Tensor, ahead: Tensor, beta1: number) => add(y, affine(ahead, 1 - 1 / beta1));

// The state `ahead` is z - y, which is 0 at first; `y` keeps the parameters while eval() has x in their place.
const scheduleFree = defineRule({
  state: ["v", "ahead", "y"],
  numbers: { largest: 0, weights: 0, share: 0 },
  advance({ largest, weights }, settings: Scheduled, t) {
    const most = Math.max(largest, rate(settings, t));
    const weight = t ** settings.r * most ** settings.weightLrPower;
    return { largest: most, weights: weights + weight, share: weight === 0 ? 0 : weight / (weights + weight) };
  },
  update({ p, g, v, ahead }, settings: Scheduled, { step, share }) {
    const { weightDecay, betas, eps } = settings;
    const lr = rate(settings, step);
    const square_ = average(v, square(g), betas[1]);
    const root = affine(sqrt(square_), 1 / Math.sqrt(1 - betas[1] ** step), eps);
    const move = decayed(div(g, root), p, weightDecay);
    return {
      v: square_,
      p: sub(add(p, affine(ahead, share)), affine(move, lr * (1 - betas[0] * (1 - share)))),
      ahead: affine(sub(ahead, affine(move, lr * betas[0])), 1 - share),
    };
  },
  toEval: ({ p, ahead }, { betas }: Scheduled) => ({ y: p, p: averaged(p, ahead, betas[0]) }),
  /** Exactly what y was; where the parameters were written meanwhile, the y that they are the average of. */
  toTrain({ p, y, ahead }, { betas: [beta1] }: Scheduled) {
    return { p: where(equal(p, averaged(y, ahead, beta1)), y, add(p, affine(ahead, 1 / beta1 - 1))) };
  },
});

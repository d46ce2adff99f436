import type { Optimizer, OptimizerOptions, ParameterList, ParametersOrGroups } from "../../src/optim/index.js";
import * as optim from "../../src/optim/index.js";

type Kind = new (params: ParametersOrGroups<OptimizerOptions>, options?: OptimizerOptions) => Optimizer;

const isKind = (value: unknown): value is Kind => typeof value === "function" && value.prototype instanceof optim.Optimizer;

/** Every optimizer of the package, by name: a new one is tested as soon as it is exported. */
export const optimizerClasses: ReadonlyMap<string, Kind> = new Map(
  Object.entries(optim).flatMap(([name, value]) => (isKind(value) ? [[name, value] as const] : [])),
);

/** Options by which an optimizer differs most from its defaults: all the state that it can have, decay, a rate for a few steps. */
const more: Readonly<Record<string, object>> = {
  SGD: { lr: 0.05, momentum: 0.9, nesterov: true, weightDecay: 0.1 },
  RMSprop: { lr: 0.01, momentum: 0.5, centered: true, weightDecay: 0.1 },
  Adagrad: { lr: 0.1, lrDecay: 0.01, weightDecay: 0.1 },
  ScheduleFreeAdamW: { lr: 0.05, betas: [0.8, 0.99], warmupSteps: 3, weightDecay: 0.1 },
};
const variants: Readonly<Record<string, object>> = { Adam: { amsgrad: true }, AdamW: { amsgrad: true }, SGD: { momentum: 0 }, RMSprop: {} };

export type MakeOptimizer = (params: ParameterList, options?: OptimizerOptions) => Optimizer;

/** A maker of each optimizer, and of some with an option that changes their rule. */
export const optimizerKinds: ReadonlyMap<string, MakeOptimizer> = new Map(
  [...optimizerClasses].flatMap(([name, Kind]): [string, MakeOptimizer][] => {
    const usual = { lr: 0.05, weightDecay: 0.1, ...more[name] };
    const variant = variants[name];
    const entries: [string, MakeOptimizer][] = [[name, (params, options) => new Kind(params, { ...usual, ...options })]];
    if (variant)
      entries.push([`${name} ${JSON.stringify(variant)}`, (params, options) => new Kind(params, { lr: 0.05, ...variant, ...options })]);
    return entries;
  }),
);

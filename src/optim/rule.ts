import type { KernelCall, KernelName } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkFunction, checkObject, checkText } from "../util/check.js";
import { checkOptions, namesOf } from "../util/options.js";

/** Options every optimizer has. */
export interface OptimizerOptions {
  /** The learning rate. */
  lr?: number;
  /** Added to the gradient times the parameter (AdamW and kin: taken from the parameter). */
  weightDecay?: number;
  /** Scales the gradient so that its norm over all parameters is at most this (Pascanu et al. 2013). Default: no clipping. */
  clipNorm?: number;
  /** Limits every element of the gradient to +- this, before clipNorm. Default: no clipping. */
  clipValue?: number;
}

/** The options of a group with all defaults filled in; `lr` may be another in each step. */
export type Settings<O extends OptimizerOptions> = Required<Omit<O, "clipNorm" | "clipValue">> & { lr: number; weightDecay: number };

/** The tensors of an update by name: the parameter `p`, its gradient `g`, clipped, and the state. */
export type Values<S extends string> = Readonly<Record<"p" | "g", Tensor>> & Readonly<Record<S, Tensor>>;

/** The new values after an update, by name; a value that is absent stays. */
export type Updated<S extends string> = Readonly<Partial<Record<"p" | S, Tensor>>>;

/** Updates that a parameter has had, this one included, and its numbers. */
export type Moment<N extends string> = Readonly<Record<"step", number>> & Readonly<Record<N, number>>;

/** A call of a fused kernel: `run` carries it out; `at` has what every optimizer's kernel takes, and `state` the address of each state. */
export interface FusedCall<S extends string> {
  readonly run: <K extends KernelName>(kernel: K, call: KernelCall<K>) => unknown;
  readonly at: {
    readonly parameter: number;
    readonly gradient: number;
    readonly norm: number;
    readonly clipNorm: number;
    readonly n: number;
  };
  readonly state: Readonly<Record<S, number>>;
}

/**
 * The update of an optimizer: the state that it keeps for each parameter, all zeros at first, and its formula in tensor operations, which
 * runs on every device. A fused kernel may do the same faster.
 */
export interface Rule<O extends OptimizerOptions, S extends string = string, N extends string = string> {
  /** Names of the state, each as large as the parameters. */
  readonly state: readonly S[];
  /** True if `update` must see each parameter in its shape. Else it computes each element by itself, and sees many in a row. */
  readonly shaped?: boolean;
  /** The first values of the numbers that a parameter has besides its tensors. */
  readonly numbers?: Readonly<Record<N, number>>;
  /** These numbers in its next update, of which `step` counts. */
  advance?(numbers: Readonly<Record<N, number>>, settings: Settings<O>, step: number): Readonly<Record<N, number>>;
  update(values: Values<S>, settings: Settings<O>, moment: Moment<N>): Updated<S>;
  /** The kernel that `fused` runs: where a device lacks it, `update` runs. */
  readonly kernel?: KernelName;
  fused?(call: FusedCall<S>, settings: Settings<O>, moment: Moment<N>): void;
  /** The weights to evaluate and save, where they are not those that train: sets them, and then back. */
  toEval?(values: Values<S>, settings: Settings<O>): Updated<S>;
  toTrain?(values: Values<S>, settings: Settings<O>): Updated<S>;
}

/** An optimizer on one page: its name, the defaults of its options, what it refuses, and its rule, which may depend on a group's options. */
export interface OptimizerDefinition<O extends OptimizerOptions> {
  readonly name: string;
  readonly defaults: Settings<O>;
  /** Throws a SeqgradError for options outside their intervals. */
  check?(settings: Settings<O>): void;
  rule(settings: Settings<O>): Rule<O>;
}

const ruleNames = namesOf<Rule<OptimizerOptions>>({
  ...{ state: 1, shaped: 1, numbers: 1, advance: 1, update: 1, kernel: 1, fused: 1, toEval: 1, toTrain: 1 },
});

/**
 * Defines the rule of an optimizer: its functions know the names of states and numbers.
 *
 * @param rule see Rule
 * @returns the rule itself
 * @throws SeqgradError `value` for a rule without `state` or `update`, or with a part that is unknown
 * @example
 * class SignSGD extends sg.optim.Optimizer {
 *   constructor(params: sg.optim.ParametersOrGroups<sg.optim.OptimizerOptions>, options?: sg.optim.OptimizerOptions) {
 *     const rule = sg.optim.defineRule({ state: [], update: ({ p, g }, { lr }) => ({ p: sg.sub(p, sg.mul(sg.sign(g), lr)) }) });
 *     super(params, options, { name: "SignSGD", defaults: { lr: 1e-3, weightDecay: 0 }, rule: () => rule });
 *   }
 * }
 * new SignSGD(model.parameters()).step(() => model.loss(loader.batch(0)).loss);
 */
/* @__NO_SIDE_EFFECTS__ */
export function defineRule<O extends OptimizerOptions, const S extends string = never, N extends string = never>(
  rule: Rule<O, S, N>,
): Rule<O, S, N> {
  checkOptions("defineRule", checkObject("defineRule", "the rule", rule, "{ state, update }"), ruleNames);
  checkFunction("defineRule", "update", rule.update);
  for (const name of checkArray("defineRule", "state", rule.state, "the names of the state"))
    checkText("defineRule", name, "a name of state");
  return rule;
}

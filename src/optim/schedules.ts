import { checkChoice, checkFinite, checkFunction, checkInteger, checkInterval, checkNumber, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { Optimizer } from "./optimizer.js";

/** The factor on the learning rate at a step, counted from 0. */
export type Schedule = (step: number) => number;

/** Between two factors: `share` 0 is the first, 1 the second. */
const straight = (from: number, to: number, share: number) => from + (to - from) * share;
const halfCosine = (from: number, to: number, share: number) => to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;

/**
 * Keeps the rate at one factor.
 *
 * @param factor default 1
 * @returns the schedule
 * @example
 * sg.optim.constant(0.5)(1000); // = 0.5
 */
export const constant = (factor = 1): Schedule => {
  checkFinite("constant", "factor", factor);
  return () => factor;
};

/**
 * Rises from `from` to 1 in equal parts over `steps`, then stays 1.
 *
 * @param steps the number of steps
 * @param from the first factor; default 0
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @example
 * [0, 50, 100, 200].map(sg.optim.linearWarmup(100)); // = [0, 0.5, 1, 1]
 */
export function linearWarmup(steps: number, from = 0): Schedule {
  checkInteger("linearWarmup", "steps", steps, 1);
  checkFinite("linearWarmup", "from", from);
  return (step) => straight(from, 1, Math.min(1, step / steps));
}

/**
 * Falls from 1 to `floor` in equal parts over `steps`, then stays `floor`.
 *
 * @param steps the number of steps
 * @param floor the last factor; default 0
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @example
 * [0, 50, 100].map(sg.optim.linearDecay(100, 0.1)); // = [1, 0.55, 0.1]
 */
export function linearDecay(steps: number, floor = 0): Schedule {
  checkInteger("linearDecay", "steps", steps, 1);
  checkFinite("linearDecay", "floor", floor);
  return (step) => straight(1, floor, Math.min(1, step / steps));
}

/**
 * Falls along half a cosine from 1 to `floor` over `steps`, then stays `floor`.
 *
 * @param steps the number of steps
 * @param floor the last factor; default 0
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @see Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts"
 * @example
 * [0, 50, 100].map(sg.optim.cosine(100)); // = [1, 0.5, 0]
 */
export function cosine(steps: number, floor = 0): Schedule {
  checkInteger("cosine", "steps", steps, 1);
  checkFinite("cosine", "floor", floor);
  return (step) => halfCosine(1, floor, Math.min(1, step / steps));
}

/**
 * Falls along an inverse sigmoid from 1 to `floor` over `steps`, then stays `floor`: slow, fast half way, and slow.
 *
 * y = k / (k + exp(step / k)), scaled, where k ln k is half of the steps
 *
 * @param steps the number of steps
 * @param floor the last factor; default 0
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @see Bengio, Vinyals, Jaitly and Shazeer 2015, "Scheduled Sampling for Sequence Prediction"
 * @example
 * [0, 10, 50, 90, 100].map(sg.optim.inverseSigmoid(100)); // = [1, 0.9575, 0.5, 0.04255, 0]
 */
export function inverseSigmoid(steps: number, floor = 0): Schedule {
  checkInteger("inverseSigmoid", "steps", steps, 1);
  checkFinite("inverseSigmoid", "floor", floor);
  let k = steps + 1;
  for (let i = 0; i < 6; i++) k = (k + steps / 2) / (1 + Math.log(k)); // Newton's method, from above
  const at = (step: number) => k / (k + Math.exp(step / k));
  return (step) => straight(1, floor, (at(0) - at(Math.min(step, steps))) / (at(0) - at(steps)));
}

/**
 * Multiplies the rate by `gamma` after every `every` steps.
 *
 * @param every the number of steps
 * @param gamma default 0.1
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @example
 * [0, 9, 10, 20].map(sg.optim.stepDecay(10, 0.5)); // = [1, 1, 0.5, 0.25]
 */
export function stepDecay(every: number, gamma = 0.1): Schedule {
  checkInteger("stepDecay", "every", every, 1);
  checkFinite("stepDecay", "gamma", gamma);
  return (step) => gamma ** Math.floor(step / every);
}

export interface OneCycleOptions {
  /** The share of the steps that rises. Default 0.3. */
  rise?: number;
  /** The first factor is 1 / this. Default 25. */
  startDivisor?: number;
  /** The last factor is the first / this. Default 1e4. */
  endDivisor?: number;
  /** Both ways along half a cosine or a straight line. Default `cosine`. */
  anneal?: "cosine" | "linear";
}

const oneCycleNames = namesOf<OneCycleOptions>({ rise: 1, startDivisor: 1, endDivisor: 1, anneal: 1 });

/**
 * Rises to 1 and falls again over `steps`; the optimizer's rate is the peak.
 *
 * @param steps the number of steps
 * @param options see OneCycleOptions
 * @returns the schedule
 * @throws SeqgradError `range` for fewer than 2 steps or a rise outside [0, 1]
 * @see Smith and Topin 2019, "Super-Convergence"
 * @example
 * const events = sg.fit(model, loader, { optimizer, steps: 500, schedule: sg.optim.oneCycle(500) });
 */
export function oneCycle(steps: number, options: OneCycleOptions = {}): Schedule {
  checkInteger("oneCycle", "steps", steps, 2);
  checkOptions("oneCycle", options, oneCycleNames);
  const { rise = 0.3, startDivisor = 25, endDivisor = 1e4, anneal = "cosine" } = options;
  checkInterval("oneCycle", "rise", rise, 0, 1);
  checkInterval("oneCycle", "startDivisor", startDivisor, Number.MIN_VALUE, Number.MAX_VALUE);
  checkInterval("oneCycle", "endDivisor", endDivisor, Number.MIN_VALUE, Number.MAX_VALUE);
  checkChoice("oneCycle", "anneal", anneal, ["cosine", "linear"]);
  const start = 1 / startDivisor;
  const peak = rise * steps - 1;
  const between = anneal === "linear" ? straight : halfCosine;
  return (step) => {
    const at = Math.min(step, steps - 1);
    return peak > 0 && at <= peak ? between(start, 1, at / peak) : between(1, start / endDivisor, (at - peak) / (steps - 1 - peak));
  };
}

/**
 * Follows one schedule for its number of steps, then the next from its own step 0; the last one continues.
 *
 * @param parts pairs of a schedule and its number of steps
 * @returns the schedule
 * @throws SeqgradError `value` for no pair or something else than pairs
 * @example
 * const { linearWarmup, cosine, sequence } = sg.optim;
 * const schedule = sequence([linearWarmup(10), 10], [cosine(90), 90]);
 * [0, 5, 10, 55, 100].map(schedule); // = [0, 0.5, 1, 0.5, 0]
 */
export function sequence(...parts: (readonly [schedule: Schedule, steps: number])[]): Schedule {
  if (parts.length === 0) throw new SeqgradError("value", "sequence: there is no schedule; give pairs [schedule, steps].");
  for (const [i, part] of parts.entries()) {
    if (!Array.isArray(part)) throw new SeqgradError("value", `sequence: argument ${i} is ${shown(part)}; give pairs [schedule, steps].`);
    checkFunction("sequence", `the schedule of argument ${i}`, part[0], "a schedule, such as linearWarmup(10)");
    checkInteger("sequence", `the steps of argument ${i}`, part[1]);
  }
  return (step) => {
    let start = 0;
    for (const [i, [schedule, steps]] of parts.entries()) {
      if (step < start + steps || i === parts.length - 1) return schedule(step - start);
      start += steps;
    }
    return 1;
  };
}

export interface PlateauOptions {
  /** `min` if a lower measure is better (a loss), `max` if a higher one is (an accuracy). Default `min`. */
  mode?: "min" | "max";
  /** The factor on a plateau. Default 0.1. */
  factor?: number;
  /** The number of evaluations without progress before a cut. Default 10. */
  patience?: number;
  /** The least progress that counts. Default 1e-4. */
  threshold?: number;
  /** `relative`: `threshold` is a share of the best measure; `absolute`: a difference from it. Default `relative`. */
  thresholdMode?: "relative" | "absolute";
  /** The number of evaluations after a cut that do not count. Default 0. */
  cooldown?: number;
  /** The factor's lowest value. Default 0. */
  floor?: number;
}

const defaults: Required<PlateauOptions> = {
  mode: "min",
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  thresholdMode: "relative",
  cooldown: 0,
  floor: 0,
};

/**
 * Cuts the learning rate when a measure stops improving. Give it every evaluation by observe().
 *
 * @param options see PlateauOptions
 * @throws SeqgradError `range` for an option outside its interval
 * @see PyTorch's ReduceLROnPlateau
 * @example
 * const plateau = new sg.optim.Plateau({ factor: 0.5, patience: 0 });
 * for (const loss of [3, 2, 2.5]) plateau.observe(loss);
 * plateau.schedule(0); // = 0.5
 */
export class Plateau {
  readonly #options: Required<PlateauOptions>;
  #factor = 1;
  #best: number;
  #bad = 0;
  #cooling = 0;

  constructor(options: PlateauOptions = {}) {
    checkOptions("Plateau", options, Object.keys(defaults));
    this.#options = { ...defaults, ...options };
    checkChoice("Plateau", "mode", this.#options.mode, ["min", "max"]);
    checkChoice("Plateau", "thresholdMode", this.#options.thresholdMode, ["relative", "absolute"]);
    checkFinite("Plateau", "threshold", this.#options.threshold);
    checkFinite("Plateau", "floor", this.#options.floor);
    this.#best = this.#worst;
    checkInterval("Plateau", "factor", this.#options.factor, 0, 1);
    checkInteger("Plateau", "patience", this.#options.patience);
    checkInteger("Plateau", "cooldown", this.#options.cooldown);
  }

  /** The factor that holds now; a Schedule. */
  readonly schedule: Schedule = () => this.#factor;

  /**
   * Takes an evaluation, and cuts the factor on a plateau.
   *
   * @param measure the measure
   * @throws SeqgradError `value` for a measure that is not a number
   */
  observe(measure: number): void {
    checkNumber("Plateau.observe", "the measure", measure);
    const { factor, patience, cooldown, floor } = this.#options;
    if (this.#improves(measure)) {
      this.#best = measure;
      this.#bad = 0;
    } else {
      this.#bad++;
    }
    if (this.#cooling > 0) {
      this.#cooling--;
      this.#bad = 0;
    }
    if (this.#bad > patience) {
      this.#factor = Math.max(this.#factor * factor, floor);
      this.#cooling = cooldown;
      this.#bad = 0;
    }
  }

  get #worst(): number {
    return this.#options.mode === "max" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }

  #improves(measure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === "max" ? 1 : -1;
    const best = this.#best;
    return sign * measure > sign * (thresholdMode === "relative" ? best * (1 + sign * threshold) : best + sign * threshold);
  }

  /** The state as plain numbers, for a checkpoint. */
  get state(): number[] {
    return [this.#factor, this.#best, this.#bad, this.#cooling];
  }
  /**
   * Continues from a `state`.
   *
   * @param state what `state` was
   * @throws SeqgradError `value` for anything else; nothing has changed then
   */
  restore(state: readonly number[]): void {
    if (!isPlateauState(state))
      throw new SeqgradError(
        "value",
        `Plateau.restore: got ${Array.isArray(state) ? formatShape(state) : shown(state)}; give what \`state\` was.`,
      );
    const [factor, best, bad, cooling] = state;
    this.#factor = factor;
    this.#best = best ?? this.#worst;
    this.#bad = bad;
    this.#cooling = cooling;
  }
}

/** True if it is what a Plateau's `state` was: in JSON, where the best measure so far may be null, which was an infinity. */
export function isPlateauState(state: unknown): state is [factor: number, best: number | null, bad: number, cooling: number] {
  if (!Array.isArray(state) || state.length !== 4) return false;
  const [factor, best, bad, cooling]: unknown[] = state;
  const isCount = (n: unknown) => Number.isSafeInteger(n) && Number(n) >= 0;
  const isMeasure = best === null || (typeof best === "number" && !Number.isNaN(best));
  return Number.isFinite(factor) && Number(factor) >= 0 && isMeasure && isCount(bad) && isCount(cooling);
}

/**
 * Sets an optimizer's learning rates to their first values times a schedule.
 *
 * @param optimizer the optimizer
 * @param schedule the schedule
 * @throws SeqgradError `value` for something else than an optimizer and a schedule
 * @example
 * const scheduler = new sg.optim.Scheduler(optimizer, sg.optim.linearDecay(100));
 * scheduler.apply(50);
 * optimizer.lr; // = 0.0005
 */
export class Scheduler {
  /** The optimizer's own rates, while others are applied. */
  #own: readonly number[] | undefined;

  constructor(
    private readonly optimizer: Optimizer,
    readonly schedule: Schedule,
  ) {
    if (!(optimizer instanceof Optimizer))
      throw new SeqgradError("value", `Scheduler: the optimizer is ${shown(optimizer)}; give an optimizer.`);
    checkFunction("Scheduler", "the schedule", schedule, "a schedule, such as linearDecay(100)");
  }

  /**
   * Sets the rates for an update.
   *
   * @param step the number of the update, from 0
   * @throws SeqgradError `value` or `range` for a factor that is not finite or below 0
   */
  apply(step: number): void {
    checkInteger("Scheduler.apply", "step", step);
    const name = `the schedule's factor of step ${step}`;
    const factor = checkInterval("Scheduler.apply", name, checkFinite("Scheduler.apply", name, this.schedule(step)), 0);
    this.#own ??= this.optimizer.groups.map(({ options }) => options.lr);
    this.#set(this.#own, factor);
  }

  /** Sets the learning rates back to the optimizer's own. */
  restore(): void {
    if (this.#own) this.#set(this.#own, 1);
    this.#own = undefined;
  }

  #set(own: readonly number[], factor: number): void {
    for (const [i, { options }] of this.optimizer.groups.entries()) options.lr = (own[i] ?? options.lr) * factor;
  }
}

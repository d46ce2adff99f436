import { checkChoice, checkFinite, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import type { Schedule } from "./schedules.js";

/**
 * Multiplies the rate by `gamma` at each of the given steps.
 *
 * @param milestones steps in rising order
 * @param gamma default 0.1
 * @returns the schedule
 * @throws SeqgradError `range` for milestones that are not whole numbers, `value` for others than in rising order
 * @example
 * [0, 3, 5, 9].map(sg.optim.multiStep([3, 9], 0.5)); // = [1, 0.5, 0.5, 0.25]
 */
export function multiStep(milestones: readonly number[], gamma = 0.1): Schedule {
  if (!Array.isArray(milestones))
    throw new SeqgradError("value", "multiStep: the milestones are not an array; give steps, as in [30, 80].");
  for (const [i, step] of milestones.entries()) {
    checkInteger("multiStep", `milestones[${i}]`, step);
    if (i > 0 && step < nth(milestones, i - 1))
      throw new SeqgradError("value", `multiStep: milestones[${i}], ${step}, is below the one before; give them in rising order.`);
  }
  checkFinite("multiStep", "gamma", gamma);
  const steps = [...milestones];
  return (step) => gamma ** steps.filter((at) => at <= step).length;
}

/**
 * Follows half a cosine from 1 down to `floor` over `steps`, again and again, each cycle `growth` times as long as the one before.
 *
 * @param steps the length of the first cycle
 * @param options `growth`, default 1, and `floor`, default 0
 * @returns the schedule
 * @throws SeqgradError `range` for a count or a growth below 1
 * @see Loshchilov and Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts"
 * @example
 * [0, 5, 10, 20].map(sg.optim.warmRestarts(10, { growth: 2 })); // = [1, 0.5, 1, 0.5]
 */
export function warmRestarts(steps: number, options: { growth?: number; floor?: number } = {}): Schedule {
  checkInteger("warmRestarts", "steps", steps, 1);
  checkOptions("warmRestarts", options, ["growth", "floor"]);
  const growth = checkInteger("warmRestarts", "growth", options.growth ?? 1, 1);
  const floor = checkFinite("warmRestarts", "floor", options.floor ?? 0);
  return (step) => {
    let [at, length] = growth === 1 ? [step % steps, steps] : [step, steps];
    while (at >= length) {
      at -= length;
      length *= growth;
    }
    return floor + ((1 - floor) * (1 + Math.cos((Math.PI * at) / length))) / 2;
  };
}

export interface CyclicOptions {
  /** The factor at both ends of a cycle. Default 0.1. */
  floor?: number;
  /** The number of steps that fall. Default: as many as rise. */
  fall?: number;
  /** `triangular` keeps the peaks, `triangular2` halves them after each cycle, `exponential` takes gamma^step. Default `triangular`. */
  mode?: "triangular" | "triangular2" | "exponential";
  /** The base of `exponential`. Default 1. */
  gamma?: number;
}

/**
 * Rises from `floor` to 1 over `rise` steps and falls again, over and over; the optimizer's rate is the peak.
 *
 * @param rise the number of steps that rise
 * @param options see CyclicOptions
 * @returns the schedule
 * @throws SeqgradError `range` for a count below 1
 * @see Smith 2017, "Cyclical Learning Rates for Training Neural Networks"
 * @example
 * [0, 5, 10, 15, 20].map(sg.optim.cyclic(10, { floor: 0 })); // = [0, 0.5, 1, 0.5, 0]
 */
export function cyclic(rise: number, options: CyclicOptions = {}): Schedule {
  checkInteger("cyclic", "rise", rise, 1);
  checkOptions("cyclic", options, ["floor", "fall", "mode", "gamma"]);
  const fall = checkInteger("cyclic", "fall", options.fall ?? rise, 1);
  const floor = checkFinite("cyclic", "floor", options.floor ?? 0.1);
  const mode = checkChoice("cyclic", "mode", options.mode ?? "triangular", ["triangular", "triangular2", "exponential"]);
  const gamma = checkInterval("cyclic", "gamma", options.gamma ?? 1, 0, 1);
  const period = rise + fall;
  return (step) => {
    const at = step % period;
    const height = at < rise ? at / rise : (period - at) / fall;
    const scale = mode === "triangular" ? 1 : mode === "triangular2" ? 0.5 ** Math.floor(step / period) : gamma ** step;
    return floor + (1 - floor) * height * scale;
  };
}

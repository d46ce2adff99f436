import { noGrad } from "../autograd/tape.js";
import { checkTensor } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import { drawRandom } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import { normalizeAxis, type Shape } from "../util/shape.js";
import { add, div, equal, less, sub } from "./binary.js";
import { firstLargest, positionsAlong } from "./extreme-index.js";
import { max } from "./extremum.js";
import { softmax } from "./softmax.js";
import { argsort } from "./sort.js";
import { affine, clamp, log, neg, toFloat } from "./unary.js";
import { reshape, slice, unsqueeze } from "./views.js";

/** Uniform numbers on [0, 1) on the device of x. */
function uniformBeside(x: Tensor, shape: Shape): Tensor {
  const y = empty(x.backend, shape);
  if (y.size > 0) y.backend.dispatch("randomUniform", { y, n: y.size, ...drawRandom(y.size), low: 0, high: 1 });
  return y;
}

/** Exponential numbers with mean 1, none of them 0 or infinite: weights over them are largest where a draw by the weights falls. */
const exponentialBeside = (x: Tensor, shape: Shape): Tensor => clamp(neg(log(affine(uniformBeside(x, shape), 1, 2 ** -25))), 2 ** -30, 100);

/**
 * Draws 1 with the given probabilities, else 0, from the generator that manualSeed() sets.
 *
 * @param p of any shape: probabilities in [0, 1]
 * @returns the shape of p, float32; no gradient flows
 * @example
 * const mask = sg.bernoulli(sg.full([2, 3], 0.9));
 */
export function bernoulli(p: Tensor): Tensor {
  checkTensor("bernoulli", p, "p");
  return less(uniformBeside(p, p.shape), p.detach());
}

/** Throws unless each row has weights to draw by; where data must be awaited, nothing is checked. */
function checkWeights(weights: Tensor, count: number): void {
  if (weights.backend.async) return;
  const C = nth(weights.shape, weights.rank - 1);
  const data = weights.dataSync();
  for (let start = 0; start < data.length; start += C) {
    let positive = 0;
    for (let i = start; i < start + C; i++) {
      const w = nth(data, i);
      if (!(w >= 0 && w < Number.POSITIVE_INFINITY))
        throw new SeqgradError("range", `multinomial: weight ${i} is ${w}; expected finite numbers of at least 0.`);
      if (w > 0) positive++;
    }
    if (positive < count)
      throw new SeqgradError(
        "range",
        `multinomial: row ${start / C} has ${positive} weights above 0; expected at least ${count}. Draw fewer, or with { replacement: true }.`,
      );
  }
}

/**
 * Draws positions of each row with probabilities in proportion to the weights, from the generator that manualSeed() sets.
 *
 * On a device whose data must be awaited, such as WebGPU, weights that are negative, not finite or all 0 are not refused.
 *
 * @param weights `[C]` or `[rows, C]`, at least 0; they need not add up to 1
 * @param count the number of draws from each row
 * @param options `replacement`: true if a position can be drawn again; default false
 * @returns `[count]` or `[rows, count]`, int32, each in 0..C-1
 * @throws SeqgradError `range` for wrong weights or more draws than weights above 0, `shape`
 * @example
 * const next = sg.multinomial(sg.tensor([0.1, 0.7, 0.2]), 1);
 */
export function multinomial(weights: Tensor, count: number, options: { replacement?: boolean } = {}): Tensor {
  checkTensor("multinomial", weights, "weights");
  checkOptions("multinomial", options, ["replacement"]);
  const replacement = checkBoolean("multinomial", "replacement", options.replacement ?? false);
  if (weights.rank !== 1 && weights.rank !== 2)
    throw new SeqgradError("shape", `multinomial: weights have shape ${formatShape(weights.shape)}; expected [C] or [rows, C].`);
  const C = nth(weights.shape, weights.rank - 1);
  checkInteger("multinomial", "count", count, 1, replacement ? 2 ** 24 : C);
  checkWeights(weights, replacement ? 1 : count);
  return noGrad(() => {
    const x = toFloat(weights);
    const shares = div(x, max(x, { axis: -1, keepDims: true }));
    const lead = weights.shape.slice(0, -1);
    if (!replacement) return slice(argsort(div(shares, exponentialBeside(x, x.shape)), { descending: true }), { axis: -1, end: count });
    const races = div(unsqueeze(shares, { axis: -2 }), exponentialBeside(x, [...lead, count, C]));
    return reshape(firstLargest(races, races.rank - 1), [...lead, count]);
  });
}

export interface GumbelOptions {
  /** The temperature: the smaller, the nearer to one-hot. Default 1. */
  tau?: number;
  /** One-hot forward, with the gradient of the soft result. Default false. */
  hard?: boolean;
  /** The dimension of the classes. Default the last. */
  axis?: number;
}

const gumbelNames = namesOf<GumbelOptions>({ tau: 1, hard: 1, axis: 1 });

/**
 * Draws from the classes with probabilities softmax(logits), in a form through which gradients flow.
 *
 * y = softmax((logits + g) / tau) with Gumbel noise g from the generator that manualSeed() sets
 *
 * @param logits `[..., C]` for the last axis, float32
 * @param options `tau`, `hard` and `axis`: see GumbelOptions
 * @returns the shape of logits, adding up to 1 along the axis
 * @throws SeqgradError `range` for a temperature that is not above 0 or an axis that is not there
 * @see Jang, Gu and Poole 2017, "Categorical Reparameterization with Gumbel-Softmax"; Maddison, Mnih and Teh 2017
 * @example
 * const choice = sg.gumbelSoftmax(sg.tensor([1, 2, 3]), { hard: true });
 */
export function gumbelSoftmax(logits: Tensor, options: GumbelOptions = {}): Tensor {
  checkTensor("gumbelSoftmax", logits, "logits");
  checkOptions("gumbelSoftmax", options, gumbelNames);
  const tau = checkInterval("gumbelSoftmax", "tau", options.tau ?? 1, Number.MIN_VALUE, Number.MAX_VALUE);
  const hard = checkBoolean("gumbelSoftmax", "hard", options.hard ?? false);
  const axis = normalizeAxis("gumbelSoftmax", options.axis ?? -1, logits.rank);
  const noise = noGrad(() => neg(log(exponentialBeside(logits, logits.shape))));
  const y = softmax(affine(add(toFloat(logits), noise), 1 / tau), { axis });
  if (!hard) return y;
  const oneHot = noGrad(() => equal(firstLargest(y.detach(), axis), positionsAlong(y, axis)));
  return add(oneHot, sub(y, y.detach()));
}

import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import type { Shape } from "../util/shape.js";
import { add, notEqual } from "./binary.js";
import { softmax } from "./softmax.js";
import { where } from "./where.js";

/** A mask that hides scores of attention, and a bias that is added to them. Both broadcast to the scores: `[B, N, T, S]`, without heads `[B, T, S]`. */
export interface Masks {
  /**
   * float32 or int32, as comparisons give it. 0 hides a key from a query, and so does -0; every other number shows it, be it a fraction,
   * negative, infinite or NaN. No gradient flows to it.
   */
  mask?: Tensor | undefined;
  /** float32: is added to the scaled scores; -Infinity hides. If it needs a gradient, the scores are stored whole. */
  bias?: Tensor | undefined;
}

/** Throws unless mask and bias broadcast to the scores of shape `full`, whose dimensions `form` names. */
export function checkMasks(op: string, { mask, bias }: Masks, full: Shape, form: string): void {
  for (const [name, x] of Object.entries({ mask, bias })) {
    if (!x) continue;
    const lead = full.length - x.rank;
    if (lead < 0 || !x.shape.every((n, i) => n === 1 || n === full[i + lead]))
      throw new SeqgradError(
        "shape",
        `${op}: ${name} has shape ${formatShape(x.shape)}; expected what broadcasts to ${form} = ${formatShape(full)}.`,
      );
  }
  if (bias && bias.dtype !== "float32")
    throw new SeqgradError(
      "dtype",
      `${op}: bias is ${bias.dtype}; expected float32. Cast it with toFloat(), or give it as the mask if 0 hides.`,
    );
}

/** Mask and bias in one tensor to add: -Infinity where the mask is 0. */
export function asBias({ mask, bias }: Masks): Tensor | undefined {
  return mask ? where(mask.detach(), bias ?? 0, Number.NEGATIVE_INFINITY) : bias;
}

/** The scores with the bias added, and -Infinity where the mask is 0. */
export function maskedScores(scores: Tensor, { mask, bias }: Masks): Tensor {
  const sums = bias ? add(scores, bias) : scores;
  return mask ? where(mask.detach(), sums, Number.NEGATIVE_INFINITY) : sums;
}

/** The lowest finite float32, far below all scores. */
const LOWEST = -3.4028234663852886e38;

/** The softmax over the last axis of what is not -Infinity; a row of nothing else gives 0. All numbers and gradients stay finite. */
export function softmaxOfVisible(scores: Tensor): Tensor {
  const visible = notEqual(scores, Number.NEGATIVE_INFINITY);
  return where(visible, softmax(where(visible, scores, LOWEST)), 0);
}

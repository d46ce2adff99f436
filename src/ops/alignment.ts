import { checkTensor } from "../tensor/internal.js";
import { empty } from "../tensor/memory.js";
import { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { namesOf } from "../util/options.js";
import { dimsOf, type Shape, sameShape } from "../util/shape.js";
import { less, lessEqual, mul, sub } from "./binary.js";
import { checkMasks, type Masks, maskedScores, softmaxOfVisible } from "./masks.js";
import { checkLengths } from "./recurrent.js";
import { softmax } from "./softmax.js";
import { abs } from "./unary.js";
import { unsqueeze } from "./views.js";
import { where } from "./where.js";

/** The keys, of S, that a query sees; mask and bias broadcast to `[B, T, S]`. */
export interface VisibleKeys extends Masks {
  /** int32 `[B]`, each in 0..S: how many keys of a row there are; all S when absent. A query that sees no key gets zeros. */
  lengths?: Tensor | undefined;
  /**
   * Only the keys within floor(window / 2) of the query's position are visible: a window of 3 shows the key there and its two neighbors
   * (Luong, Pham and Manning 2015, local attention). All when absent.
   */
  window?: number | undefined;
  /**
   * The middles of the windows: int32 `[B, T]`, or the position of the first query, which the others follow one by one (their local-m, in
   * which source and target advance together). Default 0; a decoder that goes step by step gives the number of its step.
   */
  positions?: Tensor | number | undefined;
}

export const visibleNames = namesOf<VisibleKeys>({ lengths: 1, window: 1, positions: 1, mask: 1, bias: 1 });

/** Windows and positions are far from the ends of int32. */
const FAR = 2 ** 30;

/** The checked options for queries [B, T]: a window of 0 means none. */
export function windowOf(op: string, [B = 0, T = 0]: Shape, { lengths, window, positions = 0 }: VisibleKeys) {
  if (window !== undefined) checkInteger(op, "window", window, 1, FAR);
  const isTensor = positions instanceof Tensor;
  for (const [name, x, expected] of [
    ["lengths", lengths, [B]],
    ["positions", isTensor ? positions : undefined, [B, T]],
  ] as const) {
    if (x !== undefined) checkTensor(op, x, name);
    if (x && !sameShape(x.shape, expected))
      throw new SeqgradError("shape", `${op}: ${name} have shape ${formatShape(x.shape)}; expected ${formatShape(expected)}.`);
    if (x && x.dtype !== "int32") throw new SeqgradError("dtype", `${op}: ${name} are ${x.dtype}; expected int32.`);
  }
  const start = isTensor ? 0 : checkInteger(op, "positions", positions, 0, FAR);
  return { window: window ?? 0, start, lengths, positions: isTensor && window ? positions : undefined };
}

/** first, first + 1, ... as [n]. */
export function counting(like: Tensor, n: number, first = 0): Tensor {
  const y = empty(like.backend, [n]);
  y.write(Float32Array.from({ length: n }, (_, i) => first + i));
  return y;
}

/** True if mask or bias are given. They are checked for scores of shape [B, T, S]. */
export function hasMasks(op: string, full: Shape, { mask, bias }: VisibleKeys): boolean {
  const there = Object.entries({ mask, bias }).filter(([, x]) => x !== undefined);
  for (const [name, x] of there) checkTensor(op, x, name);
  checkMasks(op, { mask, bias }, full, "[B, T, S]");
  return there.length > 0;
}

/** The softmax over the last axis of scores [B, T, S], of the visible keys alone: the others, and a query that sees none, have 0. */
export function alignmentWeights(op: string, scores: Tensor, keys: VisibleKeys): Tensor {
  const { window, start, lengths, positions } = windowOf(op, scores.shape, keys);
  const isMasked = hasMasks(op, scores.shape, keys);
  if (!lengths && !window && !isMasked) return softmax(scores);
  const [, T, S] = dimsOf(scores.shape, 3);
  if (lengths) checkLengths(op, lengths, 0, S);
  const j = counting(scores, S);
  const there = lengths && less(j, unsqueeze(unsqueeze(lengths, { axis: 1 }), { axis: 1 }));
  const middles = unsqueeze(positions ?? counting(scores, T, start), { axis: -1 });
  const near = window ? lessEqual(abs(sub(j, middles)), Math.floor(window / 2)) : undefined;
  const inPlace = there && near ? mul(there, near) : (there ?? near);
  const masked = maskedScores(scores, keys);
  return softmaxOfVisible(inPlace ? where(inPlace, masked, Number.NEGATIVE_INFINITY) : masked);
}

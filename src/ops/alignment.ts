import { empty, type Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { less, lessEqual, mul, sub } from "./binary.js";
import { softmax } from "./softmax.js";
import { abs } from "./unary.js";
import { unsqueeze } from "./views.js";
import { where } from "./where.js";

/** Windows and positions are far from the ends of int32. */
const FAR = 2 ** 30;

/** Which of the S keys a query sees. */
export interface VisibleKeys {
  /** int32 `[B]`, each in 0..S: how many keys of a row there are; all S when absent. A query that sees no key gets zeros. */
  lengths?: Tensor | undefined;
  /**
   * Only the keys within floor(window / 2) of the query's position are visible: a window of 3 shows the key there and its two neighbours
   * (Luong, Pham and Manning 2015, local attention). All when absent.
   */
  window?: number | undefined;
  /**
   * The middles of the windows: int32 `[B, T]`, or the position of the first query, which the others follow one by one (their local-m, in
   * which source and target advance together). Default 0; a decoder that goes step by step gives the number of its step.
   */
  positions?: Tensor | number | undefined;
}

/** The numbers that a kernel takes for VisibleKeys (window 0: none), and the tensors that it reads. */
export function windowOf(op: string, { lengths, window, positions = 0 }: VisibleKeys) {
  if (window !== undefined) checkInteger(op, "window", window, 1, FAR);
  const start = typeof positions === "number" ? checkInteger(op, "positions", positions, 0, FAR) : 0;
  return { window: window ?? 0, start, lengths, positions: window === undefined || typeof positions === "number" ? undefined : positions };
}

/** first, first + 1, ... as [n]. */
function counting(like: Tensor, n: number, first = 0): Tensor {
  const y = empty(like.backend, [n]);
  y.write(Float32Array.from({ length: n }, (_, i) => first + i));
  return y;
}

/** 1 where a query of scores [B, T, S] sees a key, else 0, in a shape that broadcasts to theirs; undefined where every one sees all. */
function visible(scores: Tensor, { lengths, window, positions = 0 }: VisibleKeys): Tensor | undefined {
  if (!lengths && window === undefined) return undefined;
  const [, T, S] = scores.shape as [number, number, number];
  const j = counting(scores, S);
  const there = lengths && less(j, unsqueeze(unsqueeze(lengths, 1), 1));
  if (window === undefined) return there;
  const middles = typeof positions === "number" ? counting(scores, T, positions) : positions;
  const near = lessEqual(abs(sub(j, unsqueeze(middles, -1))), Math.floor(window / 2));
  return there ? mul(there, near) : near;
}

/** The softmax over the last axis of scores [B, T, S], of the visible keys alone: the others, and a query that sees none, have 0. */
export function alignmentWeights(scores: Tensor, keys: VisibleKeys): Tensor {
  const mask = visible(scores, keys);
  return mask ? where(mask, softmax(where(mask, scores, -1e30)), 0) : softmax(scores);
}

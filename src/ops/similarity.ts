import type { Tensor } from "../tensor/tensor.js";
import { checkInterval } from "../util/check.js";
import { checkOptions } from "../util/options.js";
import { broadcastShapes, normalizeAxis } from "../util/shape.js";
import { div, maximum, mul } from "./binary.js";
import { checkTensors } from "./define-op.js";
import { expand } from "./expand.js";
import { sum } from "./reduce.js";
import { toFloat } from "./unary.js";
import { norm } from "./variance.js";

export interface SimilarityOptions {
  /** The dimension of the vectors, which vanishes. Default the last. */
  axis?: number;
  /** The least norm that is divided by. Default 1e-8. */
  eps?: number;
}

/**
 * Returns the cosine of the angle between vectors along `axis`, with broadcasting; 0 if one is all zeros.
 *
 * y = a . b / (|a| |b|), each norm at least `eps`
 *
 * @param a of any shape, float32 or int32
 * @param b of a shape that broadcasts with a
 * @param options `axis`: the dimension of a vector, default the last. `eps`: the least norm, default 1e-8
 * @returns the broadcast shape without the axis, float32
 * @throws SeqgradError `shape` when they do not broadcast, `range` for an axis that is not there
 * @example
 * sg.cosineSimilarity(sg.tensor([1, 0]), sg.fromArray([[2, 0], [3, 3], [-1, 0]])); // = [1, Math.SQRT1_2, -1]
 */
export function cosineSimilarity(a: Tensor, b: Tensor, options: SimilarityOptions = {}): Tensor {
  checkTensors("cosineSimilarity", [a, b], ["a", "b"]);
  checkOptions("cosineSimilarity", options, ["axis", "eps"]);
  const eps = checkInterval("cosineSimilarity", "eps", options.eps ?? 1e-8, 0);
  const shape = broadcastShapes("cosineSimilarity", a.shape, b.shape);
  const axis = normalizeAxis("cosineSimilarity", options.axis ?? -1, shape.length);
  const unit = (x: Tensor) => {
    const vectors = expand(toFloat(x), shape);
    return div(vectors, maximum(norm(vectors, { axis, keepDims: true }), eps));
  };
  return sum(mul(unit(a), unit(b)), { axis });
}

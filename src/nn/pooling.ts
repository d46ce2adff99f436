import { counting } from "../ops/alignment.js";
import { less, mul, sub } from "../ops/binary.js";
import { constant } from "../ops/define-op.js";
import { max } from "../ops/extremum.js";
import { matmul } from "../ops/matmul.js";
import { softmax } from "../ops/softmax.js";
import { affine } from "../ops/unary.js";
import { squeeze, unsqueeze } from "../ops/views.js";
import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkList } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";

export const poolings = ["mean", "max", "attention"] as const;
export type PoolingKind = (typeof poolings)[number];

/**
 * Reduces a sequence to one vector: the mean of its steps, the largest value of each feature, or a learned weighted mean.
 *
 * "mean": y = mean_t x_t, "max": y = max_t x_t, "attention": y = sum_t softmax_t(w . x_t) x_t with a learned w. Steps past a row's length
 * are left out.
 *
 * @param kind "mean", "max" or "attention"
 * @param features D, the size of a step
 * @throws SeqgradError `value` for an unknown kind, `range` for a size below 1
 * @see Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", for "attention"
 * @example
 * new sg.nn.Pooling("mean", 4).forward(sg.randn([2, 5, 4]), [5, 3]).shape; // = [2, 4]
 */
export class Pooling extends Module {
  /** w of the weights, where they are learned. */
  readonly score: Linear | undefined;

  constructor(
    readonly kind: PoolingKind,
    features: number,
  ) {
    super();
    checkChoice("Pooling", "kind", kind, poolings);
    checkInteger("Pooling", "features", features, 1);
    this.score = kind === "attention" ? new Linear(features, 1) : undefined;
  }

  /**
   * Reduces each row.
   *
   * @param x `[B, T, D]`, float32
   * @param given the lengths of the rows, each in 1..T; default T
   * @returns `[B, D]`
   * @throws SeqgradError `shape` for another shape or number of lengths, `range` for a length outside 1..T
   */
  forward(x: Tensor, given?: readonly number[]): Tensor {
    checkTensor("Pooling", x, "x");
    const lengths = given ?? new Array<number>(x.shape[0] ?? 0).fill(x.shape[1] ?? 0);
    checkList("Pooling", "lengths", lengths, "a number of steps for each row");
    const [B, T] = x.shape as [number, number];
    if (x.rank !== 3 || lengths.length !== B)
      throw new SeqgradError(
        "shape",
        `Pooling: x ${formatShape(x.shape)} with ${lengths.length} lengths; expected [B, T, E] and B lengths.`,
      );
    for (let b = 0; b < B; b++) checkInteger("Pooling", `lengths[${b}]`, lengths[b]!, 1, T);
    const valid = less(counting(x, T), constant(x, Int32Array.from(lengths), [B, 1])); // [B, T]
    // What is subtracted from steps that do not count: enough to lose against any number.
    const penalty = affine(valid, -1e30, 1e30);
    if (this.kind === "max") return max(sub(mul(x, unsqueeze(valid, { axis: 2 })), unsqueeze(penalty, { axis: 2 })), { axis: 1 });
    const scores = this.score ? squeeze(this.score.forward(x), { axis: 2 }) : affine(valid, 0);
    const weights = softmax(sub(scores, penalty));
    return squeeze(matmul(unsqueeze(weights, { axis: 1 }), x), { axis: 1 });
  }
}

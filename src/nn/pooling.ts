import { counting } from "../ops/alignment.js";
import { less, notEqual } from "../ops/binary.js";
import { checkTensors, constant } from "../ops/define-op.js";
import { expand } from "../ops/expand.js";
import { max } from "../ops/extremum.js";
import { checkMasks, type Masks, maskedScores, softmaxOfVisible } from "../ops/masks.js";
import { matmul } from "../ops/matmul.js";
import { affine } from "../ops/unary.js";
import { squeeze, unsqueeze } from "../ops/views.js";
import { where } from "../ops/where.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkList } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";
import { observerOf, type Quantities } from "./observed.js";

export const poolings = ["mean", "max", "attention"] as const;
export type PoolingKind = (typeof poolings)[number];

/** The steps that count; mask and bias broadcast to `[B, T]`. A bias needs the scores of kind "attention". */
export interface PoolingCall extends Masks {
  /** The number of steps of each row, each in 1..T; all T by default. */
  lengths?: readonly number[] | undefined;
}

const callNames = namesOf<PoolingCall>({ lengths: 1, mask: 1, bias: 1 });

/**
 * Reduces a sequence to one vector: the mean of its steps, the largest value of each feature, or a learned weighted mean.
 *
 * "mean": y = mean_t x_t, "max": y = max_t x_t, "attention": y = sum_t softmax_t(w . x_t) x_t with a learned w. Steps past a row's length
 * and those where the mask is 0 are left out.
 *
 * @param kind "mean", "max" or "attention"
 * @param features D, the size of a step
 * @throws SeqgradError `value` for an unknown kind, `range` for a size below 1
 * @see Yang et al. 2016, "Hierarchical Attention Networks for Document Classification", for "attention"
 * @example
 * new sg.nn.Pooling("mean", 4).forward(sg.randn([2, 5, 4]), { lengths: [5, 3] }).shape; // = [2, 4]
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
   * @param call the steps that count: see PoolingCall; all by default
   * @returns `[B, D]`; 0 for a row of which no step counts
   * @throws SeqgradError `shape` for a shape or number of lengths that does not fit, `range` for a length outside 1..T, `value` for a bias
   *   without scores
   */
  forward(x: Tensor, call: PoolingCall = {}): Tensor {
    checkTensor("Pooling", x, "x");
    checkOptions("Pooling", call, callNames, "write forward(x, { lengths: [5, 3] }).");
    const scores = this.#scores(x, call);
    if (this.kind === "max") {
      const visible = unsqueeze(notEqual(scores, Number.NEGATIVE_INFINITY), { axis: 2 });
      const largest = max(where(visible, x, Number.NEGATIVE_INFINITY), { axis: 1 });
      return where(max(visible, { axis: 1 }), largest, 0);
    }
    const weights = softmaxOfVisible(scores);
    if (this.score) observerOf(this)?.show("weights", () => weights);
    return squeeze(matmul(unsqueeze(weights, { axis: 1 }), x), { axis: 1 });
  }

  protected override get quantities(): Quantities | undefined {
    return this.score && { kind: "attention" };
  }

  /** The scores of the steps, `[B, T]`, 0 where none are learned, -Infinity for those that do not count. */
  #scores(x: Tensor, call: PoolingCall): Tensor {
    const { lengths, mask, bias } = call;
    if (x.rank !== 3) throw new SeqgradError("shape", `Pooling: x has shape ${formatShape(x.shape)}; expected [B, T, D].`);
    const [B, T] = dimsOf(x.shape, 3);
    for (const [name, part] of Object.entries({ mask, bias })) if (part !== undefined) checkTensors("Pooling", [x, part], ["x", name]);
    checkMasks("Pooling", call, [B, T], "[B, T]");
    if (bias && !this.score)
      throw new SeqgradError("value", `Pooling: kind "${this.kind}" has no scores to add a bias to; use kind "attention", or a mask.`);
    const steps = counting(x, T);
    if (lengths) checkLengths(lengths, B, T);
    const scores = this.score ? squeeze(this.score.forward(x), { axis: 2 }) : expand(affine(steps, 0), [B, T]);
    const masked = maskedScores(scores, call);
    return lengths ? where(less(steps, constant(x, Int32Array.from(lengths), [B, 1])), masked, Number.NEGATIVE_INFINITY) : masked;
  }
}

function checkLengths(lengths: readonly number[], B: number, T: number): void {
  checkList("Pooling", "lengths", lengths, "a number of steps for each row");
  if (lengths.length !== B) throw new SeqgradError("shape", `Pooling: got ${lengths.length} lengths for ${B} rows; expected one for each.`);
  for (const [b, n] of Array.from(lengths).entries()) checkInteger("Pooling", `lengths[${b}]`, n, 1, T);
}

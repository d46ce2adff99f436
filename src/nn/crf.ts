import { type CrfScores, crfLoss } from "../ops/crf.js";
import type { LossOptions } from "../ops/cross-entropy.js";
import { parameter } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/**
 * A conditional random field over a chain of tags: it learns which tag may follow which, begin a sequence, and end it.
 *
 * score(tags) = starts[tags_0] + sum_t emissions[t, tags_t] + sum_t transitions[tags_(t-1), tags_t] + ends[tags_(T-1)]. The three tables
 * are uniform on +-0.1 at first. `viterbi(emissions, crf, lengths)` finds the likeliest tags.
 *
 * @param tags K, the number of tags
 * @throws SeqgradError `range` for a number below 1
 * @see Lafferty, McCallum and Pereira 2001, "Conditional Random Fields"
 * @example
 * const crf = new sg.nn.CRF(3);
 * const loss = crf.loss(sg.randn([2, 4, 3]), [[0, 1, 2, 2], [1, 1]]);
 */
export class CRF extends Module implements CrfScores {
  readonly transitions: Tensor;
  readonly starts: Tensor;
  readonly ends: Tensor;

  constructor(tags: number) {
    super();
    try {
      checkInteger("CRF", "tags", tags, 1);
      const uniform = (y: Tensor) => init.uniform(y, -0.1, 0.1);
      this.transitions = parameter([tags, tags], uniform);
      this.starts = parameter([tags], uniform);
      this.ends = parameter([tags], uniform);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Returns the negative log-likelihood of the tags: see `crfLoss`.
   *
   * @param emissions `[B, T, K]`, float32, the scores of the tags at each step
   * @param tags the tags of each row, whole numbers in 0..K-1; their number is the length of the row
   * @param options `reduction`: see LossOptions
   * @returns a scalar, or `[B]` without a reduction, in nats
   * @throws SeqgradError `range` for a tag that is not there, `shape`
   */
  loss(emissions: Tensor, tags: readonly ArrayLike<number>[], options: LossOptions = {}): Tensor {
    return crfLoss(emissions, tags, this, options);
  }
}

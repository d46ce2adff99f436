import { type CrfScores, crfLoss } from "../ops/crf.js";
import type { LossOptions } from "../ops/cross-entropy.js";
import { parameter } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/**
 * The scores of a linear-chain conditional random field over K tags, uniform on +-0.1 at first: what tag may follow which, begin, and end.
 * Trained by `loss`; `viterbi(emissions, crf, lengths)` finds the likeliest tags.
 * @throws SeqgradError `range` for no tag
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

  /** The negative log-likelihood of the tags: see `crfLoss`. */
  loss(emissions: Tensor, tags: readonly ArrayLike<number>[], options: LossOptions = {}): Tensor {
    return crfLoss(emissions, tags, this, options);
  }
}

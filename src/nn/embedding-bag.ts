import { div, mul, notEqual } from "../ops/binary.js";
import { max } from "../ops/extremum.js";
import { embedding } from "../ops/gather.js";
import { sum } from "../ops/reduce.js";
import { unsqueeze } from "../ops/views.js";
import { where } from "../ops/where.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { Embedding } from "./layers.js";

const modes = ["mean", "sum", "max"] as const;

/**
 * Looks up vectors in a table and reduces each row of indices to one vector: the mean, sum or maximum.
 *
 * Indices that are `paddingIndex` are left out; a row of nothing else gives 0. The table `weight` `[V, D]` is standard normal at first.
 *
 * @param numEmbeddings V, the number of rows of the table
 * @param embeddingDim D, the size of a vector
 * @param options `mode`: "mean", "sum" or "max", default "mean". `paddingIndex`: an index to leave out, default none. `init`: writes the
 *   first values
 * @throws SeqgradError `range` for a size below 1, `value` for another mode
 * @see PyTorch's nn.EmbeddingBag
 * @example
 * const bag = new sg.nn.EmbeddingBag(1000, 64, { paddingIndex: 0 });
 * bag.forward(sg.fromArray([[5, 2, 0], [7, 0, 0]], { dtype: "int32" })).shape; // = [2, 64]
 */
export class EmbeddingBag extends Embedding {
  readonly mode: (typeof modes)[number];

  constructor(
    numEmbeddings: number,
    embeddingDim: number,
    options: { mode?: (typeof modes)[number]; paddingIndex?: number; init?: (y: Tensor) => void } = {},
  ) {
    checkOptions("EmbeddingBag", options, ["mode", "paddingIndex", "init"]);
    const { mode = "mean", ...rest } = options;
    checkChoice("EmbeddingBag", "mode", mode, modes);
    checkInteger("EmbeddingBag", "numEmbeddings", numEmbeddings, 1);
    checkInteger("EmbeddingBag", "embeddingDim", embeddingDim, 1);
    super(numEmbeddings, embeddingDim, rest);
    this.mode = mode;
  }

  /**
   * Reduces the vectors of each row of indices.
   *
   * @param index `[..., L]`, int32
   * @param weight `[..., L]`, float32: the factor of each vector, only with the mode "sum"; default 1
   * @returns `[..., D]`
   * @throws SeqgradError `range` for an index outside the table, `dtype` unless the indices are int32, `shape` for weights of another
   *   shape, `value` for weights with another mode
   */
  override forward(index: Tensor, weight?: Tensor): Tensor {
    checkTensor("EmbeddingBag", index, "the index");
    if (weight !== undefined) checkTensor("EmbeddingBag", weight, "the weight");
    if (index.rank === 0) throw new SeqgradError("shape", "EmbeddingBag: the index is a scalar; expected [..., L].");
    if (weight !== undefined && this.mode !== "sum")
      throw new SeqgradError("value", `EmbeddingBag: weights go with the mode "sum"; this one is "${this.mode}".`);
    const { paddingIndex } = this;
    const vectors = embedding(index, this.weight, paddingIndex === undefined ? {} : { paddingIndex });
    const counts = notEqual(index, paddingIndex ?? -1);
    const seen = unsqueeze(counts, { axis: -1 });
    if (this.mode === "max") {
      const isEmpty = unsqueeze(sum(counts, { axis: -1 }), { axis: -1 });
      return where(isEmpty, max(where(seen, vectors, Number.NEGATIVE_INFINITY), { axis: -2 }), 0);
    }
    if (weight !== undefined && formatShape(weight.shape) !== formatShape(index.shape))
      throw new SeqgradError(
        "shape",
        `EmbeddingBag: the weights have shape ${formatShape(weight.shape)}, the index ${formatShape(index.shape)}.`,
      );
    const total = sum(where(seen, weight ? mul(vectors, unsqueeze(weight, { axis: -1 })) : vectors, 0), { axis: -2 });
    if (this.mode === "sum") return total;
    const n = sum(counts, { axis: -1, keepDims: true });
    return div(total, where(n, n, 1));
  }
}

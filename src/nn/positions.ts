import { add } from "../ops/binary.js";
import { checkTensors } from "../ops/define-op.js";
import { slice } from "../ops/views.js";
import { parameter } from "../tensor/create.js";
import { empty } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/** Throws unless x is `[..., T, D]`. */
function checkVectors(op: string, x: Tensor, dimension: number): void {
  checkTensors(op, [x], ["x"]);
  if (x.rank < 2 || x.shape.at(-1) !== dimension)
    throw new SeqgradError("shape", `${op}: x has shape ${formatShape(x.shape)}; expected [B, T, ${dimension}].`);
}

/** The number of positions whose encodings are kept; later ones are computed at each call. */
const TABLE = 2 ** 16;

/**
 * Adds sines and cosines of its position to each vector. There is nothing to train, and no last position.
 *
 * PE(p, 2i) = sin(p / 10000^(2i / D)), PE(p, 2i + 1) = cos(p / 10000^(2i / D)), y_p = x_p + PE(p)
 *
 * @param dimension D, the size of a vector
 * @throws SeqgradError `range` for a dimension below 1
 * @see Vaswani et al. 2017, "Attention Is All You Need", section 3.5
 * @example
 * new sg.nn.SinusoidalPositionalEncoding(2).forward(sg.zeros([1, 2, 2])); // = [[[0, 1], [0.8415, 0.5403]]]
 */
export class SinusoidalPositionalEncoding extends Module {
  /** Of the positions seen so far, on the host. */
  #table = new Float32Array(0);

  constructor(readonly dimension: number) {
    super();
    checkInteger("SinusoidalPositionalEncoding", "dimension", dimension, 1);
  }

  /**
   * Adds the encoding.
   *
   * @param x `[..., T, D]`, float32
   * @param options `offset`: the position of the first vector; default 0
   * @returns `[..., T, D]`
   * @throws SeqgradError `shape`, `range` for an offset below 0
   */
  forward(x: Tensor, options: { offset?: number } = {}): Tensor {
    const { dimension: D } = this;
    checkOptions("SinusoidalPositionalEncoding", options, ["offset"]);
    checkVectors("SinusoidalPositionalEncoding", x, D);
    const start = checkInteger("SinusoidalPositionalEncoding", "offset", options.offset ?? 0);
    const T = nth(x.shape, x.rank - 2);
    const end = start + T;
    if (end <= TABLE && end * D > this.#table.length) this.#table = sinusoids(0, Math.max(end, (2 * this.#table.length) / D), D);
    const encoding = empty(x.backend, [T, D]);
    encoding.write(end <= TABLE ? this.#table.subarray(start * D, end * D) : sinusoids(start, end, D));
    return add(x, encoding);
  }
}

/** PE of positions `from` to `to`, rows of D. */
function sinusoids(from: number, to: number, D: number): Float32Array<ArrayBuffer> {
  const table = new Float32Array((to - from) * D);
  for (let i = 0; i < D; i += 2) {
    const frequency = 10000 ** (-i / D);
    for (let p = from; p < to; p++) {
      const at = (p - from) * D + i;
      table[at] = Math.sin(p * frequency);
      if (i + 1 < D) table[at + 1] = Math.cos(p * frequency);
    }
  }
  return table;
}

/**
 * Adds a learned vector of its position to each vector.
 *
 * y_p = x_p + weight[p], where weight `[positions, D]` is normal with deviation 0.02 at first
 *
 * @param positions the number of positions, and of rows of the table
 * @param dimension D, the size of a vector
 * @throws SeqgradError `range` for a size below 1
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"
 * @example
 * new sg.nn.LearnedPositionalEmbedding(64, 32).forward(sg.zeros([2, 10, 32])).shape; // = [2, 10, 32]
 */
export class LearnedPositionalEmbedding extends Module {
  readonly weight: Tensor;

  constructor(
    readonly positions: number,
    readonly dimension: number,
  ) {
    super();
    checkInteger("LearnedPositionalEmbedding", "positions", positions, 1);
    checkInteger("LearnedPositionalEmbedding", "dimension", dimension, 1);
    this.weight = parameter([positions, dimension], (y) => init.normal(y, 0, 0.02));
  }

  /**
   * Adds the vectors of the positions.
   *
   * @param x `[..., T, D]`, float32
   * @param options `offset`: the position of the first vector; default 0
   * @returns `[..., T, D]`
   * @throws SeqgradError `shape`, `range` for positions past the table
   */
  forward(x: Tensor, options: { offset?: number } = {}): Tensor {
    checkOptions("LearnedPositionalEmbedding", options, ["offset"]);
    checkVectors("LearnedPositionalEmbedding", x, this.dimension);
    const start = checkInteger("LearnedPositionalEmbedding", "offset", options.offset ?? 0);
    const end = start + nth(x.shape, x.rank - 2);
    if (end > this.positions) {
      throw new SeqgradError(
        "range",
        `LearnedPositionalEmbedding: position ${end - 1} is past the table, which has ${this.positions}; give shorter sequences, or make a longer table.`,
      );
    }
    return add(x, slice(this.weight, { start, end }));
  }
}

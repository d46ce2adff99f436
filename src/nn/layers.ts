import { dropout } from "../ops/dropout.js";
import { embedding } from "../ops/gather.js";
import { linear } from "../ops/linear.js";
import { parameter } from "../tensor/create.js";
import { checkTensor, internal } from "../tensor/internal.js";
import { checkNumbers } from "../tensor/numbers.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFunction, checkInteger, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, refuseExtra } from "../util/options.js";
import { sameShape } from "../util/shape.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/**
 * Applies a linear map to the last dimension.
 *
 * y = x W^T + b. W `[H, D]` and b `[H]` are uniform on +-1/sqrt(D) at first, as in PyTorch.
 *
 * @param inFeatures D, the size of the last dimension of x
 * @param outFeatures H, the size of the last dimension of y
 * @param options `bias`: add b; default true. `weight`: W of another layer, which both train, such as an embedding's table; default its own
 * @throws SeqgradError `range` for a size below 1, `shape` for a shared W of another shape, `value` for one that is not a parameter
 * @example
 * new sg.nn.Linear(64, 10).forward(sg.randn([8, 20, 64])).shape; // = [8, 20, 10]
 */
export class Linear extends Module {
  readonly weight: Tensor;
  readonly bias: Tensor | undefined;

  constructor(inFeatures: number, outFeatures: number, options: { bias?: boolean; weight?: Tensor } = {}) {
    super();
    checkOptions("Linear", options, ["bias", "weight"]);
    const hasBias = checkBoolean("Linear", "bias", options.bias ?? true);
    try {
      checkInteger("Linear", "inFeatures", inFeatures, 1);
      checkInteger("Linear", "outFeatures", outFeatures, 1);
      const bound = 1 / Math.sqrt(inFeatures);
      const uniform = (y: Tensor) => init.uniform(y, -bound, bound);
      const shape = [outFeatures, inFeatures];
      this.weight = options.weight === undefined ? parameter(shape, uniform) : checkShared(options.weight, shape);
      this.bias = hasBias ? parameter([outFeatures], uniform) : undefined;
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Applies the map.
   *
   * @param x `[..., D]`, float32
   * @returns `[..., H]`
   * @throws SeqgradError `shape`, `dtype`
   */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
  }
}

/** The weight of another layer, if a linear layer can have it too. */
function checkShared(weight: Tensor, shape: readonly number[]): Tensor {
  if (checkTensor("Linear", weight, "weight").role !== "parameter")
    throw new SeqgradError("value", "Linear: weight is not a parameter; give the weight of another layer, such as embedding.weight.");
  if (sameShape(weight.shape, shape)) return weight;
  const got = `weight has shape ${formatShape(weight.shape)}`;
  throw new SeqgradError("shape", `Linear: ${got}; expected [outFeatures, inFeatures], ${formatShape(shape)}.`);
}

/**
 * Looks up vectors in a table by index.
 *
 * y[b, t] = weight[index[b, t]], for a table weight `[V, D]`
 *
 * @param numEmbeddings V, the number of rows of the table
 * @param embeddingDim D, the size of a vector
 * @param options `paddingIndex`: a row that is 0 at first and gets no gradient, default none. `init`: writes the first values, default
 *   standard normal
 * @throws SeqgradError `range` for a size below 1
 * @example
 * const tokens = sg.fromArray([[5, 2, 0], [7, 0, 0]], { dtype: "int32" });
 * new sg.nn.Embedding(1000, 64, { paddingIndex: 0 }).forward(tokens).shape; // = [2, 3, 64]
 */
export class Embedding extends Module {
  readonly weight: Tensor;
  /** The row that is 0 at first and gets no gradient. */
  readonly paddingIndex: number | undefined;

  constructor(numEmbeddings: number, embeddingDim: number, options: { paddingIndex?: number; init?: (y: Tensor) => void } = {}) {
    super();
    checkInteger("Embedding", "numEmbeddings", numEmbeddings, 1);
    checkInteger("Embedding", "embeddingDim", embeddingDim, 1);
    checkOptions("Embedding", options, ["paddingIndex", "init"]);
    const { paddingIndex, init: begin = init.normal } = options;
    checkFunction("Embedding", "init", begin);
    if (paddingIndex !== undefined) checkInteger("Embedding", "paddingIndex", paddingIndex, 0, numEmbeddings - 1);
    this.paddingIndex = paddingIndex;
    this.weight = parameter([numEmbeddings, embeddingDim], (y) => {
      begin(y);
      const row = internal(y).address + (paddingIndex ?? 0) * embeddingDim * 4;
      if (paddingIndex !== undefined) y.backend.dispatch("fill", { y: row, n: embeddingDim, value: 0 });
    });
  }

  /**
   * Makes the table from vectors that exist already: row i is the vector of word i.
   *
   * @param vectors the size of a vector and the data, row by row, as `text.WordVectors` has them
   * @param options `frozen`: no optimizer changes the table, but it is saved and moved with the model; default false. `paddingIndex`: as in
   *   the constructor
   * @returns the layer
   * @throws SeqgradError `range` for data that do not divide into vectors
   * @example
   * const vectors = new sg.text.WordVectors(["cat", "dog"], 2, Float32Array.of(1, 0, 0.9, 0.1));
   * sg.nn.Embedding.fromVectors(vectors, { frozen: true }).parameterCount(); // = 0
   */
  static fromVectors(
    vectors: { readonly dimension: number; readonly data: Float32Array },
    options: { frozen?: boolean; paddingIndex?: number } = {},
  ): Embedding {
    const op = "Embedding.fromVectors";
    checkOptions(op, options, ["frozen", "paddingIndex"]);
    const { frozen = false, ...rest } = options;
    checkBoolean(op, "frozen", frozen);
    const dimension = checkInteger(op, "dimension", vectors?.dimension, 1);
    const data = checkNumbers(op, vectors.data, "float32");
    const words = checkInteger(op, "the number of words (numbers / dimension)", data.length / dimension, 1);
    const layer = new Embedding(words, dimension, { ...rest, init: (y) => y.write(data) });
    if (frozen) {
      layer.weight.requiresGrad = false;
      internal(layer.weight).role = "buffer";
      internal(layer.weight).storage.kind = "buffer"; // for memory()
    }
    return layer;
  }

  /**
   * Looks the indices up.
   *
   * @param index `[...]`, int32, each in 0..V-1
   * @returns `[..., D]`
   * @throws SeqgradError `range` for an index outside the table, `dtype` unless the indices are int32
   */
  forward(index: Tensor): Tensor {
    return embedding(index, this.weight, this.paddingIndex === undefined ? {} : { paddingIndex: this.paddingIndex });
  }
}

/**
 * Zeroes each element with probability p while training; the identity in evaluation.
 *
 * y = x m / (1 - p), where m is 0 with probability p, else 1
 *
 * @param p probability of zeroing an element, from 0 to 1; default 0.5
 * @throws SeqgradError `range` unless p is in [0, 1]
 * @example
 * const y = new sg.nn.Dropout(0.2).forward(sg.ones([4, 8]));
 */
export class Dropout extends Module {
  constructor(
    readonly p = 0.5,
    ...extra: never[]
  ) {
    super();
    refuseExtra("Dropout", extra);
    checkInterval("Dropout", "p", p, 0, 1);
  }

  /**
   * Zeroes elements while training.
   *
   * @param x of any shape, float32
   * @returns the shape of x; in evaluation x itself
   */
  forward(x: Tensor): Tensor {
    return dropout(x, this.p, this.training);
  }
}

/** A layer from one tensor to one tensor. */
export type UnaryModule = Module & { forward(x: Tensor): Tensor };

/**
 * Layers one after another.
 *
 * y = f_n(... f_2(f_1(x)))
 *
 * @param steps layers, and functions of one tensor, in the order in which they run
 * @throws SeqgradError `value` for an argument that is neither
 * @example
 * const mlp = new sg.nn.Sequential(new sg.nn.Linear(4, 8), sg.relu, new sg.nn.Linear(8, 2));
 * mlp.forward(sg.randn([16, 4])).shape; // = [16, 2]
 */
export class Sequential extends Module {
  readonly #steps: readonly (UnaryModule | ((x: Tensor) => Tensor))[];

  constructor(...steps: (UnaryModule | ((x: Tensor) => Tensor))[]) {
    super();
    for (const [i, step] of steps.entries())
      if (typeof step !== "function" && !(step instanceof Module && "forward" in step))
        throw new SeqgradError(
          "value",
          `Sequential: argument ${i} is ${shown(step)}; give layers and functions of one tensor, not in an array.`,
        );
    this.#steps = steps;
    // Named by position, as PyTorch names them.
    for (const [i, step] of steps.entries()) if (step instanceof Module) Object.assign(this, { [i]: step });
  }

  /**
   * Applies all steps.
   *
   * @param x the input of the first step
   * @returns the output of the last step; without steps x itself
   */
  forward(x: Tensor): Tensor {
    return this.#steps.reduce((y, step) => (step instanceof Module ? step.forward(y) : step(y)), x);
  }
}

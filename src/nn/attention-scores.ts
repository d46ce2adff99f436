import { additiveAttention } from "../ops/additive-attention.js";
import { alignmentWeights, type VisibleKeys, visibleNames } from "../ops/alignment.js";
import { attend } from "../ops/attend.js";
import { matmul } from "../ops/matmul.js";
import { affine } from "../ops/unary.js";
import { transpose } from "../ops/views.js";
import { parameter } from "../tensor/create.js";
import { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkFinite, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import * as init from "./init.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";
import { toLengths } from "./multihead-attention.js";
import { observerOf, type Quantities } from "./observed.js";

/** The keys and values that a query attends to. */
export interface Attended {
  /** `[B, T, K]`: the mean of the keys, by the weights. */
  readonly context: Tensor;
  /** `[B, T, S]`: how much each query attends to each key; a row adds up to 1, or is 0 where nothing is visible. */
  readonly weights: Tensor;
}

export interface AttendOptions extends Omit<VisibleKeys, "lengths"> {
  /** int32 `[B]`, each in 0..S: how many keys of a row there are; all when absent. */
  lengths?: Tensor | readonly number[] | undefined;
}

/** A source ready for all steps of a decoder. */
export interface ProjectedKeys {
  /** `[B, S, K]`, as they were given. */
  readonly values: Tensor;
  /** In the form that the layer's score takes. */
  readonly keys: Tensor;
}

/** The attention of a decoder to what an encoder read; the layers differ by the score of a query and a key. */
abstract class Alignment extends Module {
  protected constructor(protected readonly op: string) {
    super();
  }

  /**
   * Projects the keys once, for a decoder that calls forward() at every step.
   *
   * @param keys `[B, S, K]`, float32
   * @returns the source for forward()
   * @throws SeqgradError `shape` unless the keys have three dimensions, `value` for keys that are not a tensor
   */
  project(keys: Tensor): ProjectedKeys {
    this.#check("the keys", keys, "[B, S, K]");
    return { values: keys, keys: this.projectKeys(keys) };
  }

  /**
   * Attends to the keys.
   *
   * @param query `[B, T, Q]`, float32
   * @param keys `[B, S, K]`, float32, or the result of project()
   * @param options the visible keys: see AttendOptions; all by default
   * @returns context `[B, T, K]` and weights `[B, T, S]`
   * @throws SeqgradError `shape` for shapes that do not fit together, `dtype` for lengths or positions that are not int32, `range` for a
   *   length outside 0..S or a window below 1
   */
  forward(query: Tensor, keys: Tensor | ProjectedKeys, options: AttendOptions = {}): Attended {
    checkOptions(this.op, options, visibleNames);
    this.#check("the query", query, "[B, T, Q]");
    const source = keys instanceof Object && "values" in keys ? keys : this.project(keys);
    this.#check("the values", source.values, "[B, S, K]");
    this.#check("the projected keys", source.keys, "[B, S, A]");
    const [B, S] = source.values.shape;
    if (query.shape[0] !== B) {
      const got = `the query ${formatShape(query.shape)}, the keys ${formatShape(source.values.shape)}`;
      throw new SeqgradError("shape", `${this.op}: got ${got}; expected the same batch in both.`);
    }
    const attended = this.attend(query, source, { ...options, lengths: toLengths(this.op, options.lengths, query, S) });
    observerOf(this)?.show("weights", () => attended.weights);
    return attended;
  }

  protected override get quantities(): Quantities {
    return { kind: "attention" };
  }

  protected abstract projectKeys(keys: Tensor): Tensor;
  protected abstract attend(query: Tensor, source: ProjectedKeys, visible: VisibleKeys): Attended;

  #check(what: string, x: Tensor, form: string): void {
    if (!(x instanceof Tensor)) throw new SeqgradError("value", `${this.op}: ${what}: no tensor; make one with tensor(data, ${form}).`);
    if (x.rank !== 3) throw new SeqgradError("shape", `${this.op}: ${what}: got shape ${formatShape(x.shape)}; expected ${form}.`);
  }
}

/** Luong's scores: the products of queries and keys of one size. */
function multiply(op: string, query: Tensor, { values, keys }: ProjectedKeys, scale: number, visible: VisibleKeys): Attended {
  if (query.shape[2] !== keys.shape[2]) {
    const got = `the query ${formatShape(query.shape)}, the keys ${formatShape(values.shape)}`;
    throw new SeqgradError("shape", `${op}: got ${got}; expected a query of size ${keys.shape[2]}.`);
  }
  const scores = matmul(query, transpose(keys));
  const weights = alignmentWeights(op, scale === 1 ? scores : affine(scores, scale), visible);
  return { context: attend(weights, values), weights };
}

/**
 * Scores each key by a small network of the query and the key, and averages the keys by these scores.
 *
 * e_ij = v . tanh(W s_i + U h_j), weights_ij = softmax_j(e_ij), context_i = sum_j weights_ij h_j, for the state s_i of a decoder and the
 * keys h_j. Parameters: `query.weight` W `[A, Q]`, `key.weight` U `[A, K]`, with `bias` also `key.bias` `[A]`, and `v` `[A]`.
 *
 * @param querySize Q, the size of a query
 * @param keySize K, the size of a key
 * @param attentionSize A, the units of the small network
 * @param options `bias`: add a bias to U h_j; default false
 * @throws SeqgradError `range` for a size below 1
 * @see Bahdanau, Cho and Bengio 2015, "Neural Machine Translation by Jointly Learning to Align and Translate"
 * @example
 * const attention = new sg.nn.AdditiveAttention(32, 64, 16);
 * const source = attention.project(sg.randn([2, 7, 64])); // what the encoder read, once for all steps
 * const { context, weights } = attention.forward(sg.randn([2, 1, 32]), source, { lengths: [7, 4] });
 * context.shape; // = [2, 1, 64]
 * weights.shape; // = [2, 1, 7]
 */
export class AdditiveAttention extends Alignment {
  readonly query: Linear;
  readonly key: Linear;
  readonly v: Tensor;

  constructor(querySize: number, keySize: number, attentionSize: number, options: { bias?: boolean } = {}) {
    super("AdditiveAttention");
    checkOptions(this.op, options, ["bias"]);
    const bias = checkBoolean(this.op, "bias", options.bias ?? false);
    try {
      checkInteger(this.op, "querySize", querySize, 1);
      checkInteger(this.op, "keySize", keySize, 1);
      checkInteger(this.op, "attentionSize", attentionSize, 1);
      const bound = 1 / Math.sqrt(attentionSize);
      this.query = new Linear(querySize, attentionSize, { bias: false });
      this.key = new Linear(keySize, attentionSize, { bias });
      this.v = parameter([attentionSize], (y) => init.uniform(y, -bound, bound));
    } catch (error) {
      throw this.abandon(error);
    }
  }

  protected projectKeys(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  protected attend(query: Tensor, { values, keys }: ProjectedKeys, visible: VisibleKeys): Attended {
    return additiveAttention(this.query.forward(query), keys, this.v, values, visible);
  }
}

/**
 * Scores each key by its product with the query, for queries and keys of one size, without parameters.
 *
 * e_ij = scale s_i . h_j, weights_ij = softmax_j(e_ij), context_i = sum_j weights_ij h_j
 *
 * @param options `scale`: default 1, as in the paper; a Transformer uses 1 / sqrt(K)
 * @throws SeqgradError `value` for a scale that is not finite
 * @see Luong, Pham and Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation", the score "dot"
 * @example
 * const words = sg.fromArray([[[2, 0], [0, 2], [2, 1]]]);
 * const { weights } = new sg.nn.DotAttention().forward(words, words, { window: 1 });
 * weights; // = [[[1, 0, 0], [0, 1, 0], [0, 0, 1]]]
 */
export class DotAttention extends Alignment {
  readonly scale: number;

  constructor(options: { scale?: number } = {}) {
    super("DotAttention");
    checkOptions(this.op, options, ["scale"]);
    this.scale = checkFinite(this.op, "scale", options.scale ?? 1);
  }

  protected projectKeys(keys: Tensor): Tensor {
    return keys;
  }

  protected attend(query: Tensor, source: ProjectedKeys, visible: VisibleKeys): Attended {
    return multiply(this.op, query, source, this.scale, visible);
  }
}

/**
 * Scores each key by its product with the query, with a learned matrix between them.
 *
 * e_ij = scale s_i . W h_j, weights_ij = softmax_j(e_ij), context_i = sum_j weights_ij h_j. Parameter: `key.weight` W `[Q, K]`.
 *
 * @param querySize Q, the size of a query
 * @param keySize K, the size of a key
 * @param options `scale`: default 1
 * @throws SeqgradError `range` for a size below 1, `value` for a scale that is not finite
 * @see Luong, Pham and Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation", the score "general"
 * @example
 * const { context } = new sg.nn.GeneralAttention(32, 64).forward(sg.randn([2, 5, 32]), sg.randn([2, 7, 64]), { window: 3 });
 * context.shape; // = [2, 5, 64]
 */
export class GeneralAttention extends Alignment {
  readonly key: Linear;
  readonly scale: number;

  constructor(querySize: number, keySize: number, options: { scale?: number } = {}) {
    super("GeneralAttention");
    checkOptions(this.op, options, ["scale"]);
    checkInteger(this.op, "querySize", querySize, 1);
    checkInteger(this.op, "keySize", keySize, 1);
    this.scale = checkFinite(this.op, "scale", options.scale ?? 1);
    this.key = new Linear(keySize, querySize, { bias: false });
  }

  protected projectKeys(keys: Tensor): Tensor {
    return this.key.forward(keys);
  }

  protected attend(query: Tensor, source: ProjectedKeys, visible: VisibleKeys): Attended {
    return multiply(this.op, query, source, this.scale, visible);
  }
}

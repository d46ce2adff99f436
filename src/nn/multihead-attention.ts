import { type AttentionOptions, attention, attentionWeights, attentionWithWeights, selfAttention } from "../ops/attention.js";
import { checkTensors, constant } from "../ops/define-op.js";
import { linear } from "../ops/linear.js";
import type { Masks } from "../ops/masks.js";
import { rotary } from "../ops/rotary.js";
import { permute, reshape, slice } from "../ops/views.js";
import { parameter } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkInterval, checkList, checkObject } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf, strayOption } from "../util/options.js";
import * as init from "./init.js";
import type { KeysAndValues, LayerCache } from "./key-value-cache.js";
import { Linear } from "./layers.js";
import { Module } from "./module.js";
import { observerOf, type Quantities } from "./observed.js";

export interface MultiheadAttentionOptions {
  /** The probability of zeroing an attention weight while training. Default 0. */
  dropout?: number;
  /** Default true. */
  bias?: boolean;
  /** The size of the given keys. Default: the size of the queries. */
  kdim?: number;
  /** The size of the given values. Default: the size of the queries. */
  vdim?: number;
  /**
   * The number of heads of keys and values, each shared by N / keyValueHeads neighboring heads of queries (Ainslie et al. 2023). Default N.
   */
  keyValueHeads?: number;
  /** True if queries and keys turn by their positions (Su et al. 2021), where a sequence attends to itself. Default false. */
  rotary?: boolean;
  /** Pair i of a head of D elements turns by position / rotaryBase^(2 i / D). Default 10,000. */
  rotaryBase?: number;
}

/** The keys that a query sees; mask and bias broadcast to `[B, N, T, S]`. */
export interface Visibility extends Masks {
  /** Query t sees the keys s <= t only, those in a cache before them. Default false. */
  causal?: boolean | undefined;
  /** int32 `[B]`: the number of keys of each row; the rest is padding. All when absent. */
  lengths?: Tensor | readonly number[] | undefined;
}

export interface MultiheadAttentionCall extends Visibility {
  /** The input of the keys, `[B, S, kdim]`. Default: the queries. */
  key?: Tensor | undefined;
  /** The input of the values, `[B, S, vdim]`. Default: the input of the keys. */
  value?: Tensor | undefined;
  /** Keys and values of the positions before. The new ones are added to it. */
  cache?: LayerCache | undefined;
  /** Keys and values that project() returned, instead of `key` and `value`. One row serves queries of several. */
  projected?: KeysAndValues | undefined;
}

const attentionNames = namesOf<MultiheadAttentionOptions>({
  ...{ dropout: 1, bias: 1, kdim: 1, vdim: 1, keyValueHeads: 1, rotary: 1, rotaryBase: 1 },
});
export const visibilityNames = { causal: 1, lengths: 1, mask: 1, bias: 1 } as const;
const callNames = namesOf<MultiheadAttentionCall>({ ...visibilityNames, key: 1, value: 1, cache: 1, projected: 1 });

/** Throws unless x is `[B, S, width]`. */
function checkVectors(op: string, name: string, x: Tensor, width: number): void {
  if (checkTensor(op, x, name).rank !== 3 || x.shape[2] !== width)
    throw new SeqgradError("shape", `${op}: ${name} has shape ${formatShape(x.shape)}; expected [B, S, ${width}].`);
}

/** Lengths of rows, each from 0 to `most`, as a tensor on the device of `like`. */
export function toLengths(
  op: string,
  lengths: Tensor | readonly number[] | undefined,
  like: Tensor,
  most = 2 ** 31 - 1,
): Tensor | undefined {
  if (lengths === undefined || lengths instanceof Tensor) return lengths;
  checkList(op, "lengths", lengths, "an array, a number for each row");
  for (const [i, n] of Array.from(lengths).entries()) checkInteger(op, `lengths[${i}]`, n, 0, most);
  return constant(like, Int32Array.from(lengths), [lengths.length]);
}

/**
 * Attends with N heads, each with its own projections of queries, keys and values, and joins their results by a projection.
 *
 * head_n = softmax(Q_n K_n^T / sqrt(D / N)) V_n, output = concat(head_1, .., head_N) W_o. Parameters are named as PyTorch's:
 * `in_proj_weight` holds the three projections one below the other, unless keys or values have another size. `add_bias_kv` is not
 * supported.
 *
 * @param embed D, the width of the queries and of the output, a multiple of `heads`
 * @param heads N, the number of heads
 * @param options see MultiheadAttentionOptions
 * @throws SeqgradError `value` for a size that the heads cannot share, `range` for a size or rotaryBase below 1 or a dropout outside [0, 1]
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const attention = new sg.nn.MultiheadAttention(32, 4);
 * const x = sg.randn([2, 5, 32]);
 * attention.forward(x, { causal: true }).shape; // = [2, 5, 32]
 * const memory = sg.randn([2, 7, 32]);
 * const { output, weights } = attention.forwardWithWeights(x, { key: memory, lengths: [7, 3] });
 * weights.shape; // = [2, 4, 5, 7]
 */
export class MultiheadAttention extends Module {
  readonly in_proj_weight: Tensor | undefined;
  readonly q_proj_weight: Tensor | undefined;
  readonly k_proj_weight: Tensor | undefined;
  readonly v_proj_weight: Tensor | undefined;
  /** The weights of queries, keys and values where they are apart. */
  readonly #apart: readonly [q: Tensor, k: Tensor, v: Tensor] | undefined;
  readonly in_proj_bias: Tensor | undefined;
  readonly out_proj: Linear;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly dropout: number;
  readonly rotary: boolean;
  readonly rotaryBase: number;
  /** K D, the width of all keys of a position, and of its values. */
  readonly keyValueWidth: number;

  constructor(
    readonly embed: number,
    heads: number,
    options: MultiheadAttentionOptions = {},
  ) {
    super();
    const op = "MultiheadAttention";
    checkOptions(op, options, attentionNames);
    checkBoolean(op, "bias", options.bias ?? true);
    checkBoolean(op, "rotary", options.rotary ?? false);
    try {
      const { dropout = 0, bias = true, kdim = embed, vdim = embed, keyValueHeads = heads, rotary = false, rotaryBase = 10000 } = options;
      checkInteger(op, "embed", embed, 1);
      this.heads = checkInteger(op, "heads", heads, 1);
      this.keyValueHeads = checkInteger(op, "keyValueHeads", keyValueHeads, 1);
      this.dropout = checkInterval(op, "dropout", dropout, 0, 1);
      if (embed % heads !== 0)
        throw new SeqgradError("value", `${op}: ${heads} heads cannot share an embedding of ${embed} evenly; give a divisor of ${embed}.`);
      if (heads % keyValueHeads !== 0)
        throw new SeqgradError(
          "value",
          `${op}: ${heads} heads cannot share ${keyValueHeads} keyValueHeads evenly; give a divisor of ${heads}.`,
        );
      if (rotary && (embed / heads) % 2 !== 0)
        throw new SeqgradError("value", `${op}: heads of ${embed / heads} elements cannot turn in pairs; give fewer heads, or no rotary.`);
      if (!rotary && rotaryBase !== 10000) throw strayOption(op, "rotaryBase", "rotary: true", "rotary is false");
      this.rotary = rotary;
      this.rotaryBase = checkInterval(op, "rotaryBase", rotaryBase, 1);
      const width = keyValueHeads * (embed / heads);
      this.keyValueWidth = width;
      if (checkInteger(op, "kdim", kdim, 1) === embed && checkInteger(op, "vdim", vdim, 1) === embed) {
        this.in_proj_weight = parameter([embed + 2 * width, embed], init.xavierUniform);
      } else {
        this.q_proj_weight = parameter([embed, embed], init.xavierUniform);
        this.k_proj_weight = parameter([width, kdim], init.xavierUniform);
        this.v_proj_weight = parameter([width, vdim], init.xavierUniform);
        this.#apart = [this.q_proj_weight, this.k_proj_weight, this.v_proj_weight];
      }
      this.in_proj_bias = bias ? parameter([embed + 2 * width], init.zeros) : undefined;
      this.out_proj = new Linear(embed, embed, { bias });
      if (this.out_proj.bias) init.zeros(this.out_proj.bias);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Attends to the keys; without `key`, a sequence attends to itself.
   *
   * @param x `[B, T, D]`, float32: the input of the queries
   * @param call keys, values and their visibility: see MultiheadAttentionCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape` for inputs that do not fit, `range` for a length outside 0..S
   */
  forward(x: Tensor, call: MultiheadAttentionCall = {}): Tensor {
    const options = this.#options(x, call);
    const own = this.#ownWeight(x, call);
    const observe = observerOf(this);
    if (own && !call.cache) {
      const packed = this.#packed(x, own, 0);
      observe?.show("weights", () => weightsOf(this.#parts(packed), x, options));
      return this.out_proj.forward(selfAttention(packed, options));
    }
    const { q, k, v } = this.#inputs(x, call);
    observe?.show("weights", () => weightsOf({ q, k }, x, options));
    return this.out_proj.forward(reshape(attention(q, k, v, options), x.shape));
  }

  /**
   * Attends as forward() does, and returns the weights too. PyTorch returns their mean over the heads.
   *
   * @param x `[B, T, D]`, float32: the input of the queries
   * @param call keys, values and their visibility: see MultiheadAttentionCall
   * @returns the output `[B, T, D]` and the weights `[B, N, T, S]`, after dropout
   * @throws SeqgradError `shape` for inputs that do not fit, `range` for a length outside 0..S
   */
  forwardWithWeights(x: Tensor, call: MultiheadAttentionCall = {}): { output: Tensor; weights: Tensor } {
    const options = this.#options(x, call);
    const { q, k, v } = this.#inputs(x, call);
    const { output, weights } = attentionWithWeights(q, k, v, options);
    return { output: this.out_proj.forward(output), weights };
  }

  /**
   * Computes keys and values once, for many calls of forward() with `projected`.
   *
   * @param key `[B, S, kdim]`, float32: the input of the keys
   * @param value `[B, S, vdim]`, float32: the input of the values; default `key`
   * @returns keys and values, `[B, S, W]` each, where W is keyValueHeads D / N
   * @throws SeqgradError `shape`
   */
  project(key: Tensor, value = key): KeysAndValues {
    for (const [name, from] of Object.entries({ key, value })) checkTensor("MultiheadAttention.project", from, name);
    return { k: this.#projection(1, key), v: this.#projection(2, value) };
  }

  protected override get quantities(): Quantities {
    return { kind: "attention" };
  }

  /** The weight of all three projections, where x attends to itself. */
  #ownWeight(x: Tensor, { key = x, value = key, projected }: MultiheadAttentionCall): Tensor | undefined {
    return !projected && key === x && value === x ? this.in_proj_weight : undefined;
  }

  /** The arguments of the operation; throws unless x fits. */
  #options(x: Tensor, call: MultiheadAttentionCall): AttentionOptions {
    const op = "MultiheadAttention";
    checkOptions(op, call, callNames, "keys and values are written forward(x, { key, value }).");
    const { causal = false, lengths, mask, bias, cache, key, value, projected } = call;
    checkTensors(op, [x], ["x"]);
    for (const [name, from] of Object.entries({ key, value })) if (from !== undefined) checkTensor(op, from, name);
    if (projected !== undefined) {
      const { k, v } = checkObject(op, "projected", projected, "what project() answers");
      for (const [name, from] of Object.entries({ k, v })) checkVectors(op, `projected.${name}`, from, this.keyValueWidth);
    }
    if (x.rank !== 3 || x.shape[2] !== this.embed)
      throw new SeqgradError("shape", `${op}: x has shape ${formatShape(x.shape)}; expected [B, T, ${this.embed}], batch first.`);
    if (cache !== undefined && typeof cache?.append !== "function")
      throw new SeqgradError("value", `${op}: the cache is not the part of one layer; give at(layer) of a KeyValueCache.`);
    const { heads, keyValueHeads, dropout, training } = this;
    const offset = causal && cache ? cache.length : 0;
    return { heads, keyValueHeads, causal, offset, lengths: toLengths(op, lengths, x), mask, bias, dropout, training };
  }

  #inputs(x: Tensor, call: MultiheadAttentionCall): KeysAndValues & { q: Tensor } {
    const { key = x, value = key, projected, cache } = call;
    const own = this.#ownWeight(x, call);
    if (!own) {
      const q = this.#projection(0, x);
      if (!projected) return { q, ...this.project(key, value) };
      // Every query may see the one row's keys: rows of queries are as good as positions.
      return { q: projected.k.shape[0] === 1 ? reshape(q, [1, -1, this.embed]) : q, ...projected };
    }
    const { q, k, v } = this.#parts(this.#packed(x, own, cache?.length ?? 0));
    return cache ? { q, ...cache.append(k, v) } : { q, k, v };
  }

  #parts(packed: Tensor): KeysAndValues & { q: Tensor } {
    const [end, width] = [this.embed, this.keyValueWidth];
    const q = slice(packed, { axis: 2, end });
    const k = slice(packed, { axis: 2, start: end, end: end + width });
    return { q, k, v: slice(packed, { axis: 2, start: end + width }) };
  }

  /** Queries, keys and values of x, whose first position is `offset`, side by side. */
  #packed(x: Tensor, weight: Tensor, offset: number): Tensor {
    const { heads, keyValueHeads, embed, rotaryBase: base } = this;
    const packed = linear(x, weight, this.in_proj_bias);
    return this.rotary ? rotary(packed, { heads: heads + keyValueHeads, headDim: embed / heads, offset, base }) : packed;
  }

  /** The projection to queries (0), keys (1) or values (2). */
  #projection(which: 0 | 1 | 2, x: Tensor): Tensor {
    const { embed, keyValueWidth: width, in_proj_weight, in_proj_bias: bias } = this;
    const start = which === 0 ? 0 : embed + (which - 1) * width;
    const end = which === 0 ? embed : start + width;
    const weight = this.#apart?.[which] ?? (in_proj_weight && slice(in_proj_weight, { start, end }));
    return linear(x, checkTensor("MultiheadAttention", weight, "the weight"), bias && slice(bias, { start, end }));
  }
}

/** The weights [B, N, T, S] for queries that x [B, T, D] gave; of one row, where all its queries read one row's keys. */
function weightsOf({ q, k }: Pick<KeysAndValues, "k"> & { q: Tensor }, x: Tensor, options: AttentionOptions): Tensor {
  const weights = attentionWeights(q, k, options);
  const [B = 1, T = 1] = x.shape;
  const [rows, , , S = 1] = weights.shape;
  return rows === B ? weights : permute(reshape(weights, [options.heads, B, T, S]), [1, 0, 2, 3]);
}

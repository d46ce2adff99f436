import { add } from "../ops/binary.js";
import { checkTensors } from "../ops/define-op.js";
import { dropout } from "../ops/dropout.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkChoice, checkInteger, checkInterval } from "../util/check.js";
import { checkOptions, namesOf, optionsAmong } from "../util/options.js";
import { type FeedForwardActivation, feedForward, feedForwardLayers } from "./feed-forward.js";
import type { KeysAndValues, LayerCache } from "./key-value-cache.js";
import type { Linear, UnaryModule } from "./layers.js";
import { Module } from "./module.js";
import { MultiheadAttention, type MultiheadAttentionOptions, type Visibility, visibilityNames } from "./multihead-attention.js";
import { BatchNorm, LayerNorm, RMSNorm } from "./norm.js";

type NormOptions = Required<Pick<TransformerLayerOptions, "eps" | "bias">>;
const norms = {
  layer: (dimension: number, options: NormOptions): UnaryModule => new LayerNorm(dimension, options),
  rms: (dimension: number, { eps }: NormOptions): UnaryModule => new RMSNorm(dimension, { eps }),
  batch: (dimension: number, options: NormOptions): UnaryModule => new BatchNorm(dimension, options),
};

export type NormKind = keyof typeof norms;

export interface TransformerLayerOptions extends Pick<MultiheadAttentionOptions, "keyValueHeads" | "rotary" | "rotaryBase"> {
  /** The size of the hidden layer of the feed-forward net. Default 2048. */
  dimFeedforward?: number;
  /** The probability of zeroing attention weights, hidden activations and the output of each part, while training. Default 0.1. */
  dropout?: number;
  /** The dropout of attention weights, if it differs. */
  attentionDropout?: number;
  /** The dropout of hidden activations, if it differs: 0 in GPT-2 and BERT. */
  hiddenDropout?: number;
  /** Default relu. */
  activation?: FeedForwardActivation;
  /** x + f(norm(x)) instead of norm(x + f(x)). Default false. */
  normFirst?: boolean;
  /** Default layer. */
  norm?: NormKind;
  /** The eps of the norms. Default 1e-5. */
  eps?: number;
  /** True if linear layers and norms have biases. Default true. */
  bias?: boolean;
}

export const transformerLayerOptions = {
  ...{ keyValueHeads: 1, rotary: 1, rotaryBase: 1, dimFeedforward: 1, dropout: 1, attentionDropout: 1, hiddenDropout: 1, activation: 1 },
  ...{ normFirst: 1, norm: 1, eps: 1, bias: 1 },
} as const;
export const layerNames = namesOf<TransformerLayerOptions>(transformerLayerOptions);

/** Throws unless the width and the number of heads are whole numbers of at least 1. */
export function checkSizes(op: string, embed: number, heads: number): void {
  checkInteger(op, "embed", embed, 1);
  checkInteger(op, "heads", heads, 1);
}

/** The norm of a kind. */
export function makeNorm(op: string, dimension: number, { norm = "layer", eps = 1e-5, bias = true }: TransformerLayerOptions): UnaryModule {
  checkChoice<string>(op, "norm", norm, Object.keys(norms));
  return norms[norm](dimension, { eps, bias });
}

/** The common part of encoder and decoder layers; an encoder's has neither the attention A to a memory nor a norm N behind it. */
abstract class TransformerLayer<A extends MultiheadAttention | undefined, N extends UnaryModule | undefined> extends Module {
  readonly self_attn: MultiheadAttention;
  readonly multihead_attn: A;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: UnaryModule;
  readonly norm2: UnaryModule;
  readonly norm3: N;
  readonly activation: FeedForwardActivation;
  readonly normFirst: boolean;
  readonly dropout: number;
  readonly hiddenDropout: number;

  protected constructor(
    op: string,
    embed: number,
    heads: number,
    options: TransformerLayerOptions,
    toMemory: (options: MultiheadAttentionOptions) => A,
    lastNorm: (norm: () => UnaryModule) => N,
  ) {
    super();
    checkOptions(op, options, layerNames);
    checkSizes(op, embed, heads);
    checkBoolean(op, "bias", options.bias ?? true);
    checkBoolean(op, "normFirst", options.normFirst ?? false);
    try {
      const { dropout = 0.1, attentionDropout = dropout, hiddenDropout = dropout } = options;
      const { activation = "relu", normFirst = false, dimFeedforward = 2048 } = options;
      this.dropout = checkInterval(op, "dropout", dropout, 0, 1);
      checkInterval(op, "attentionDropout", attentionDropout, 0, 1);
      this.hiddenDropout = checkInterval(op, "hiddenDropout", hiddenDropout, 0, 1);
      this.activation = activation;
      this.normFirst = normFirst;
      const norm = () => makeNorm(op, embed, options);
      const attention = { ...optionsAmong(options, ["bias", "keyValueHeads"]), dropout: attentionDropout };
      this.self_attn = new MultiheadAttention(embed, heads, { ...attention, ...optionsAmong(options, ["rotary", "rotaryBase"]) });
      this.multihead_attn = toMemory(attention);
      const { linear1, linear2 } = feedForwardLayers(op, embed, dimFeedforward, options);
      this.linear1 = linear1;
      this.linear2 = linear2;
      this.norm1 = norm();
      this.norm2 = norm();
      this.norm3 = lastNorm(norm);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /** x with what a part of the layer adds to it. */
  protected part(x: Tensor, norm: UnaryModule, part: (x: Tensor) => Tensor): Tensor {
    if (this.normFirst) return add(x, dropout(part(norm.forward(x)), this.dropout, this.training));
    return norm.forward(add(x, dropout(part(x), this.dropout, this.training)));
  }

  protected feedForward(x: Tensor): Tensor {
    return feedForward(x, this, this.activation, this.training ? this.hiddenDropout : 0);
  }
}

/** The keys that self-attention in a layer sees. */
export interface LayerCall extends Visibility {
  /** Keys and values of the positions before. */
  cache?: LayerCache | undefined;
}

const layerCallNames = namesOf<LayerCall>({ ...visibilityNames, cache: 1 });

/**
 * One layer of a Transformer's encoder: self-attention, then a feed-forward net.
 *
 * y = norm(x + attention(x)), z = norm(y + feedForward(y)); with `normFirst` y = x + attention(norm(x)) and z = y + feedForward(norm(y)).
 * With `causal` it is a layer of a language model. Parameters as PyTorch's.
 *
 * @param embed D, the width of x
 * @param heads N, the number of heads
 * @param options see TransformerLayerOptions
 * @throws SeqgradError `range` or `value` for wrong options
 * @see Vaswani et al. 2017, "Attention Is All You Need"; Xiong et al. 2020 for `normFirst`
 * @example
 * const layer = new sg.nn.TransformerEncoderLayer(32, 4, { dimFeedforward: 64, activation: "gelu" });
 * layer.forward(sg.randn([2, 5, 32]), { lengths: [5, 3] }).shape; // = [2, 5, 32]
 */
export class TransformerEncoderLayer extends TransformerLayer<undefined, undefined> {
  constructor(embed: number, heads: number, options: TransformerLayerOptions = {}) {
    const none = () => undefined;
    super("TransformerEncoderLayer", embed, heads, options, none, none);
  }

  /**
   * Applies the layer.
   *
   * @param x `[B, T, D]`, float32
   * @param call the visible keys and a cache: see LayerCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape`, `range` for a length outside 0..T
   */
  forward(x: Tensor, call: LayerCall = {}): Tensor {
    checkOptions("TransformerEncoderLayer", call, layerCallNames);
    checkTensor("TransformerEncoderLayer", x, "x");
    const y = this.part(x, this.norm1, (input) => this.self_attn.forward(input, call));
    return this.part(y, this.norm2, (input) => this.feedForward(input));
  }
}

/** The keys that a decoder's layer sees. */
export interface DecoderLayerCall extends LayerCall {
  /** int32 `[B]`: the number of positions of each row of the memory; all when absent. */
  memoryLengths?: Tensor | readonly number[] | undefined;
  /** As `mask` and `bias`, for the memory: broadcast to `[B, N, T, S]`. */
  memoryMask?: Tensor | undefined;
  memoryBias?: Tensor | undefined;
}

export const decoderCall = { ...visibilityNames, cache: 1, memoryLengths: 1, memoryMask: 1, memoryBias: 1 } as const;
const decoderCallNames = namesOf<DecoderLayerCall>(decoderCall);

/**
 * One layer of a Transformer's decoder: self-attention, attention to a memory, then a feed-forward net.
 *
 * Each part f is added to its input and normalized: norm(x + f(x)), or x + f(norm(x)) with `normFirst`. `causal` is for the self-attention;
 * as in PyTorch, it is off by default. Parameters as PyTorch's.
 *
 * @param embed D, the width of x and of the memory
 * @param heads N, the number of heads
 * @param options see TransformerLayerOptions
 * @throws SeqgradError `range` or `value` for wrong options
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const layer = new sg.nn.TransformerDecoderLayer(32, 4, { dimFeedforward: 64 });
 * const memory = sg.randn([2, 7, 32]);
 * layer.forward(sg.randn([2, 5, 32]), memory, { causal: true, memoryLengths: [7, 4] }).shape; // = [2, 5, 32]
 */
export class TransformerDecoderLayer extends TransformerLayer<MultiheadAttention, UnaryModule> {
  constructor(embed: number, heads: number, options: TransformerLayerOptions = {}) {
    const toMemory = (own: MultiheadAttentionOptions) => new MultiheadAttention(embed, heads, own);
    super("TransformerDecoderLayer", embed, heads, options, toMemory, (norm) => norm());
  }

  /**
   * Applies the layer.
   *
   * @param x `[B, T, D]`, float32
   * @param memory `[B, S, D]`, float32, or the result of project()
   * @param call the visible keys and a cache: see DecoderLayerCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape`, `range` for a length outside 0..T or 0..S
   */
  forward(x: Tensor, memory: Tensor | KeysAndValues, call: DecoderLayerCall = {}): Tensor {
    checkOptions("TransformerDecoderLayer", call, decoderCallNames);
    checkTensor("TransformerDecoderLayer", x, "x");
    const { memoryLengths, memoryMask, memoryBias, ...own } = call;
    const isProjected = memory instanceof Object && "k" in memory;
    if (!isProjected) checkTensors("TransformerDecoderLayer", [memory], ["the memory"]);
    const from = isProjected ? { projected: memory } : { key: memory };
    const seen = { ...from, lengths: memoryLengths, mask: memoryMask, bias: memoryBias };
    const y = this.part(x, this.norm1, (input) => this.self_attn.forward(input, own));
    const z = this.part(y, this.norm2, (input) => this.multihead_attn.forward(input, seen));
    return this.part(z, this.norm3, (input) => this.feedForward(input));
  }

  /**
   * Computes keys and values of the memory once, for many calls of forward().
   *
   * @param memory `[B, S, D]`, float32
   * @returns keys and values, `[B, S, W]` each
   * @throws SeqgradError `shape`
   */
  project(memory: Tensor): KeysAndValues {
    return this.multihead_attn.project(memory);
  }
}

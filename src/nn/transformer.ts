import { checkTensor } from "../tensor/internal.js";
import { allOrNothing } from "../tensor/ownership.js";
import { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkLayers, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf, optionsAmong } from "../util/options.js";
import * as init from "./init.js";
import { type KeysAndValues, KeyValueCache } from "./key-value-cache.js";
import type { UnaryModule } from "./layers.js";
import { Module } from "./module.js";
import { toLengths, type Visibility, visibilityNames } from "./multihead-attention.js";
import {
  checkSizes,
  type DecoderLayerCall,
  decoderCall,
  type LayerCall,
  layerNames,
  makeNorm,
  TransformerDecoderLayer,
  TransformerEncoderLayer,
  type TransformerLayerOptions,
  transformerLayerOptions,
} from "./transformer-layers.js";

export interface TransformerStackOptions extends TransformerLayerOptions {
  /** Default 6. */
  numLayers?: number;
  /** True to end the stack with a norm; stacks with `normFirst` need one. Default false. */
  finalNorm?: boolean;
}

export interface StackCall {
  /** Keys and values of the positions before. x then sees only those and itself up to each position, and its own are added. */
  cache?: KeyValueCache | undefined;
}

/** Layers on top of each other, and a norm at the end. */
abstract class Stack<L extends Module> extends Module {
  readonly norm: UnaryModule | undefined;
  /** The width of a position's keys in one layer, as a cache keeps them. */
  readonly keyValueWidth: number;

  protected constructor(
    private readonly op: string,
    readonly layers: readonly (L & { self_attn: { keyValueWidth: number } })[],
    embed: number,
    options: TransformerStackOptions,
  ) {
    super();
    try {
      this.norm = options.finalNorm ? makeNorm(op, embed, options) : undefined;
    } catch (error) {
      for (const layer of layers) layer.dispose();
      throw error;
    }
    this.keyValueWidth = nth(layers, 0).self_attn.keyValueWidth;
  }

  /** Runs all layers. When one throws, the filled positions of `cache` are unchanged. */
  protected run(x: Tensor, call: Visibility & StackCall, run: (layer: L, y: Tensor, seen: LayerCall, index: number) => Tensor): Tensor {
    checkTensor(this.op, x, "x");
    const { cache, ...rest } = call;
    if (cache !== undefined && !(cache instanceof KeyValueCache))
      throw new SeqgradError("value", `${this.op}: the cache is ${shown(cache)}; give a KeyValueCache.`);
    const seen = { ...rest, lengths: toLengths(this.op, call.lengths, x), ...(cache && { causal: true }) };
    if (cache && cache.layers !== this.layers.length)
      throw new SeqgradError("value", `${this.op}: the cache is for ${cache.layers} layers; there are ${this.layers.length}.`);
    const [, T = 0] = x.shape;
    cache?.check(T);
    let y = x;
    for (const [i, layer] of this.layers.entries()) y = run(layer, y, { ...seen, cache: cache?.at(i) }, i);
    y = this.norm ? this.norm.forward(y) : y;
    cache?.advance(T);
    return y;
  }
}

const stackNames = namesOf<TransformerStackOptions>({ ...transformerLayerOptions, numLayers: 1, finalNorm: 1 });

function stack<L>(
  op: string,
  embed: number,
  heads: number,
  options: TransformerStackOptions,
  make: (layer: TransformerLayerOptions) => L,
): L[] {
  checkOptions(op, options, stackNames);
  checkSizes(op, embed, heads);
  checkBoolean(op, "finalNorm", options.finalNorm ?? false);
  const count = checkLayers(op, "numLayers", options.numLayers ?? 6);
  const layer = optionsAmong<TransformerLayerOptions>(options, layerNames);
  return allOrNothing(() => Array.from({ length: count }, () => make(layer)));
}

const encoderCallNames = namesOf<Visibility & StackCall>({ ...visibilityNames, cache: 1 });

/**
 * A stack of encoder layers. Parameters are named as PyTorch's: `layers.0.self_attn.in_proj_weight`, ..., `norm.weight`.
 *
 * @param embed D, the width of x
 * @param heads N, the number of heads
 * @param options see TransformerStackOptions
 * @throws SeqgradError `range` or `value` for wrong options
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const encoder = new sg.nn.TransformerEncoder(32, 4, { numLayers: 2, dimFeedforward: 64 });
 * encoder.forward(sg.randn([2, 5, 32]), { lengths: [5, 3] }).shape; // = [2, 5, 32]
 */
export class TransformerEncoder extends Stack<TransformerEncoderLayer> {
  constructor(embed: number, heads: number, options: TransformerStackOptions = {}) {
    const op = "TransformerEncoder";
    super(
      op,
      stack(op, embed, heads, options, (layer) => new TransformerEncoderLayer(embed, heads, layer)),
      embed,
      options,
    );
  }

  /**
   * Applies all layers.
   *
   * @param x `[B, T, D]`, float32
   * @param call the visible keys and a cache: see Visibility and StackCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape`, `range` for a length outside 0..T or for more positions than the cache has room for
   */
  forward(x: Tensor, call: Visibility & StackCall = {}): Tensor {
    checkOptions("TransformerEncoder", call, encoderCallNames);
    return this.run(x, call, (layer, y, seen) => layer.forward(y, seen));
  }
}

/**
 * A stack of decoder layers. Parameters are named as PyTorch's: `layers.0.multihead_attn.in_proj_weight`, ..., `norm.weight`.
 *
 * @param embed D, the width of x and of the memory
 * @param heads N, the number of heads
 * @param options see TransformerStackOptions
 * @throws SeqgradError `range` or `value` for wrong options
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const decoder = new sg.nn.TransformerDecoder(32, 4, { numLayers: 2, dimFeedforward: 64 });
 * decoder.forward(sg.randn([2, 5, 32]), sg.randn([2, 7, 32]), { causal: true }).shape; // = [2, 5, 32]
 */
export class TransformerDecoder extends Stack<TransformerDecoderLayer> {
  constructor(embed: number, heads: number, options: TransformerStackOptions = {}) {
    const op = "TransformerDecoder";
    super(
      op,
      stack(op, embed, heads, options, (layer) => new TransformerDecoderLayer(embed, heads, layer)),
      embed,
      options,
    );
  }

  /**
   * Applies all layers.
   *
   * @param x `[B, T, D]`, float32
   * @param memory `[B, S, D]`, float32, or the result of project()
   * @param call the visible keys and a cache: see DecoderLayerCall and StackCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape`, `range` for a length outside 0..T or 0..S or for more positions than the cache has room for
   */
  forward(x: Tensor, memory: Tensor | readonly KeysAndValues[], call: Omit<DecoderLayerCall, "cache"> & StackCall = {}): Tensor {
    checkOptions("TransformerDecoder", call, Object.keys(decoderCall));
    const { memoryLengths, memoryMask, memoryBias, ...own } = call;
    checkTensor("TransformerDecoder", x, "x");
    const visible = { memoryLengths: toLengths("TransformerDecoder", memoryLengths, x), memoryMask, memoryBias };
    const of = (i: number) =>
      memory instanceof Tensor ? memory : (memory?.[i] ?? checkTensor("TransformerDecoder", memory, "the memory"));
    return this.run(x, own, (layer, y, seen, i) => layer.forward(y, of(i), { ...seen, ...visible }));
  }

  /**
   * Computes keys and values of the memory for each layer once, for many calls of forward().
   *
   * @param memory `[B, S, D]`, float32
   * @returns keys and values of each layer, `[B, S, W]` each
   * @throws SeqgradError `shape`
   */
  project(memory: Tensor): KeysAndValues[] {
    return this.layers.map((layer) => layer.project(memory));
  }
}

export interface TransformerOptions extends TransformerLayerOptions {
  /** Default 6. */
  numEncoderLayers?: number;
  /** Default 6. */
  numDecoderLayers?: number;
}

/** The positions that are hidden in a call of a Transformer. */
export interface TransformerCall {
  /** int32 `[B]`: the number of positions of each source; all when absent. */
  sourceLengths?: Tensor | readonly number[] | undefined;
  /** int32 `[B]`: the number of positions of each target; all when absent. */
  targetLengths?: Tensor | readonly number[] | undefined;
  /** int32 `[B]`: the number of positions of the encoder's output. Default: `sourceLengths`. */
  memoryLengths?: Tensor | readonly number[] | undefined;
  /** Broadcasts to `[B, N, S, S]`, `[B, N, T, T]` and `[B, N, T, S]`: see Visibility. */
  sourceMask?: Tensor | undefined;
  targetMask?: Tensor | undefined;
  memoryMask?: Tensor | undefined;
  /** As the masks, for what is added to the scores: see Visibility. */
  sourceBias?: Tensor | undefined;
  targetBias?: Tensor | undefined;
  memoryBias?: Tensor | undefined;
  /** A position of the target sees itself and those before only. Default false. */
  causal?: boolean;
}

const transformerNames = namesOf<TransformerOptions>({ ...transformerLayerOptions, numEncoderLayers: 1, numDecoderLayers: 1 });
const transformerCallNames = namesOf<TransformerCall>({
  ...{ sourceLengths: 1, targetLengths: 1, memoryLengths: 1, sourceMask: 1, targetMask: 1, memoryMask: 1 },
  ...{ sourceBias: 1, targetBias: 1, memoryBias: 1, causal: 1 },
});

/**
 * An encoder and a decoder, without embeddings and output layer; `models` has whole ones. Parameters and defaults are PyTorch's; matrices
 * are Glorot's at first.
 *
 * @param embed D, the width of source and target; default 512
 * @param heads N, the number of heads; default 8
 * @param options see TransformerOptions
 * @throws SeqgradError `range` or `value` for wrong options
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const transformer = new sg.nn.Transformer(32, 4, { numEncoderLayers: 1, numDecoderLayers: 1, dimFeedforward: 64 });
 * const [source, target] = [sg.randn([2, 7, 32]), sg.randn([2, 5, 32])];
 * transformer.forward(source, target, { causal: true, sourceLengths: [7, 4] }).shape; // = [2, 5, 32]
 */
export class Transformer extends Module {
  readonly encoder: TransformerEncoder;
  readonly decoder: TransformerDecoder;

  constructor(embed = 512, heads = 8, options: TransformerOptions = {}) {
    super();
    checkOptions("Transformer", options, transformerNames);
    checkSizes("Transformer", embed, heads);
    try {
      const { numEncoderLayers, numDecoderLayers, ...layer } = options;
      const ended = { ...layer, finalNorm: true };
      this.encoder = new TransformerEncoder(embed, heads, {
        ...ended,
        ...(numEncoderLayers !== undefined && { numLayers: numEncoderLayers }),
      });
      this.decoder = new TransformerDecoder(embed, heads, {
        ...ended,
        ...(numDecoderLayers !== undefined && { numLayers: numDecoderLayers }),
      });
      for (const p of this.parameters()) if (p.rank > 1) init.xavierUniform(p);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Encodes the source and decodes the target.
   *
   * @param source `[B, S, D]`, float32
   * @param target `[B, T, D]`, float32
   * @param call lengths and masks: see TransformerCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `shape`, `range` for a length outside 0..S or 0..T
   */
  forward(source: Tensor, target: Tensor, call: TransformerCall = {}): Tensor {
    checkOptions("Transformer", call, transformerCallNames);
    const { sourceLengths, memoryLengths = sourceLengths, memoryMask, memoryBias, causal } = call;
    const memory = this.encoder.forward(source, { lengths: sourceLengths, mask: call.sourceMask, bias: call.sourceBias });
    const seen = { causal, lengths: call.targetLengths, mask: call.targetMask, bias: call.targetBias };
    return this.decoder.forward(target, memory, { ...seen, memoryLengths, memoryMask, memoryBias });
  }
}

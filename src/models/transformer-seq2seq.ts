import { type PaddedRows, padRows } from "../data/padding.js";
import * as init from "../nn/init.js";
import { type KeysAndValues, KeyValueCache } from "../nn/key-value-cache.js";
import { Dropout, Embedding, Linear } from "../nn/layers.js";
import { inference } from "../nn/mode.js";
import { Module } from "../nn/module.js";
import { SinusoidalPositionalEncoding } from "../nn/positions.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { Transformer } from "../nn/transformer.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { affine } from "../ops/unary.js";
import { select, slice, unsqueeze } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger, checkInterval, shown, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, namesOf } from "../util/options.js";
import { checkPairs, followers, type Seq2SeqBatch } from "./seq2seq-batch.js";
import { checkBatch, checkCache, checkTokens, type GreedyOptions, greedyRows, readCachedStep, type Scores, tokensOf } from "./step.js";
import type { StepModel } from "./step-model.js";

export interface TransformerSeq2SeqConfig {
  /** Number of different tokens of a source; token 0 is padding. */
  readonly sourceVocab: number;
  /** Number of different tokens of a target, V; token 0 is padding. */
  readonly targetVocab: number;
  /** D, the width of the model. Default 128. */
  readonly hidden?: number;
  /** N, attention heads. Default 4. */
  readonly heads?: number;
  /** The number of layers of the encoder, and of the decoder. Default 2. */
  readonly layers?: number;
  /** Size of the hidden layer of the feed-forward nets. Default 4 D. */
  readonly feedForward?: number;
  /** Default 0.1. */
  readonly dropout?: number;
  /** x + f(norm(x)) instead of norm(x + f(x)). Default true, which trains without warm-up. */
  readonly normFirst?: boolean;
  /** The share of the target's probability spread over all tokens, while training. Default 0. */
  readonly labelSmoothing?: number;
  /** The most tokens of a decoded target. Default 256. */
  readonly context?: number;
}

/** The keys and values of B sources that the decoder's layers read. */
export interface EncodedMemory {
  readonly memory: readonly KeysAndValues[];
  readonly lengths: readonly number[];
}

export const transformerSeq2SeqNames = namesOf<TransformerSeq2SeqConfig>({
  ...{ sourceVocab: 1, targetVocab: 1, hidden: 1, heads: 1, layers: 1, feedForward: 1, dropout: 1 },
  ...{ normFirst: 1, labelSmoothing: 1, context: 1 },
});

/**
 * Writes a target sequence from a source sequence, by attention alone.
 *
 * embeddings times sqrt(D) and sinusoidal positions -> Transformer -> linear layer to the scores of the target's next token
 *
 * @param config see TransformerSeq2SeqConfig
 * @throws SeqgradError `value` for heads that cannot share the width, `range` for a size below 1
 * @see Vaswani et al. 2017, "Attention Is All You Need"
 * @example
 * const model = new sg.models.TransformerSeq2Seq({ sourceVocab: 20, targetVocab: 10, hidden: 16, heads: 2 });
 * const batch = { source: sg.data.padRows([[4, 5, 6], [7]]), target: sg.data.padRows([[1, 6, 5, 2], [1, 7, 2]]) };
 * model.forward(batch).shape; // = [2, 3, 10]
 * const hypotheses = await sg.decode.beamSearch(model.eval().decoder([4, 5, 6]), [1], { beam: 2, maxTokens: 5, stop: [2] });
 */
export class TransformerSeq2Seq extends Module implements Trainable<Seq2SeqBatch> {
  readonly sourceEmbedding: Embedding;
  readonly targetEmbedding: Embedding;
  readonly positions: SinusoidalPositionalEncoding;
  readonly transformer: Transformer;
  readonly linear: Linear;
  readonly config: Required<TransformerSeq2SeqConfig>;
  readonly #dropout: Dropout;

  constructor(config: TransformerSeq2SeqConfig) {
    super();
    checkConfig("TransformerSeq2Seq", config, transformerSeq2SeqNames);
    try {
      const { sourceVocab, targetVocab, hidden = 128, heads = 4, layers = 2, feedForward = 4 * hidden, dropout = 0.1 } = config;
      const { normFirst = true, labelSmoothing = 0, context = 256 } = config;
      checkInteger("TransformerSeq2Seq", "sourceVocab", sourceVocab, 1);
      checkInteger("TransformerSeq2Seq", "targetVocab", targetVocab, 1);
      checkInterval("TransformerSeq2Seq", "labelSmoothing", labelSmoothing, 0, 1);
      checkInteger("TransformerSeq2Seq", "context", context, 1);
      const sizes = { sourceVocab, targetVocab, hidden, heads, layers, feedForward, context };
      this.config = { ...sizes, dropout, normFirst, labelSmoothing };
      const depth = { numEncoderLayers: layers, numDecoderLayers: layers, dimFeedforward: feedForward };
      this.transformer = new Transformer(hidden, heads, { ...depth, dropout, normFirst });
      this.sourceEmbedding = new Embedding(sourceVocab, hidden, { paddingIndex: 0 });
      this.targetEmbedding = new Embedding(targetVocab, hidden, { paddingIndex: 0 });
      for (const { weight } of [this.sourceEmbedding, this.targetEmbedding]) init.normal(weight, 0, 1 / Math.sqrt(hidden));
      this.positions = new SinusoidalPositionalEncoding(hidden);
      this.linear = new Linear(hidden, targetVocab);
      this.#dropout = new Dropout(dropout);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Scores the token after each token of the targets except their last: teacher forcing.
   *
   * @param batch B sources and B targets of up to T tokens, each with start and end token
   * @returns logits `[B, T - 1, V]`
   * @throws SeqgradError `range` for an unknown token, `value` for a batch of another form
   */
  forward(batch: Seq2SeqBatch): Tensor {
    const { source, target } = checkPairs("TransformerSeq2Seq", batch);
    checkBatch("TransformerSeq2Seq", source, "data", "shape", "lengths");
    const tokens = tensor(target.data, target.shape);
    const y = this.transformer.forward(
      this.#placed(this.sourceEmbedding, tensor(source.data, source.shape)),
      this.#placed(this.targetEmbedding, slice(tokens, { axis: 1, end: -1 })),
      { causal: true, sourceLengths: source.lengths },
    );
    return this.linear.forward(y);
  }

  /**
   * Returns the mean cross-entropy of the targets' tokens after their first, without padding.
   *
   * @param batch B sources and B targets of up to T tokens, each with start and end token
   * @returns `loss`, a scalar, in nats
   * @throws SeqgradError `range` for an unknown token, `value` for a batch of another form
   */
  loss(batch: Seq2SeqBatch): LossResult {
    const labelSmoothing = this.training ? this.config.labelSmoothing : 0;
    return { loss: crossEntropy(this.forward(batch), followers(batch.target), { labelSmoothing }) };
  }

  /**
   * Writes the likeliest token again and again, for many sources at once.
   *
   * @param source B sources of up to S tokens, padded, as `data.padRows` makes them
   * @param options `sos` and `eos`, the start and end tokens, and `maxTokens`
   * @returns the tokens of each target, without start and end
   * @throws SeqgradError `range` for a negative maxTokens
   */
  async greedy(source: PaddedRows, options: GreedyOptions): Promise<number[][]> {
    checkConfig("TransformerSeq2Seq.greedy", options, ["sos", "eos", "maxTokens"]);
    checkBatch("TransformerSeq2Seq.greedy", source, "data", "shape", "lengths");
    const { maxTokens, ...rest } = options;
    checkInteger("TransformerSeq2Seq.greedy", "maxTokens", maxTokens);
    const [B] = source.shape;
    const encoded = inference(() => this.encode(source));
    const search = { ...rest, maxTokens: Math.min(maxTokens, this.config.context) };
    const advance = (tokens: Tensor, state: KeyValueCache) => ({
      logits: unsqueeze(this.next(tokens, encoded, state), { axis: 1 }),
      state,
    });
    try {
      return await greedyRows("TransformerSeq2Seq.greedy", B, search, this.emptyCache(B), advance, (cache) => cache.dispose());
    } finally {
      releaseMemory(encoded);
    }
  }

  /**
   * Gives the model the form that generate() and beamSearch() take, for one source, which the first step encodes. Dispose of it at the end.
   *
   * @param source at least one token
   * @returns the decoding
   * @throws SeqgradError `value` for an empty source
   */
  decoder(source: ArrayLike<number>): TransformerDecoding {
    toTokens("TransformerSeq2Seq.decoder", "the source", source);
    if (source.length === 0) throw new SeqgradError("value", "TransformerSeq2Seq.decoder: the source is empty; give at least one token.");
    return new TransformerDecoding(this, source);
  }

  /**
   * Reads sources, and projects the keys and values that the decoder's layers read.
   *
   * @param rows B sources of up to S tokens, padded, as `data.padRows` makes them
   * @returns the source for next()
   * @throws SeqgradError `range` for an unknown token, `value` for rows of another form
   */
  encode(rows: PaddedRows): EncodedMemory {
    const { data, shape, lengths } = checkBatch("TransformerSeq2Seq", rows, "data", "shape", "lengths");
    const x = this.#placed(this.sourceEmbedding, tensor(data, shape));
    return { memory: this.transformer.decoder.project(this.transformer.encoder.forward(x, { lengths })), lengths };
  }

  /**
   * Reads tokens of targets and scores the next one.
   *
   * @param tokens int32 `[R, T]`, after the tokens in the cache
   * @param encoded the result of encode(): R sources, or one for all rows
   * @param cache keys and values of the tokens before; the new ones are added
   * @returns logits `[R, V]`
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`
   */
  next(tokens: Tensor, encoded: EncodedMemory, cache: KeyValueCache): Tensor {
    checkTokens("TransformerSeq2Seq", tokens);
    const { memory, lengths } = checkBatch("TransformerSeq2Seq", encoded, "memory", "lengths");
    checkCache("TransformerSeq2Seq", cache);
    const x = this.#placed(this.targetEmbedding, tokens, cache.length);
    // The memory of one source is whole, and serves any number of rows.
    const memoryLengths = lengths.length > 1 ? lengths : undefined;
    return this.linear.forward(select(this.transformer.decoder.forward(x, memory, { cache, memoryLengths }), -1, { axis: 1 }));
  }

  /**
   * Makes a cache for targets.
   *
   * @param rows R, the number of targets; default 1
   * @returns the cache, to be disposed of
   */
  emptyCache(rows = 1): KeyValueCache {
    checkInteger("TransformerSeq2Seq.emptyCache", "rows", rows, 1);
    const { layers, context: capacity } = this.config;
    return new KeyValueCache({ layers, rows, capacity, width: this.transformer.decoder.keyValueWidth, device: this.linear.weight });
  }

  #placed(embedding: Embedding, tokens: Tensor, offset = 0): Tensor {
    const x = this.positions.forward(affine(embedding.forward(tokens), Math.sqrt(this.config.hidden)), { offset });
    return this.training ? this.#dropout.forward(x) : x;
  }
}

/**
 * Decodes the target of one source: the StepModel that generate() and beamSearch() take.
 *
 * @param model the model
 * @param source the tokens of the source
 * @throws SeqgradError `value` for another kind of model or a source that is not a list of tokens
 * @example
 * const model = new sg.models.TransformerSeq2Seq({ sourceVocab: 9, targetVocab: 9, hidden: 16, heads: 2, layers: 1 }).eval();
 * const decoding = model.decoder([4, 7, 3]);
 * for await (const token of sg.generate(decoding, [1], { maxTokens: 3 })) console.log(token);
 * decoding.dispose();
 */
export class TransformerDecoding implements StepModel<KeyValueCache> {
  #encoded: EncodedMemory | undefined;

  constructor(
    readonly model: TransformerSeq2Seq,
    readonly source: ArrayLike<number>,
  ) {
    if (!(model instanceof TransformerSeq2Seq))
      throw new SeqgradError("value", `TransformerDecoding: the model is ${shown(model)}; give a TransformerSeq2Seq.`);
    toTokens("TransformerDecoding", "the source", source);
  }

  /** The most tokens that a state can hold. */
  get context(): number {
    return this.model.config.context;
  }

  /**
   * Reads tokens and scores the next one. A state grows in place.
   *
   * @param tokens at least one, after the tokens in `state`
   * @param state the state of an earlier step; default none
   * @returns the scores `[V]` and the state
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `value` for no token
   */
  step(tokens: ArrayLike<number>, state?: KeyValueCache): Promise<Scores<KeyValueCache>> {
    return this.#step(tokens, state);
  }

  /**
   * Reads one token for each of R targets and scores the next.
   *
   * @param tokens R tokens; `tokens[r]` continues row `rows[r]` of the state
   * @param state the state of an earlier step
   * @param rows R indices of rows of the state
   * @returns the scores `[R, V]` and the new state, of R rows
   * @throws SeqgradError `range` for an unknown token or row or more tokens than the context, `shape` for another number of rows than
   *   tokens
   */
  stepRows(tokens: ArrayLike<number>, state: KeyValueCache, rows: ArrayLike<number>): Promise<Scores<KeyValueCache>> {
    return this.#step(tokens, state, rows);
  }

  /**
   * Frees a state that step() or stepRows() returned.
   *
   * @param state the state
   */
  release(state: KeyValueCache): void {
    checkCache("TransformerDecoding", state);
    state.dispose();
  }

  /** Frees the memory of the source. */
  dispose(): void {
    if (this.#encoded) releaseMemory(this.#encoded);
    this.#encoded = undefined;
  }

  #step(ids: ArrayLike<number>, before: KeyValueCache | undefined, rows?: ArrayLike<number>): Promise<Scores<KeyValueCache>> {
    const { model, source } = this;
    this.#encoded ??= inference(() => model.encode(padRows([source])));
    const encoded = this.#encoded;
    const scoresOf = (cache: KeyValueCache) => model.next(tokensOf("TransformerDecoding", ids, rows), encoded, cache);
    return readCachedStep(before, rows, () => model.emptyCache(), scoresOf);
  }
}

function releaseMemory({ memory }: EncodedMemory): void {
  for (const { k, v } of memory) for (const x of [k, v]) x.dispose();
}

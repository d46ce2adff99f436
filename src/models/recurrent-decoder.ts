import { AdditiveAttention, DotAttention, GeneralAttention, type ProjectedKeys } from "../nn/attention-scores.js";
import { Dropout, Embedding, Linear } from "../nn/layers.js";
import { inference } from "../nn/mode.js";
import { Module } from "../nn/module.js";
import type { RecurrentLayer, RecurrentState } from "../nn/recurrent.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { concat, copyOf } from "../ops/copy.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { expand } from "../ops/expand.js";
import { argmax } from "../ops/extreme-index.js";
import { indexSelect } from "../ops/gather.js";
import { affine, tanh } from "../ops/unary.js";
import { select, slice, squeeze, unsqueeze } from "../ops/views.js";
import { tensor, zeros } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import { defaultGenerator } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import {
  checkBoolean,
  checkChoice,
  checkInteger,
  checkInterval,
  checkLayers,
  checkList,
  checkObject,
  shown,
  toTokens,
} from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, strayOption } from "../util/options.js";
import { type RecurrentArch, recurrentArchs, recurrentLayer } from "./archs.js";
import { checkPairs, followers, type Seq2SeqBatch } from "./seq2seq-batch.js";
import { checkTokens, type GreedyOptions, greedyRows, readStep, type Scores, tokensOf } from "./step.js";
import type { StepModel } from "./step-model.js";

/** How a decoder may attend to a source: `none`, or by the score of additive, dot or general attention. */
export const attentionKinds = ["none", "additive", "dot", "general"] as const;
export type AttentionKind = (typeof attentionKinds)[number];

export interface RecurrentDecoderConfig {
  /** Number of different tokens of a target, V; token 0 is padding. */
  readonly targetVocab: number;
  /** `rnn`, `gru` or `lstm`. Default `lstm`. */
  readonly arch?: RecurrentArch;
  /** Size of a token's vector. Default 64. */
  readonly embed?: number;
  /** Units of a layer of the decoder, H. Default 128. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** The probability of zeroing an activation, while training. Default 0. */
  readonly dropout?: number;
  /** The score of a decoder's state and a source's state. Default `additive`. */
  readonly attention?: AttentionKind;
  /** The number of source states around the step's own position that attention sees; 0 for all. Default 0. */
  readonly window?: number;
  /**
   * The decoder reads its last attentional state together with the last token (Luong et al. 2015, section 3.3). Default true, with
   * attention.
   */
  readonly inputFeeding?: boolean;
  /** The loss: `mean` of all tokens, or the `sum` over the steps of a sequence, as the mean of the sequences. Default `mean`. */
  readonly reduction?: "mean" | "sum";
}

export const decoderConfig = {
  ...{ targetVocab: 1, arch: 1, embed: 1, hidden: 1, layers: 1, dropout: 1, attention: 1, window: 1, inputFeeding: 1, reduction: 1 },
} as const;

/** The encoder's output for B sources. */
export interface EncodedSource {
  /** The states to attend to, projected; undefined without attention. */
  readonly keys: ProjectedKeys | undefined;
  /** The length of each source. */
  readonly lengths: readonly number[];
  /** The decoder's first state. */
  readonly state: Seq2SeqState;
}

/**
 * A decoder's memory: the layers' states `[layers, B, H]`, the last attentional state `[B, H]`, and the number of tokens that it has read.
 */
export interface Seq2SeqState extends RecurrentState {
  readonly feed?: Tensor;
  readonly position: number;
}

/** The result of T steps. */
export interface DecodedSteps {
  /** `[B, T, V]`: the scores of the token after each. */
  readonly logits: Tensor;
  /** `[B, T, S]`: the attention of each step to each token of the source, as the encoder reads them; undefined without attention. */
  readonly weights: Tensor | undefined;
  /** The state after the last step. */
  readonly state: Seq2SeqState;
}

/** Sources of a batch, whatever they are made of. */
interface Sources {
  readonly shape: readonly [B: number, ...rest: number[]];
  readonly lengths: readonly number[];
}

/** The config with what is left out filled in. */
export function completeDecoder<Config extends RecurrentDecoderConfig>(
  op: string,
  config: Config,
): Config & Required<RecurrentDecoderConfig> {
  const { attention = "additive" } = config;
  const defaults = { arch: "lstm", embed: 64, hidden: 128, layers: 1, dropout: 0, window: 0, reduction: "mean" } as const;
  checkBoolean(op, "inputFeeding", config.inputFeeding ?? true);
  const stray = attention === "none" ? (["window", "inputFeeding"] as const).find((name) => config[name]) : undefined;
  if (stray) throw strayOption(op, stray, "attention additive, dot and general", "the attention is none");
  const complete = { ...defaults, ...config, attention, inputFeeding: attention !== "none" && (config.inputFeeding ?? true) };
  checkChoice(op, "arch", complete.arch, recurrentArchs);
  checkChoice(op, "attention", attention, attentionKinds);
  checkChoice<string>(op, "reduction", complete.reduction, ["mean", "sum"]);
  for (const name of ["embed", "hidden"] as const) checkInteger(op, name, complete[name], 1);
  checkLayers(op, "layers", complete.layers);
  checkInteger(op, "window", complete.window);
  checkInteger(op, "targetVocab", complete.targetVocab, 1);
  return complete;
}

/**
 * A recurrent decoder over a source that a subclass encodes: its first state, and with attention the states h_j that each step looks back
 * at.
 *
 * s_i = cell([y_{i-1}, a_{i-1}], s_{i-1}), c_i = sum_j softmax_j(score(s_i, h_j)) h_j, a_i = tanh(W [c_i, s_i]), logits_i = V a_i.
 * Bahdanau's decoder, which scores s_{i-1} and reads c_i, differs in that a_{i-1} here brings the choice of the step before. Without
 * attention, a_i is s_i and is not fed back.
 * @see Luong, Pham and Manning 2015, "Effective Approaches to Attention-based Neural Machine Translation"
 * @example
 * const decoder = new sg.models.RecurrentSeq2Seq({ sourceVocab: 9, targetVocab: 9, hidden: 8 }).eval();
 * const texts = await decoder.greedy(sg.data.padRows([[4, 5, 6], [7]]), { sos: 1, eos: 2, maxTokens: 5 });
 */
export abstract class RecurrentDecoder<Source extends Sources> extends Module implements Trainable<Seq2SeqBatch<Source>> {
  readonly targetEmbedding: Embedding;
  readonly rnn: RecurrentLayer;
  readonly attention: AdditiveAttention | DotAttention | GeneralAttention | undefined;
  readonly combine: Linear | undefined;
  readonly dropout: Dropout;
  readonly linear: Linear;
  abstract readonly config: Required<RecurrentDecoderConfig>;
  readonly #op: string;
  #teacherForcing = 1;

  /**
   * Called by a subclass, with its complete config.
   *
   * @param op the name of the model in errors
   * @param config a complete RecurrentDecoderConfig
   * @param keySize the size of the states that are looked back at
   */
  constructor(op: string, config: Required<RecurrentDecoderConfig>, keySize: number) {
    super();
    try {
      this.#op = op;
      const { targetVocab, arch, embed, hidden: H, layers, dropout, attention, inputFeeding } = config;
      this.targetEmbedding = new Embedding(targetVocab, embed, { paddingIndex: 0 });
      this.rnn = recurrentLayer(arch, embed + (inputFeeding ? H : 0), H, { layers, dropout });
      if (attention === "additive") this.attention = new AdditiveAttention(H, keySize, H);
      else if (attention === "dot") this.attention = new DotAttention();
      else if (attention === "general") this.attention = new GeneralAttention(H, keySize);
      this.combine = attention === "none" ? undefined : new Linear(keySize + H, H);
      this.dropout = new Dropout(dropout);
      this.linear = new Linear(H, targetVocab);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Reads the sources, and projects the states to attend to once for all steps.
   *
   * @param source B sources
   * @returns the source for decode()
   */
  abstract encode(source: Source): EncodedSource;

  /**
   * The probability that a step of training reads the right token instead of the model's own likeliest one (scheduled sampling, Bengio et
   * al. 2015). It is drawn for all rows of a batch at once, and may change between updates, as optim.inverseSigmoid() does. In evaluation
   * mode it counts as 1. Default 1.
   * @throws SeqgradError `range` unless in [0, 1]
   */
  get teacherForcing(): number {
    return this.#teacherForcing;
  }
  set teacherForcing(ratio: number) {
    this.#teacherForcing = checkInterval(this.#op, "teacherForcing", ratio, 0, 1);
  }

  /**
   * Reads tokens of targets.
   *
   * @param tokens int32 `[B, T]`, after the tokens that led to the state
   * @param encoded the result of encode(), with the state after the tokens before
   * @returns logits `[B, T, V]` of what follows each token, the attention, and the new state
   * @throws SeqgradError `range` for an unknown token, `shape`, `dtype`
   */
  decode(tokens: Tensor, encoded: EncodedSource): DecodedSteps {
    checkTokens(this.#op, tokens);
    const { keys, lengths, state } = checkEncoded(this.#op, encoded);
    const x = this.dropout.forward(this.targetEmbedding.forward(tokens));
    const [, T = 0] = tokens.shape;
    if (!state.feed || T === 1) return this.#advance(x, { keys, lengths, state });
    const [logits, weights]: [Tensor[], Tensor[]] = [[], []];
    let last = state;
    for (let t = 0; t < T; t++) {
      const step = this.#advance(slice(x, { axis: 1, start: t, end: t + 1 }), { keys, lengths, state: last });
      logits.push(step.logits);
      if (step.weights) weights.push(step.weights);
      last = step.state;
    }
    return { logits: concat(logits, { axis: 1 }), weights: concat(weights, { axis: 1 }), state: last };
  }

  /**
   * Scores the token after each token of the targets except their last.
   *
   * @param batch B sources and B targets of up to T tokens, each with start and end token
   * @returns logits `[B, T - 1, V]`
   * @throws SeqgradError `shape` for another number of targets than sources, `range` for an unknown token
   */
  forward(batch: Seq2SeqBatch<Source>): Tensor {
    const { source, target } = checkPairs(this.#op, batch);
    const [B, T] = target.shape;
    if (source.shape?.[0] !== B || T < 2) {
      const got = `${shown(source.shape?.[0])} sources and targets [${B}, ${T}]`;
      throw new SeqgradError("shape", `${this.#op}: got ${got}; expected a target a source, of two tokens or more.`);
    }
    const encoded = this.encode(source);
    const tokens = tensor(target.data, target.shape);
    const ratio = this.training ? this.#teacherForcing : 1;
    if (ratio === 1) return this.decode(slice(tokens, { axis: 1, end: T - 1 }), encoded).logits;
    const logits: Tensor[] = [];
    let { state } = encoded;
    for (let t = 0; t < T - 1; t++) {
      const last = logits.at(-1);
      const guesses = last !== undefined && defaultGenerator().uniform() >= ratio;
      const read = guesses ? argmax(last, { axis: -1 }) : slice(tokens, { axis: 1, start: t, end: t + 1 });
      const next = this.decode(read, { ...encoded, state });
      logits.push(next.logits);
      state = next.state;
    }
    return concat(logits, { axis: 1 });
  }

  /**
   * Returns the cross-entropy of the targets, without padding.
   *
   * @param batch B sources and B targets of up to T tokens, each with start and end token
   * @returns `loss`, a scalar, in nats; see `reduction`
   * @throws SeqgradError `shape` for another number of targets than sources, `range` for an unknown token
   */
  loss(batch: Seq2SeqBatch<Source>): LossResult {
    const logits = this.forward(batch);
    const { reduction } = this.config;
    const total = crossEntropy(logits, followers(batch.target), { reduction });
    return { loss: reduction === "sum" ? affine(total, 1 / batch.target.shape[0]) : total };
  }

  /**
   * Writes the likeliest token again and again, for many sources at once.
   *
   * @param source B sources
   * @param options `sos` and `eos`, the start and end tokens, and `maxTokens`
   * @returns the tokens of each target, without start and end
   * @throws SeqgradError `range` for a negative maxTokens
   */
  async greedy(source: Source, options: GreedyOptions): Promise<number[][]> {
    checkConfig(`${this.#op}.greedy`, options, ["sos", "eos", "maxTokens"]);
    const encoded = inference(() => this.encode(source));
    const advance = (tokens: Tensor, state: Seq2SeqState) => this.decode(tokens, { ...encoded, state });
    try {
      return await greedyRows(`${this.#op}.greedy`, source.shape[0], options, encoded.state, advance, (state) => this.release(state));
    } finally {
      releaseKeys(encoded);
    }
  }

  /**
   * Frees a state that the decoder returned.
   *
   * @param state the state
   */
  release(state: Seq2SeqState): void {
    const { h, c, feed } = checkState(this.#op, state);
    for (const part of [h, c, feed]) part?.dispose();
  }

  /** One source, to be decoded. */
  protected decoding(source: Source): RecurrentDecoding {
    return new RecurrentDecoding(
      this,
      inference(() => this.encode(source)),
    );
  }

  /** The decoder's first state: the layers' states, and no attentional state yet. */
  protected firstState(states: RecurrentState): Seq2SeqState {
    const [, B = 0] = states.h.shape;
    const feed = this.config.inputFeeding && { feed: zeros([B, this.config.hidden]) };
    return { ...states, ...feed, position: 0 };
  }

  /** x `[B, T, embed]`; of one step where there is a state to feed. */
  #advance(x: Tensor, { keys, lengths, state }: EncodedSource): DecodedSteps {
    const read = state.feed ? concat([x, unsqueeze(state.feed, { axis: 1 })], { axis: -1 }) : x;
    const { output, state: next } = this.rnn.forward(read, { state: { h: state.h, c: state.c } });
    const [, T = 0] = x.shape;
    const position = state.position + T;
    const { attention, combine } = this;
    if (!attention || !combine)
      return { logits: this.linear.forward(this.dropout.forward(output)), weights: undefined, state: { ...next, position } };
    const visible = { lengths, positions: state.position, ...(this.config.window > 0 && { window: this.config.window }) };
    const { context, weights } = attention.forward(output, keys!, visible);
    const attentional = tanh(combine.forward(concat([context, output], { axis: -1 })));
    const logits = this.linear.forward(this.dropout.forward(attentional));
    return { logits, weights, state: { ...next, ...(state.feed && { feed: squeeze(attentional, { axis: 1 }) }), position } };
  }
}

/**
 * Decodes the target of one source: the StepModel that generate() and beamSearch() take. The prompt is the start token.
 *
 * @param model the model
 * @param encoded the result of encode() of one source
 * @throws SeqgradError `value` for another kind of model or source
 * @example
 * const model = new sg.models.RecurrentSeq2Seq({ sourceVocab: 20, targetVocab: 10, hidden: 8 }).eval();
 * const decoder = model.decoder([4, 5, 6]);
 * const [best] = await sg.decode.beamSearch(decoder, [1], { beam: 3, maxTokens: 5, stop: [2] });
 * decoder.dispose();
 */
export class RecurrentDecoding implements StepModel<Seq2SeqState> {
  readonly #model: Pick<RecurrentDecoder<Sources>, "decode" | "release">;
  readonly #encoded: EncodedSource;
  /** The source once for each text that is followed. */
  #copies: EncodedSource;

  constructor(model: Pick<RecurrentDecoder<Sources>, "decode" | "release">, encoded: EncodedSource) {
    if (typeof model?.decode !== "function")
      throw new SeqgradError("value", `RecurrentDecoding: the model is ${shown(model)}; give a recurrent encoder-decoder.`);
    checkEncoded("RecurrentDecoding", encoded);
    this.#model = model;
    this.#encoded = encoded;
    this.#copies = encoded;
  }

  /**
   * Reads tokens and scores the next one.
   *
   * @param tokens at least one, after the tokens that led to `state`
   * @param state the state of an earlier step; default the first
   * @returns the scores `[V]` and the new state
   * @throws SeqgradError `range` for an unknown token, `value` for no token
   */
  async step(tokens: ArrayLike<number>, state: Seq2SeqState = this.#encoded.state): Promise<Scores<Seq2SeqState>> {
    checkState("RecurrentDecoding", state);
    return this.#read(tokens, undefined, this.#encoded, () => state);
  }

  /**
   * Reads one token for each of R targets and scores the next.
   *
   * @param tokens R tokens; `tokens[r]` continues row `rows[r]` of the state
   * @param state the state of an earlier step
   * @param rows R indices of rows of the state
   * @returns the scores `[R, V]` and the new state, of R rows
   * @throws SeqgradError `range` for an unknown token or row, `shape` for another number of rows than tokens
   */
  async stepRows(tokens: ArrayLike<number>, state: Seq2SeqState, rows: ArrayLike<number>): Promise<Scores<Seq2SeqState>> {
    checkState("RecurrentDecoding", state);
    const R = checkList("RecurrentDecoding", "rows", rows, "the row that each token continues").length;
    if (this.#copies.lengths.length !== R) this.#copy(R);
    return this.#read(tokens, rows, this.#copies, () => {
      const index = tensor(toTokens("RecurrentDecoding", "rows", rows), [R]);
      const { h, c, feed, position } = state;
      const of = (x: Tensor, axis: number) => indexSelect(x, index, { axis });
      return { h: of(h, 1), ...(c && { c: of(c, 1) }), ...(feed && { feed: of(feed, 0) }), position };
    });
  }

  /**
   * Frees a state that step() or stepRows() returned.
   *
   * @param state the state
   */
  release(state: Seq2SeqState): void {
    checkObject("RecurrentDecoding.release", "the state", state, "one that step() returned");
    this.#model.release(state);
  }

  /** Frees the memory of the source. */
  dispose(): void {
    this.#dropCopies();
    this.#model.release(this.#encoded.state);
    releaseKeys(this.#encoded);
  }

  #copy(R: number): void {
    this.#dropCopies();
    const { keys, lengths, state } = this.#encoded;
    const many = (x: Tensor) => copyOf(expand(x, [R, ...x.shape.slice(1)]));
    const copies = keys && inference(() => ({ values: many(keys.values), keys: many(keys.keys) }));
    this.#copies = { keys: copies, lengths: new Array<number>(R).fill(lengths[0]!), state };
  }

  #dropCopies(): void {
    if (this.#copies !== this.#encoded) releaseKeys(this.#copies);
    this.#copies = this.#encoded;
  }

  #read(
    ids: ArrayLike<number>,
    rows: ArrayLike<number> | undefined,
    source: EncodedSource,
    stateOf: () => Seq2SeqState,
  ): Promise<Scores<Seq2SeqState>> {
    return readStep(() => {
      const { logits, state } = this.#model.decode(tokensOf("RecurrentDecoding", ids, rows), { ...source, state: stateOf() });
      return { last: copyOf(select(logits, -1, { axis: 1 })), state };
    });
  }
}

/** The state, when it is one that a decoder answered. */
function checkState(op: string, state: Seq2SeqState): Seq2SeqState {
  const { h, c, feed, position } = checkObject(op, "the state", state, "one that the decoder answered");
  checkInteger(op, "the state's position", position);
  for (const [name, x] of Object.entries({ h, ...(c !== undefined && { c }), ...(feed !== undefined && { feed }) }))
    checkTensor(op, x, `the state's ${name}`);
  return state;
}

function checkEncoded(op: string, encoded: EncodedSource): EncodedSource {
  const { state, lengths } = checkObject(op, "the source", encoded, "what encode() answers");
  checkState(op, state);
  checkList(op, "the source's lengths", lengths, "what encode() answers");
  return encoded;
}

function releaseKeys({ keys }: EncodedSource): void {
  keys?.keys.dispose();
  keys?.values.dispose();
}

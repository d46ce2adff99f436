import type { WindowBatch } from "../data/windows.js";
import * as init from "../nn/init.js";
import { KeyValueCache } from "../nn/key-value-cache.js";
import { Embedding, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import { LearnedPositionalEmbedding } from "../nn/positions.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { TransformerEncoder } from "../nn/transformer.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { dropout } from "../ops/dropout.js";
import { linear } from "../ops/linear.js";
import { select } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import { buildToFit } from "../tensor/ownership.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ForeignValue } from "../tensor/value.js";
import { checkBoolean, checkChoice, checkInteger, checkInterval, checkLayers, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, checkOptions, namesOf, strayOption } from "../util/options.js";
import {
  checkSettings,
  checkTensorMap,
  gpt2Origin,
  llamaOrigin,
  loadForeign,
  numberOf,
  type Origins,
  recordOf,
  type Settings,
  withoutPrefix,
} from "./hugging-face.js";
import { checkBatch, checkCache, checkTokens, readCachedStep, type Scores, tokensOf } from "./step.js";
import type { StepModel } from "./step-model.js";

export interface TransformerLMConfig {
  /** Number of different tokens, V. */
  readonly vocab: number;
  /** The most tokens that the model sees at once. */
  readonly context: number;
  readonly layers: number;
  /** N, heads of queries. */
  readonly heads: number;
  /** D, the width of the model. */
  readonly hidden: number;
  /** The number of heads of keys and values, each shared by N / kvHeads neighboring heads of queries (Ainslie et al. 2023). Default N. */
  readonly kvHeads?: number;
  /** Size of the hidden layer of the feed-forward nets. Default 4 D; 8 D / 3 with swiglu, which has three matrices for two. */
  readonly feedForward?: number;
  /** The probability of zeroing, while training, an element of the output of each attention and each feed-forward net. Default 0. */
  readonly dropout?: number;
  /** The probability of zeroing an attention weight. Default `dropout`. */
  readonly attentionDropout?: number;
  /** The probability of zeroing an element of the embeddings. Default `dropout`. */
  readonly embeddingDropout?: number;
  /** Default layer. */
  readonly norm?: "layer" | "rms";
  /** A table of positions, or queries and keys that turn by them (Su et al. 2021). Default learned. */
  readonly positions?: "learned" | "rotary";
  /** The eps of the norms. Default 1e-5. */
  readonly eps?: number;
  /** The base of rotary positions: see `rotary`. Default 10,000. */
  readonly rotaryBase?: number;
  /** Default gelu. */
  readonly activation?: "gelu" | "geluTanh" | "swiglu";
  /** True if linear layers and norms have biases. Default true. */
  readonly bias?: boolean;
  /** The output layer uses the embedding's table, with fewer weights to learn and a better perplexity (Press and Wolf 2017). Default true. */
  readonly tieWeights?: boolean;
}

/** The words of the options that are words. */
export const transformerChoices = {
  norm: ["layer", "rms"],
  positions: ["learned", "rotary"],
  activation: ["gelu", "geluTanh", "swiglu"],
} as const;

export const transformerLMNames = namesOf<TransformerLMConfig>({
  ...{ vocab: 1, context: 1, layers: 1, heads: 1, hidden: 1, kvHeads: 1, feedForward: 1, dropout: 1 },
  ...{ attentionDropout: 1, embeddingDropout: 1, norm: 1, positions: 1, eps: 1, rotaryBase: 1, activation: 1, bias: 1, tieWeights: 1 },
});

/**
 * A decoder-only Transformer as a language model, with the architecture of GPT-2, or by its options of Llama: rotary positions, root mean
 * square norms, SwiGLU.
 *
 * tokens -> embedding and positions -> layers of causal attention and feed-forward, norms first -> linear layer to the scores
 *
 * Weights are normal with deviation 0.02 at first; those that end a branch have 0.02 / sqrt(2 layers), as in GPT-2.
 *
 * @param config see TransformerLMConfig
 * @throws SeqgradError `value` for an unknown choice or heads that cannot share the width evenly, `range` for a size below 1
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"; Touvron et al. 2023, "LLaMA"
 * @example
 * const model = new sg.models.TransformerLM({ vocab: 65, context: 64, layers: 2, heads: 4, hidden: 32 });
 * const tokens = sg.zeros([8, 20], { dtype: "int32" });
 * model.forward(tokens).logits.shape; // = [8, 20, 65]
 */
export class TransformerLM extends Module implements Trainable<WindowBatch>, StepModel<KeyValueCache> {
  readonly embedding: Embedding;
  /** Undefined with rotary positions. */
  readonly positions: LearnedPositionalEmbedding | undefined;
  readonly decoder: TransformerEncoder;
  /** Undefined with tied weights. */
  readonly linear: Linear | undefined;
  readonly config: Required<TransformerLMConfig>;

  constructor(config: TransformerLMConfig) {
    super();
    checkConfig("TransformerLM", config, transformerLMNames);
    try {
      const { vocab, context, layers, heads, hidden, kvHeads = heads, dropout = 0, bias = true } = config;
      const { attentionDropout = dropout, embeddingDropout = dropout } = config;
      const { norm = "layer", positions = "learned", activation = "gelu", tieWeights = true, eps = 1e-5, rotaryBase = 10000 } = config;
      if (positions === "learned" && rotaryBase !== 10000)
        throw strayOption("TransformerLM", "rotaryBase", "rotary positions", "the positions are learned");
      checkBoolean("TransformerLM", "tieWeights", tieWeights);
      const { feedForward = activation === "swiglu" ? 4 * Math.ceil((2 * hidden) / 3) : 4 * hidden } = config;
      this.config = {
        ...{ vocab, context, layers, heads, hidden, kvHeads, feedForward, dropout, attentionDropout, embeddingDropout },
        ...{ norm, positions, activation, bias, tieWeights, eps, rotaryBase },
      };
      for (const name of ["norm", "positions", "activation"] as const)
        checkChoice<string>("TransformerLM", name, this.config[name], transformerChoices[name]);
      checkInteger("TransformerLM", "vocab", vocab, 1);
      checkInteger("TransformerLM", "context", context, 1);
      checkLayers("TransformerLM", "layers", layers);
      for (const name of ["dropout", "attentionDropout", "embeddingDropout"] as const)
        checkInterval("TransformerLM", name, this.config[name], 0, 1);
      const isRotary = positions === "rotary";
      this.decoder = new TransformerEncoder(hidden, heads, {
        ...{ numLayers: layers, keyValueHeads: kvHeads, dimFeedforward: feedForward, activation, norm, bias, eps },
        ...{ dropout, attentionDropout, hiddenDropout: 0 },
        ...{ normFirst: true, finalNorm: true, rotary: isRotary, rotaryBase },
      });
      this.embedding = new Embedding(vocab, hidden);
      this.positions = isRotary ? undefined : new LearnedPositionalEmbedding(context, hidden);
      this.linear = tieWeights ? undefined : new Linear(hidden, vocab, { bias: false });
      for (const [name, p] of this.namedParameters()) {
        const endsBranch = name.endsWith("out_proj.weight") || name.endsWith("linear2.weight");
        if (p.rank > 1) init.normal(p, 0, endsBranch ? 0.02 / Math.sqrt(2 * layers) : 0.02);
        else if (name.endsWith("bias")) init.zeros(p);
      }
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Builds a model of GPT-2's or Llama's kind from its config.json and its tensors, both as Hugging Face's libraries save them.
   *
   * Dropout, which counts in training alone, is the config's: GPT-2's embd_pdrop, attn_pdrop and resid_pdrop, by default 0.1, become
   * embeddingDropout, attentionDropout and dropout; Llama's attention_dropout, by default 0, becomes attentionDropout.
   *
   * @param config parsed config.json, of model_type gpt2 or llama
   * @param tensors the parameters by name, as `io.parseSafetensors` returns them
   * @returns the model
   * @throws SeqgradError `format` for another kind, for settings that would give other results than there (all are listed), or one error
   *   that lists all tensors that are missing, of another shape or unknown
   * @example
   * const config = { model_type: "gpt2", vocab_size: 65, n_positions: 64, n_embd: 32, n_layer: 2, n_head: 4 };
   * try {
   *   sg.models.TransformerLM.fromHuggingFace(config, new Map()); // tensors: (await sg.io.loadModel(store)).tensors
   * } catch (error) {
   *   console.log(error.message); // lists what is missing
   * }
   */
  static fromHuggingFace(config: Readonly<Record<string, unknown>>, tensors: ReadonlyMap<string, ForeignValue>): TransformerLM {
    const op = "TransformerLM.fromHuggingFace";
    const kind = Object.entries(foreignKinds).find(([name]) => name === config?.model_type)?.[1];
    if (!kind) throw new SeqgradError("format", `${op}: model_type is ${shown(config?.model_type)}; expected "gpt2" or "llama".`);
    checkTensorMap(op, tensors);
    const settings = { ...kind.defaults, ...config };
    checkSettings(op, settings, kind.settings(settings));
    return buildToFit(tensors, () => {
      const model = new TransformerLM(kind.options(settings, (...names) => numberOf(op, settings, ...names)));
      loadForeign(op, model, withoutPrefix(tensors, kind.prefix), kind.originOf(model.config), kind.ignored);
      return model;
    });
  }

  /** The most tokens that a state can hold. */
  get context(): number {
    return this.config.context;
  }

  /**
   * Scores the token after each token.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1, after the tokens in the state, if there is one
   * @param options `state`: keys and values of the tokens before; the new ones are added in place. Default none
   * @returns logits `[B, T, V]`, and the state that was given
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`
   */
  forward(tokens: Tensor, options: { state?: KeyValueCache | undefined } = {}): { logits: Tensor; state: KeyValueCache | undefined } {
    checkOptions("TransformerLM", options, ["state"]);
    const { state } = options;
    return { logits: this.#scores(this.#read(tokens, state)), state };
  }

  /**
   * Returns the mean cross-entropy of the next tokens.
   *
   * @param batch windows over a text, as `data.RandomWindows` makes them
   * @returns `loss`, a scalar, in nats
   * @throws SeqgradError `value` for a batch of another form, `range` for an unknown token or more tokens than the context
   */
  loss(batch: WindowBatch): LossResult {
    checkBatch("TransformerLM", batch, "x", "y", "shape");
    const { logits } = this.forward(tensor(batch.x, batch.shape));
    return { loss: crossEntropy(logits, tensor(batch.y, batch.shape)) };
  }

  /**
   * Reads tokens and scores the next one: what generate() calls, for a model in evaluation mode. A state grows in place; release the first
   * one when it is not needed any more.
   *
   * @param tokens at least one, after the tokens in `state`
   * @param state the state of an earlier step; default none
   * @returns the scores `[V]` and the state
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `value` for no token; the state is as before
   */
  step(tokens: ArrayLike<number>, state?: KeyValueCache): Promise<Scores<KeyValueCache>> {
    return this.#step(tokens, state);
  }

  /**
   * Reads one token for each of R texts and scores the next: what beamSearch() calls, for a model in evaluation mode.
   *
   * @param tokens R tokens; `tokens[r]` continues row `rows[r]` of the state
   * @param state the state of an earlier step
   * @param rows R indices of rows of the state
   * @returns the scores `[R, V]` and the new state, of R rows
   * @throws SeqgradError `range` for an unknown token or row or more tokens than the context, `shape` for another number of rows than
   *   tokens; the state is as before
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
    checkCache("TransformerLM", state);
    state.dispose();
  }

  #step(ids: ArrayLike<number>, before: KeyValueCache | undefined, rows?: ArrayLike<number>): Promise<Scores<KeyValueCache>> {
    const scoresOf = (cache: KeyValueCache) =>
      this.#scores(select(this.#read(tokensOf("TransformerLM", ids, rows), cache), -1, { axis: 1 }));
    return readCachedStep(before, rows, () => this.#emptyCache(), scoresOf);
  }

  #emptyCache(): KeyValueCache {
    const { layers, context } = this.config;
    const { backend } = this.embedding.weight;
    return new KeyValueCache({ layers, capacity: context, width: this.decoder.keyValueWidth, device: { backend } });
  }

  /** The vectors `[B, T, D]` that the decoder makes of tokens. */
  #read(tokens: Tensor, cache: KeyValueCache | undefined): Tensor {
    checkTokens("TransformerLM", tokens);
    const [, T = 0] = tokens.shape;
    const offset = cache?.length ?? 0;
    if (offset + T > this.context) {
      const got = offset > 0 ? `${offset} tokens and ${T} more` : `${T} tokens`;
      throw new SeqgradError("range", `TransformerLM: ${got} do not fit the context of ${this.context}; give fewer.`);
    }
    const x = this.embedding.forward(tokens);
    const placed = this.positions ? this.positions.forward(x, { offset }) : x;
    return this.decoder.forward(dropout(placed, this.config.embeddingDropout, this.training), { causal: true, cache });
  }

  #scores(y: Tensor): Tensor {
    return linear(y, this.linear?.weight ?? this.embedding.weight);
  }
}

/** A kind of model of Hugging Face's libraries, as its config.json and its tensors describe it. */
interface ForeignKind {
  /** Settings that count where the config does not say. */
  readonly defaults?: Readonly<Record<string, unknown>>;
  options(config: Readonly<Record<string, unknown>>, size: (...names: string[]) => number): TransformerLMConfig;
  /** The values of settings that the model can be of; what is not there is as the first. */
  settings(config: Readonly<Record<string, unknown>>): Settings;
  originOf(config: Required<TransformerLMConfig>): Origins;
  /** A prefix that the tensors' names may have. */
  readonly prefix: string;
  /** Names that count for nothing where no parameter is of them. */
  readonly ignored: RegExp;
}

const foreignKinds: Readonly<Record<"gpt2" | "llama", ForeignKind>> = {
  gpt2: {
    defaults: { embd_pdrop: 0.1, attn_pdrop: 0.1, resid_pdrop: 0.1 },
    options: (config, size) => ({
      ...{ vocab: size("vocab_size"), context: size("n_positions", "n_ctx"), heads: size("n_head") },
      ...{ layers: size("n_layer"), hidden: size("n_embd") },
      ...{ dropout: size("resid_pdrop"), attentionDropout: size("attn_pdrop"), embeddingDropout: size("embd_pdrop") },
      ...(typeof config.n_inner === "number" && { feedForward: config.n_inner }),
      ...(config.layer_norm_epsilon !== undefined && { eps: size("layer_norm_epsilon") }),
      activation: config.activation_function === "gelu" ? "gelu" : "geluTanh",
      tieWeights: config.tie_word_embeddings !== false,
    }),
    settings: () => ({
      activation_function: ["gelu_new", "gelu", "gelu_pytorch_tanh", "gelu_fast"],
      ...{ scale_attn_weights: [true], scale_attn_by_inverse_layer_idx: [false], add_cross_attention: [false] },
    }),
    originOf: () => gpt2Origin,
    prefix: "transformer.",
    ignored: /\.attn\.(masked_)?bias$|^lm_head\.weight$/,
  },
  llama: {
    defaults: { attention_dropout: 0 },
    options: (config, size) => ({
      ...{ vocab: size("vocab_size"), context: size("max_position_embeddings"), heads: size("num_attention_heads") },
      ...{ layers: size("num_hidden_layers"), hidden: size("hidden_size"), feedForward: size("intermediate_size") },
      ...(config.num_key_value_heads !== undefined && { kvHeads: size("num_key_value_heads") }),
      ...{ positions: "rotary", norm: "rms", activation: "swiglu", bias: false, tieWeights: config.tie_word_embeddings === true },
      attentionDropout: size("attention_dropout"),
      eps: config.rms_norm_eps === undefined ? 1e-6 : size("rms_norm_eps"),
      rotaryBase: numberOf(
        "TransformerLM.fromHuggingFace",
        { rope_theta: 10000, ...config, ...recordOf(config.rope_parameters) },
        "rope_theta",
      ),
    }),
    settings: (config) => ({
      ...{ hidden_act: ["silu", "swish"], attention_bias: [false], mlp_bias: [false], sliding_window: [null], partial_rotary_factor: [1] },
      head_dim: [Number(config.hidden_size) / Number(config.num_attention_heads), null],
      ...{ "rope_scaling.rope_type": ["default"], "rope_scaling.type": ["default"], "rope_parameters.rope_type": ["default"] },
    }),
    originOf: ({ heads, kvHeads }) => llamaOrigin(heads / kvHeads),
    prefix: "",
    ignored: /rotary_emb\.inv_freq$|^lm_head\.weight$/,
  },
};

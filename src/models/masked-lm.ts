import type { MaskedTokens } from "../data/masking.js";
import * as init from "../nn/init.js";
import { Embedding, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import { LayerNorm } from "../nn/norm.js";
import { LearnedPositionalEmbedding } from "../nn/positions.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { TransformerEncoder } from "../nn/transformer.js";
import { add } from "../ops/binary.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { constant } from "../ops/define-op.js";
import { dropout } from "../ops/dropout.js";
import { linear } from "../ops/linear.js";
import { gelu, tanh } from "../ops/unary.js";
import { select } from "../ops/views.js";
import { parameter, tensor } from "../tensor/create.js";
import { buildToFit } from "../tensor/ownership.js";
import type { Tensor } from "../tensor/tensor.js";
import type { ForeignValue } from "../tensor/value.js";
import { checkBoolean, checkInteger, checkInterval, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, checkOptions, namesOf, strayOption } from "../util/options.js";
import { bertOrigin, checkSettings, checkTensorMap, loadForeign, numberOf, withoutPrefix } from "./hugging-face.js";
import { checkBatch, checkTokens } from "./step.js";

export interface MaskedLMConfig {
  /** Number of different tokens, V. */
  readonly vocab: number;
  /** The most tokens that the model sees at once. */
  readonly context: number;
  readonly layers: number;
  /** N, attention heads. */
  readonly heads: number;
  /** D, the width of the model. */
  readonly hidden: number;
  /** Size of the hidden layer of the feed-forward nets. Default 4 D. */
  readonly feedForward?: number;
  /** Kinds of segments, such as first and second sentence. Default 2. */
  readonly segments?: number;
  /**
   * The probability of zeroing, while training, an element of the output of the embeddings, each attention and each feed-forward net.
   * Default 0.1.
   */
  readonly dropout?: number;
  /** The probability of zeroing an attention weight. Default `dropout`. */
  readonly attentionDropout?: number;
  /** The probability of zeroing an element of the classifier's input. Default `dropout`. */
  readonly classifierDropout?: number;
  /** The eps of the norms. Default 1e-12. */
  readonly eps?: number;
  /** Classes of the head over the pooled first token; 0 for a model without that head. Default 0. */
  readonly classes?: number;
  /** True if there is a pooler also without classes, for pool() and heads of one's own. Default: where there are classes. */
  readonly pools?: boolean;
  /** True if there is the head that fills in hidden tokens; without it there are encode() and classify(). Default true. */
  readonly fillsMasks?: boolean;
}

/** Optional inputs of a call. */
export interface MaskedLMCall {
  /** int32 `[B, T]`, the segment of each token. Default 0 each. */
  readonly segments?: Tensor | undefined;
  /** The number of tokens of each row, each in 1..T. Default T. */
  readonly lengths?: readonly number[] | undefined;
}

export const maskedLMNames = namesOf<MaskedLMConfig>({
  ...{ vocab: 1, context: 1, layers: 1, heads: 1, hidden: 1, feedForward: 1, segments: 1, dropout: 1 },
  ...{ attentionDropout: 1, classifierDropout: 1, eps: 1, classes: 1, pools: 1, fillsMasks: 1 },
});

/**
 * An encoder that fills in hidden tokens, with the architecture of BERT.
 *
 * It has word, position and segment vectors, Transformer layers with norms last, and a head of one layer, gelu and norm before scores that
 * use the word table; with `pools` or `classes` also a pooler, tanh of a layer over the first token, and with `classes` a linear classifier
 * over it. Weights are normal with deviation 0.02 at first.
 *
 * @param config see MaskedLMConfig
 * @throws SeqgradError `value` for heads that cannot share the width, `range` for a size below 1
 * @see Devlin, Chang, Lee and Toutanova 2019, "BERT"
 * @example
 * const model = new sg.models.MaskedLM({ vocab: 50, context: 16, layers: 2, heads: 2, hidden: 16, classes: 3 });
 * const tokens = sg.zeros([2, 8], { dtype: "int32" });
 * model.forward(tokens, { lengths: [8, 5] }).shape; // = [2, 8, 50]
 * model.classify(tokens).shape; // = [2, 3]
 * model.pool(tokens).shape; // = [2, 16]
 */
export class MaskedLM extends Module implements Trainable<MaskedTokens> {
  readonly embedding: Embedding;
  readonly positions: LearnedPositionalEmbedding;
  readonly segments: Embedding;
  readonly norm: LayerNorm;
  readonly encoder: TransformerEncoder;
  readonly transform: Linear | undefined;
  readonly transformNorm: LayerNorm | undefined;
  /** Of the scores, `[V]`. */
  readonly bias: Tensor | undefined;
  readonly pooler: Linear | undefined;
  readonly classifier: Linear | undefined;
  readonly config: Required<MaskedLMConfig>;

  constructor(config: MaskedLMConfig) {
    super();
    checkConfig("MaskedLM", config, maskedLMNames);
    try {
      const { vocab, context, layers, heads, hidden } = config;
      checkInteger("MaskedLM", "hidden", hidden, 1);
      checkBoolean("MaskedLM", "pools", config.pools ?? false);
      const { feedForward = 4 * hidden } = config;
      checkInteger("MaskedLM", "vocab", vocab, 1);
      checkInteger("MaskedLM", "context", context, 1);
      checkInteger("MaskedLM", "classes", config.classes ?? 0);
      const { segments = 2, dropout = 0.1, eps = 1e-12, classes = 0, fillsMasks = true } = config;
      const { attentionDropout = dropout, classifierDropout = dropout } = config;
      const pools = classes > 0 || (config.pools ?? false);
      if (classes > 0 && config.pools === false) throw strayOption("MaskedLM", "pools", "a model without classes", `classes is ${classes}`);
      this.config = {
        ...{ vocab, context, layers, heads, hidden, feedForward, segments, dropout, attentionDropout, classifierDropout },
        ...{ eps, classes, pools, fillsMasks },
      };
      checkBoolean("MaskedLM", "fillsMasks", fillsMasks);
      for (const name of ["dropout", "attentionDropout", "classifierDropout"] as const)
        checkInterval("MaskedLM", name, this.config[name], 0, 1);
      this.encoder = new TransformerEncoder(hidden, heads, {
        ...{ numLayers: layers, dimFeedforward: feedForward, dropout, attentionDropout, hiddenDropout: 0, activation: "gelu", eps },
      });
      this.embedding = new Embedding(vocab, hidden);
      this.positions = new LearnedPositionalEmbedding(context, hidden);
      this.segments = new Embedding(segments, hidden);
      this.norm = new LayerNorm(hidden, { eps });
      this.transform = fillsMasks ? new Linear(hidden, hidden) : undefined;
      this.transformNorm = fillsMasks ? new LayerNorm(hidden, { eps }) : undefined;
      this.bias = fillsMasks ? parameter([vocab], init.zeros) : undefined;
      this.pooler = pools ? new Linear(hidden, hidden) : undefined;
      this.classifier = classes > 0 ? new Linear(hidden, classes) : undefined;
      for (const [name, p] of this.namedParameters()) {
        if (p.rank > 1) init.normal(p, 0, 0.02);
        else if (name.endsWith("bias")) init.zeros(p);
      }
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Builds a model of BERT's kind from its config.json and its tensors, as Hugging Face's libraries save them.
   *
   * They may be of BertForMaskedLM or BertForPreTraining, or without the head that fills in tokens, of BertModel or
   * BertForSequenceClassification. A head that the tensors lack is refused by name when it is called; no head is random. A pooler is kept
   * wherever there is one; left out are only cls.seq_relationship, the head for the next sentence, and copies of the word table.
   *
   * Dropout, which counts in training alone, is the config's: hidden_dropout_prob and attention_probs_dropout_prob, by default 0.1, become
   * dropout and attentionDropout; classifier_dropout, by default hidden_dropout_prob, becomes classifierDropout.
   *
   * @param config parsed config.json, of model_type bert
   * @param tensors the parameters by name, as `io.parseSafetensors` returns them
   * @returns the model
   * @throws SeqgradError `format` for another kind, for settings that would give other results than there, or one error that lists all
   *   tensors that are missing, of another shape or unknown
   * @example
   * const config = { model_type: "bert", vocab_size: 50, max_position_embeddings: 16, num_hidden_layers: 1, num_attention_heads: 2 };
   * try {
   *   sg.models.MaskedLM.fromHuggingFace({ ...config, hidden_size: 16, intermediate_size: 64 }, new Map());
   * } catch (error) {
   *   console.log(error.message); // lists what is missing
   * }
   */
  static fromHuggingFace(config: Readonly<Record<string, unknown>>, tensors: ReadonlyMap<string, ForeignValue>): MaskedLM {
    const op = "MaskedLM.fromHuggingFace";
    checkTensorMap(op, tensors);
    const settings: typeof config = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1, ...config };
    if (settings.model_type !== "bert")
      throw new SeqgradError("format", `${op}: model_type is ${shown(settings.model_type)}; expected "bert".`);
    checkSettings(op, settings, { hidden_act: ["gelu"], position_embedding_type: ["absolute"], is_decoder: [false] });
    const size = (name: string) => numberOf(op, settings, name);
    const named = withoutPrefix(tensors, "bert.");
    const classes = named.get("classifier.weight")?.shape[0] ?? 0;
    const has = (head: string) => Array.from(named.keys()).some((name) => name.startsWith(head));
    return buildToFit(tensors, () => {
      const model = new MaskedLM({
        ...{ fillsMasks: has("cls.predictions."), pools: has("pooler.") },
        ...{ vocab: size("vocab_size"), context: size("max_position_embeddings"), hidden: size("hidden_size") },
        ...{ layers: size("num_hidden_layers"), heads: size("num_attention_heads"), feedForward: size("intermediate_size"), classes },
        ...(settings.type_vocab_size !== undefined && { segments: size("type_vocab_size") }),
        ...(settings.layer_norm_eps !== undefined && { eps: size("layer_norm_eps") }),
        ...{ dropout: size("hidden_dropout_prob"), attentionDropout: size("attention_probs_dropout_prob") },
        ...(settings.classifier_dropout != null && { classifierDropout: size("classifier_dropout") }),
      });
      loadForeign(op, model, named, bertOrigin, /^embeddings\.position_ids$|^cls\.seq_relationship\.|^cls\.predictions\.decoder\./);
      return model;
    });
  }

  /**
   * Scores the token of each place.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param call segments and lengths: see MaskedLMCall
   * @returns logits `[B, T, V]`
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`, `state` for a model without that
   *   head
   */
  forward(tokens: Tensor, call: MaskedLMCall = {}): Tensor {
    const { transform, transformNorm } = this;
    if (!transform || !transformNorm)
      throw new SeqgradError(
        "state",
        "MaskedLM.forward: the model has no head that fills in tokens; make it with fillsMasks, or call encode().",
      );
    const hidden = transformNorm.forward(gelu(transform.forward(this.encode(tokens, call))));
    return linear(hidden, this.embedding.weight, this.bias);
  }

  /**
   * Computes the vectors of the places: contextual embeddings.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param call segments and lengths: see MaskedLMCall
   * @returns `[B, T, D]`
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`
   */
  encode(tokens: Tensor, call: MaskedLMCall = {}): Tensor {
    checkOptions("MaskedLM", call, ["segments", "lengths"]);
    checkTokens("MaskedLM", tokens);
    const { segments, lengths } = call;
    const kinds = segments ?? constant(tokens, new Int32Array(tokens.size), tokens.shape);
    const placed = this.positions.forward(add(this.embedding.forward(tokens), this.segments.forward(kinds)));
    const x = this.norm.forward(placed);
    return this.encoder.forward(dropout(x, this.config.dropout, this.training), { lengths });
  }

  /**
   * Computes a vector of each row: the pooler's, from the first token.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param call segments and lengths: see MaskedLMCall
   * @returns `[B, D]`
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`, `state` for a model without a
   *   pooler
   */
  pool(tokens: Tensor, call: MaskedLMCall = {}): Tensor {
    if (!this.pooler) throw new SeqgradError("state", "MaskedLM.pool: the model has no pooler; make it with pools.");
    return tanh(this.pooler.forward(select(this.encode(tokens, call), 0, { axis: 1 })));
  }

  /**
   * Scores the classes of each row, from the first token.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param call segments and lengths: see MaskedLMCall
   * @returns logits `[B, K]`
   * @throws SeqgradError `range` for an unknown token or more tokens than the context, `shape`, `dtype`, `state` for a model without a
   *   classifier
   */
  classify(tokens: Tensor, call: MaskedLMCall = {}): Tensor {
    if (!this.classifier) throw new SeqgradError("state", "MaskedLM.classify: the model has no classifier; make it with classes.");
    return this.classifier.forward(dropout(this.pool(tokens, call), this.config.classifierDropout, this.training));
  }

  /**
   * Returns the mean cross-entropy of the hidden tokens.
   *
   * @param batch tokens with some hidden, and the targets, as `data.maskTokens` makes them
   * @returns `loss`, a scalar, in nats
   * @throws SeqgradError `value` for a batch of another form, `range` for an unknown token or more tokens than the context
   */
  loss(batch: MaskedTokens): LossResult {
    const { tokens, targets, shape, lengths } = checkBatch("MaskedLM", batch, "tokens", "targets", "shape", "lengths");
    return { loss: crossEntropy(this.forward(tensor(tokens, shape), { lengths }), tensor(targets, shape)) };
  }
}

import { normal } from "../nn/init.js";
import { Dropout, Embedding, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import { Pooling, type PoolingKind, poolings } from "../nn/pooling.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkInterval, checkList } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, namesOf } from "../util/options.js";
import {
  type CompleteConfig,
  completeEncoder,
  encoderConfig,
  encoderPart,
  SequenceEncoder,
  type SequenceEncoderConfig,
} from "./sequence-encoder.js";
import { checkBatch, checkTokens } from "./step.js";

export interface SequenceClassifierConfig extends SequenceEncoderConfig {
  /** Number of different tokens, V; token 0 is padding. */
  readonly vocab: number;
  /** Number of classes, K. */
  readonly classes: number;
  /** Size of a token's vector. Default 64. */
  readonly embed?: number;
  /** The summary of the sequence: the last state, or a pooling of all steps. Default `last`. */
  readonly pooling?: "last" | PoolingKind;
  /** The weight of each class in the loss; an empty list weighs all alike. Default: empty. */
  readonly classWeights?: readonly number[];
}

/** Padded rows of tokens and the class of each. */
export interface ClassifierBatch {
  /** `[B, T]` */
  readonly tokens: Int32Array;
  readonly shape: readonly [B: number, T: number];
  readonly lengths: readonly number[];
  /** `[B]` */
  readonly labels: Int32Array;
}

export const classifierNames = namesOf<SequenceClassifierConfig>({
  ...encoderConfig,
  vocab: 1,
  classes: 1,
  embed: 1,
  pooling: 1,
  classWeights: 1,
});

/**
 * Predicts the class of a sequence of tokens.
 *
 * tokens -> embedding -> sequence encoder -> one vector for the whole sequence -> linear layer to the scores of the classes
 *
 * @param config see SequenceClassifierConfig
 * @throws SeqgradError `value` for an unknown arch or pooling, `range` for a size below 1
 * @example
 * const model = new sg.models.SequenceClassifier({ vocab: 100, classes: 2, arch: "gru", hidden: 8 });
 * model.forward(sg.zeros([3, 5], { dtype: "int32" }), [5, 2, 1]).shape; // = [3, 2]
 */
export class SequenceClassifier extends Module implements Trainable<ClassifierBatch> {
  readonly embedding: Embedding;
  readonly encoder: SequenceEncoder;
  readonly pooling: Pooling | undefined;
  readonly dropout: Dropout;
  readonly linear: Linear;
  readonly config: CompleteConfig<SequenceClassifierConfig>;

  constructor(config: SequenceClassifierConfig) {
    super();
    checkConfig("SequenceClassifier", config, classifierNames);
    const { vocab, classes, embed = 64, pooling = "last", classWeights = [] } = config;
    checkChoice<string>("SequenceClassifier", "pooling", pooling, ["last", ...poolings]);
    checkInteger("SequenceClassifier", "vocab", vocab, 1);
    checkInteger("SequenceClassifier", "classes", classes, 1);
    checkList("SequenceClassifier", "classWeights", classWeights, "a number for each class");
    this.config = { ...completeEncoder("SequenceClassifier", config), vocab, classes, embed, pooling, classWeights };
    if (classWeights.length > 0 && classWeights.length !== classes)
      throw new SeqgradError(
        "shape",
        `SequenceClassifier: there are ${classWeights.length} classWeights for ${classes} classes; give one for each.`,
      );
    for (const weight of classWeights) checkInterval("SequenceClassifier", "a weight of classWeights", weight, 0, 1e6);
    try {
      // Small, so that what is learned soon outweighs the noise of words that few examples hold.
      this.embedding = new Embedding(vocab, embed, { paddingIndex: 0, init: (y) => normal(y, 0, 0.1) });
      this.encoder = new SequenceEncoder(embed, encoderPart(this.config));
      this.pooling = pooling === "last" ? undefined : new Pooling(pooling, this.encoder.outputSize);
      this.dropout = new Dropout(this.config.dropout);
      this.linear = new Linear(this.encoder.outputSize, classes);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Scores the classes.
   *
   * @param tokens int32 `[B, T]`, each in 0..V-1
   * @param lengths the length of each row, each in 1..T
   * @returns logits `[B, K]`
   * @throws SeqgradError `range` for an unknown token or a length outside 1..T, `shape`, `dtype`
   */
  forward(tokens: Tensor, lengths: readonly number[]): Tensor {
    checkTokens("SequenceClassifier", tokens);
    const { output, last } = this.encoder.forward(this.dropout.forward(this.embedding.forward(tokens)), lengths);
    return this.linear.forward(this.dropout.forward(this.pooling ? this.pooling.forward(output, { lengths }) : last));
  }

  /**
   * Returns the mean cross-entropy of the classes; with `classWeights` the weighted mean.
   *
   * @param batch padded rows of tokens and the class of each
   * @returns `loss`, a scalar, in nats
   * @throws SeqgradError `value` for a batch of another form, `range` for an unknown token or class
   */
  loss(batch: ClassifierBatch): LossResult {
    const { tokens, shape, lengths, labels } = checkBatch("SequenceClassifier", batch, "tokens", "shape", "lengths", "labels");
    const { classWeights } = this.config;
    const weight = classWeights.length > 0 && { weight: tensor(Float32Array.from(classWeights)) };
    return { loss: crossEntropy(this.forward(tensor(tokens, shape), lengths), tensor(labels), { ...weight }) };
  }
}

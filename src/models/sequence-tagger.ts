import { padRows } from "../data/padding.js";
import { CRF } from "../nn/crf.js";
import { Dropout, Embedding, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { concat } from "../ops/copy.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { indexSelect } from "../ops/gather.js";
import { reshape } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger } from "../util/check.js";
import { checkConfig, namesOf, strayOption } from "../util/options.js";
import {
  type CompleteConfig,
  completeEncoder,
  encoderConfig,
  encoderPart,
  SequenceEncoder,
  type SequenceEncoderConfig,
} from "./sequence-encoder.js";
import { checkBatch } from "./step.js";

export interface SequenceTaggerConfig extends SequenceEncoderConfig {
  /** Number of different words, V; word 0 is padding. */
  readonly vocab: number;
  /** Number of tags, K. */
  readonly tags: number;
  /** Size of a word's vector. Default 64. */
  readonly embed?: number;
  /** Number of different characters; 0 for a model without them. Character 0 is padding. Default 0. */
  readonly characters?: number;
  /** Size of a character's vector, and units of each direction of the LSTM that reads a word's characters. Default 32. */
  readonly characterSize?: number;
  /** Score whole sequences of tags by a conditional random field. Default true. */
  readonly crf?: boolean;
}

/** Padded rows of words. */
export interface TaggerInput {
  /** `[B, T]` */
  readonly words: Int32Array;
  readonly shape: readonly [B: number, T: number];
  readonly lengths: readonly number[];
  /** The characters of the batch's different words, padded, and which of these each word is; for a model that reads characters. */
  readonly spelling?: {
    /** `[U, C]` */
    readonly characters: Int32Array;
    readonly shape: readonly [U: number, C: number];
    readonly lengths: readonly number[];
    /** `[B, T]` */
    readonly index: Int32Array;
  };
}

export interface TaggerBatch extends TaggerInput {
  /** The tags of each row, as many as it has words. */
  readonly tags: readonly ArrayLike<number>[];
}

export const taggerNames = namesOf<SequenceTaggerConfig>({
  ...encoderConfig,
  vocab: 1,
  tags: 1,
  embed: 1,
  characters: 1,
  characterSize: 1,
  crf: 1,
});

/**
 * Predicts a tag for each word of a sentence.
 *
 * words -> word vectors, and vectors that an LSTM in both directions makes of each word's letters -> sequence encoder -> scores of the
 * tags, with a conditional random field over them or each on its own
 *
 * @param config see SequenceTaggerConfig
 * @throws SeqgradError `value` for an unknown arch, `range` for a size below 1
 * @see Lample et al. 2016, "Neural Architectures for Named Entity Recognition"
 * @example
 * const model = new sg.models.SequenceTagger({ vocab: 50, tags: 3, hidden: 8 });
 * const { loss } = model.loss({ words: Int32Array.of(4, 7, 9, 0), shape: [2, 2], lengths: [2, 1], tags: [[0, 2], [1]] });
 */
export class SequenceTagger extends Module implements Trainable<TaggerBatch> {
  readonly embedding: Embedding;
  readonly characterEmbedding: Embedding | undefined;
  readonly characterEncoder: SequenceEncoder | undefined;
  readonly encoder: SequenceEncoder;
  readonly dropout: Dropout;
  readonly linear: Linear;
  readonly crf: CRF | undefined;
  readonly config: CompleteConfig<SequenceTaggerConfig>;

  constructor(config: SequenceTaggerConfig) {
    super();
    checkConfig("SequenceTagger", config, taggerNames);
    try {
      const { vocab, tags, embed = 64, characters = 0, characterSize = 32, crf = true } = config;
      checkInteger("SequenceTagger", "vocab", vocab, 1);
      checkInteger("SequenceTagger", "tags", tags, 1);
      checkInteger("SequenceTagger", "characters", characters);
      checkBoolean("SequenceTagger", "crf", crf);
      if (characters === 0 && characterSize !== 32)
        throw strayOption("SequenceTagger", "characterSize", "a model that reads characters", "characters is 0");
      this.config = { ...completeEncoder("SequenceTagger", config), vocab, tags, embed, characters, characterSize, crf };
      this.embedding = new Embedding(vocab, embed, { paddingIndex: 0 });
      if (characters > 0) {
        this.characterEmbedding = new Embedding(characters, characterSize, { paddingIndex: 0 });
        this.characterEncoder = new SequenceEncoder(characterSize, { arch: "lstm", hidden: characterSize });
      }
      this.encoder = new SequenceEncoder(embed + (this.characterEncoder?.outputSize ?? 0), encoderPart(this.config));
      this.dropout = new Dropout(this.config.dropout);
      this.linear = new Linear(this.encoder.outputSize, tags);
      this.crf = crf ? new CRF(tags) : undefined;
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Scores each tag at each word.
   *
   * @param input B padded rows of up to T words, and their letters
   * @returns `[B, T, K]`
   * @throws SeqgradError `range` for an unknown word or letter, `value` for an input of another form
   */
  forward(input: TaggerInput): Tensor {
    const { words, shape, lengths, spelling } = checkBatch("SequenceTagger", input, "words", "shape", "lengths");
    if (spelling !== undefined) checkBatch("SequenceTagger", spelling, "characters", "shape", "lengths", "index");
    const { characterEmbedding, characterEncoder } = this;
    let x = this.embedding.forward(tensor(words, shape));
    if (characterEmbedding && characterEncoder && spelling) {
      const letters = characterEmbedding.forward(tensor(spelling.characters, spelling.shape));
      const { last } = characterEncoder.forward(this.dropout.forward(letters), spelling.lengths);
      x = concat([x, reshape(indexSelect(last, tensor(spelling.index)), [...shape, characterEncoder.outputSize])], { axis: 2 });
    }
    const { output } = this.encoder.forward(this.dropout.forward(x), lengths);
    return this.linear.forward(this.dropout.forward(output));
  }

  /**
   * Returns the negative log-likelihood of the tags.
   *
   * @param batch B padded rows of words, and their tags
   * @returns `loss`, a scalar, in nats: the mean over sentences with a random field, else over words
   * @throws SeqgradError `range` for an unknown word, letter or tag, `value` for a batch of another form
   */
  loss(batch: TaggerBatch): LossResult {
    checkBatch("SequenceTagger", batch, "tags");
    const emissions = this.forward(batch);
    if (this.crf) return { loss: this.crf.loss(emissions, batch.tags) };
    return { loss: crossEntropy(emissions, tensor(padRows(batch.tags, { value: -100 }).data, batch.shape)) };
  }
}

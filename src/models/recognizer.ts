import type { PaddedFrames } from "../data/frames.js";
import { Dropout, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import type { LossResult, Trainable } from "../nn/trainable.js";
import { ctcLoss } from "../ops/ctc.js";
import { logSoftmax } from "../ops/softmax.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkInteger } from "../util/check.js";
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
import { checkBatch } from "./step.js";

export interface RecognizerConfig extends SequenceEncoderConfig {
  /** F, the number of elements of a frame. */
  readonly features: number;
  /** C, the classes of a frame: the symbols and, as class 0, the blank. */
  readonly classes: number;
}

/** Padded frames, and the symbols of each row, in no alignment with them. */
export interface RecognizerBatch {
  readonly frames: PaddedFrames;
  readonly targets: readonly ArrayLike<number>[];
}

export const recognizerNames = namesOf<RecognizerConfig>({ ...encoderConfig, features: 1, classes: 1 });

/**
 * Reads frames of sound or handwriting as symbols, without knowing where in the frames each symbol lies.
 *
 * A sequence encoder gives each frame the probabilities of the symbols and of a blank; connectionist temporal classification sums over all
 * alignments.
 *
 * @param config see RecognizerConfig
 * @throws SeqgradError `value` for an unknown arch, `range` for a size below 1 or fewer than 2 classes
 * @see Graves, Fernández, Gomez and Schmidhuber 2006, "Connectionist Temporal Classification"
 * @example
 * const model = new sg.models.Recognizer({ features: 3, classes: 5, hidden: 8 });
 * const frames = sg.data.padFrames([[[0, 1, 0], [1, 0, 0], [0, 0, 1]], [[1, 1, 0], [0, 1, 1]]]);
 * model.forward(frames).shape; // = [2, 3, 5]
 * const { loss } = model.loss({ frames, targets: [[4, 1], [2]] });
 */
export class Recognizer extends Module implements Trainable<RecognizerBatch> {
  readonly encoder: SequenceEncoder;
  readonly dropout: Dropout;
  readonly linear: Linear;
  readonly config: CompleteConfig<RecognizerConfig>;

  constructor(config: RecognizerConfig) {
    super();
    checkConfig("Recognizer", config, recognizerNames);
    try {
      const { features, classes } = config;
      checkInteger("Recognizer", "features", features, 1);
      checkInteger("Recognizer", "classes", classes, 2);
      this.config = { ...completeEncoder("Recognizer", config), features, classes };
      this.encoder = new SequenceEncoder(features, encoderPart(this.config));
      this.dropout = new Dropout(this.config.dropout);
      this.linear = new Linear(this.encoder.outputSize, classes);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Computes the logarithm of each class's probability at each frame.
   *
   * @param frames B rows of up to T frames and F features, padded, as `data.padFrames` makes them
   * @returns `[B, T, C]`
   * @throws SeqgradError `shape` for frames of another size
   */
  forward(frames: PaddedFrames): Tensor {
    const { data, shape, lengths } = checkBatch("Recognizer", frames, "data", "shape", "lengths");
    const { features } = this.config;
    if (shape[2] !== features)
      throw new SeqgradError("shape", `Recognizer: the frames have ${shape[2]} numbers; expected ${features}, as the model was made for.`);
    const { output } = this.encoder.forward(tensor(data, shape), lengths);
    return logSoftmax(this.linear.forward(this.dropout.forward(output)));
  }

  /**
   * Returns the CTC loss: the mean over the rows, each divided by its number of symbols. A row of fewer frames than its symbols need counts
   * as 0.
   *
   * @param batch padded frames, and the symbols of each row, each in 1..C-1
   * @returns `loss`, a scalar, in nats
   * @throws SeqgradError `shape`, `range` for a symbol outside 1..C-1
   */
  loss(batch: RecognizerBatch): LossResult {
    const { frames, targets } = checkBatch("Recognizer", batch, "targets");
    return { loss: ctcLoss(this.forward(frames), targets, { lengths: frames.lengths, zeroInfinity: true }) };
  }
}

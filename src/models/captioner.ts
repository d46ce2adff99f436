import { type Frames, type PaddedFrames, padFrames } from "../data/frames.js";
import type { SeriesScaler } from "../data/series.js";
import * as init from "../nn/init.js";
import { Linear } from "../nn/layers.js";
import { Pooling } from "../nn/pooling.js";
import { LearnedPositionalEmbedding } from "../nn/positions.js";
import type { RecurrentState } from "../nn/recurrent.js";
import { concat } from "../ops/copy.js";
import { tanh } from "../ops/unary.js";
import { split, stack, unsqueeze } from "../ops/views.js";
import { tensor, zeros } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice, checkInteger, checkList } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, checkOptions, namesOf } from "../util/options.js";
import {
  completeDecoder,
  decoderConfig,
  type EncodedSource,
  RecurrentDecoder,
  type RecurrentDecoderConfig,
  type RecurrentDecoding,
} from "./recurrent-decoder.js";
import { checkBatch } from "./step.js";

export interface CaptionerConfig extends RecurrentDecoderConfig {
  /** F, the number of elements of a vector. */
  readonly features: number;
  /** G, the most places of a grid. Default 1: a vector alone. */
  readonly places?: number;
  /** `state`: the vector makes the decoder's first state; `input`: it is the first input, before the start token. Default `state`. */
  readonly inject?: "state" | "input";
}

export const captionerNames = namesOf<CaptionerConfig>({ ...decoderConfig, features: 1, places: 1, inject: 1 });

/**
 * Writes a text about a vector or a grid of vectors, such as the features of a picture.
 *
 * a_g = tanh(W x_g + p_g), s_0 = tanh(V mean_g a_g), where p_g, which is learned, distinguishes the places; a vector alone is a grid of one
 * place. With attention each word looks at the a_g again. With `inject: "input"` the decoder starts from zeros and reads V mean_g a_g
 * before its first token. Then it continues as RecurrentDecoder does.
 *
 * @param config see CaptionerConfig
 * @throws SeqgradError `value` for an unknown arch, attention or way to inject, `range` for a size below 1
 * @see Vinyals, Toshev, Bengio and Erhan 2015, "Show and Tell"; Xu et al. 2015, "Show, Attend and Tell", for grids
 * @example
 * const model = new sg.models.Captioner({ features: 3, places: 2, targetVocab: 10, arch: "gru", hidden: 8 });
 * const source = sg.data.padFrames([[[0, 1, 0], [1, 0, 0]], [[0, 0, 1], [1, 1, 0]]]); // two grids of two places
 * model.forward({ source, target: sg.data.padRows([[1, 6, 5, 2], [1, 7, 2]]) }).shape; // = [2, 3, 10]
 */
export class Captioner extends RecurrentDecoder<PaddedFrames> {
  readonly projection: Linear;
  readonly positions: LearnedPositionalEmbedding;
  readonly pooling: Pooling;
  /** From the pooled vector to the first state of all layers, h and an LSTM's c; or to the first input. */
  readonly bridge: Linear;
  readonly config: Required<CaptionerConfig>;

  constructor(config: CaptionerConfig) {
    checkConfig("Captioner", config, captionerNames);
    const complete = { places: 1, inject: "state", ...completeDecoder("Captioner", config) } as const;
    const { features, places, arch, embed, hidden: H, layers, inject } = complete;
    checkInteger("Captioner", "features", features, 1);
    checkInteger("Captioner", "places", places, 1);
    checkChoice("Captioner", "inject", inject, ["state", "input"]);
    super("Captioner", complete, H);
    try {
      this.config = complete;
      this.projection = new Linear(features, H);
      this.positions = new LearnedPositionalEmbedding(places, H);
      init.normal(this.positions.weight, 0, 1);
      this.pooling = new Pooling("mean", H);
      this.bridge = new Linear(H, inject === "input" ? embed : H * layers * (arch === "lstm" ? 2 : 1));
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Reads grids of vectors.
   *
   * @param frames B grids of up to G places and F features, padded, as `data.padFrames` makes them
   * @returns the source for decode()
   * @throws SeqgradError `shape` for vectors of another size or more places
   */
  encode(frames: PaddedFrames): EncodedSource {
    const { data, shape, lengths } = checkBatch("Captioner", frames, "data", "shape", "lengths");
    const { features, places: G, inject } = this.config;
    if (shape[2] !== features)
      throw new SeqgradError("shape", `Captioner: the vectors have ${shape[2]} numbers; expected ${features}, as the model was made for.`);
    if (shape[1] > G)
      throw new SeqgradError(
        "shape",
        `Captioner: a grid has ${shape[1]} places; the model was made for ${G}; give fewer, or make it with { places: ${shape[1]} }.`,
      );
    const places = tanh(this.positions.forward(this.projection.forward(tensor(data, shape))));
    const pooled = this.bridge.forward(this.dropout.forward(this.pooling.forward(places, { lengths })));
    const states = inject === "input" ? this.#afterReading(pooled) : this.#statesOf(tanh(pooled));
    return { keys: this.attention?.project(places), lengths, state: this.firstState(states) };
  }

  /**
   * Gives the model the form that generate() and beamSearch() take, in evaluation mode, for one grid. Dispose of it at the end.
   *
   * @param grid a list of F features for each place
   * @param options `scaler`: standardizes the features; default none
   * @returns the decoding
   * @throws SeqgradError `shape` for vectors of another size or more places, `value` for a grid that is not a list
   */
  decoder(grid: Frames, options: { scaler?: SeriesScaler } = {}): RecurrentDecoding {
    checkOptions("Captioner.decoder", options, ["scaler"]);
    checkList("Captioner.decoder", "the grid", grid, "a list of features for each place");
    for (const [i, place] of Array.from(grid).entries()) checkList("Captioner.decoder", `place ${i} of the grid`, place, "numbers");
    return this.decoding(padFrames([grid], options));
  }

  /** pooled `[B, parts * layers * H]` -> states `[layers, B, H]`. */
  #statesOf(pooled: Tensor): RecurrentState {
    const { hidden: H, layers, arch } = this.config;
    const parts = split(pooled, H, { axis: 1 });
    const h = stack(parts.slice(0, layers));
    return arch === "lstm" ? { h, c: stack(parts.slice(layers)) } : { h };
  }

  /** The states after the decoder has read x `[B, embed]`, having looked at nothing. */
  #afterReading(x: Tensor): RecurrentState {
    const { hidden: H, inputFeeding } = this.config;
    const [B = 0] = x.shape;
    const read = inputFeeding ? concat([x, zeros([B, H])], { axis: 1 }) : x;
    return this.rnn.forward(unsqueeze(read, { axis: 1 })).state;
  }
}

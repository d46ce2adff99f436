import { type PaddedRows, padRows } from "../data/padding.js";
import { Embedding, Linear } from "../nn/layers.js";
import type { RecurrentLayer } from "../nn/recurrent.js";
import { concat } from "../ops/copy.js";
import { tanh } from "../ops/unary.js";
import { select, stack } from "../ops/views.js";
import { tensor } from "../tensor/create.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, toTokens } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { checkConfig, namesOf } from "../util/options.js";
import { recurrentLayer } from "./archs.js";
import {
  completeDecoder,
  decoderConfig,
  type EncodedSource,
  RecurrentDecoder,
  type RecurrentDecoderConfig,
  type RecurrentDecoding,
} from "./recurrent-decoder.js";
import { checkBatch } from "./step.js";

/** The encoder has the cell, layers, units of a direction and token size of the decoder. */
export interface RecurrentSeq2SeqConfig extends RecurrentDecoderConfig {
  /** Number of different tokens of a source; token 0 is padding. */
  readonly sourceVocab: number;
  /** The encoder also reads from the end. Default true. */
  readonly bidirectional?: boolean;
  /** The encoder reads the source from its end (Sutskever, Vinyals and Le 2014). Default false. */
  readonly reverse?: boolean;
}

export const seq2seqNames = namesOf<RecurrentSeq2SeqConfig>({ ...decoderConfig, sourceVocab: 1, bidirectional: 1, reverse: 1 });

/**
 * Writes a target sequence from a source sequence, by recurrent networks.
 *
 * The decoder starts from the encoder's last state, through a linear layer if the encoder has two directions, and with attention looks back
 * at all its states; see RecurrentDecoder.
 *
 * @param config see RecurrentSeq2SeqConfig
 * @throws SeqgradError `value` for an unknown arch or attention, or `dot` with an encoder of two directions; `range` for a size below 1
 * @see Sutskever, Vinyals and Le 2014, "Sequence to Sequence Learning with Neural Networks"; Cho et al. 2014
 * @example
 * const model = new sg.models.RecurrentSeq2Seq({ sourceVocab: 20, targetVocab: 10, arch: "gru", hidden: 8 });
 * const batch = { source: sg.data.padRows([[4, 5, 6], [7]]), target: sg.data.padRows([[1, 6, 5, 2], [1, 7, 2]]) };
 * model.forward(batch).shape; // = [2, 3, 10]
 */
export class RecurrentSeq2Seq extends RecurrentDecoder<PaddedRows> {
  readonly sourceEmbedding: Embedding;
  readonly encoder: RecurrentLayer;
  /** From the encoder's two directions to the decoder's one: of h, and of an LSTM's c. */
  readonly bridge: readonly Linear[];
  readonly config: Required<RecurrentSeq2SeqConfig>;

  constructor(config: RecurrentSeq2SeqConfig) {
    checkConfig("RecurrentSeq2Seq", config, seq2seqNames);
    const complete = { bidirectional: true, reverse: false, ...completeDecoder("RecurrentSeq2Seq", config) };
    checkBoolean("RecurrentSeq2Seq", "reverse", complete.reverse);
    const { sourceVocab, arch, embed, hidden: H, layers, bidirectional, dropout, attention } = complete;
    checkInteger("RecurrentSeq2Seq", "sourceVocab", sourceVocab, 1);
    if (attention === "dot" && bidirectional)
      throw new SeqgradError(
        "value",
        "RecurrentSeq2Seq: dot attention needs states of one size, and a bidirectional encoder's have twice the decoder's; use general, or bidirectional: false.",
      );
    const K = H * (bidirectional ? 2 : 1);
    super("RecurrentSeq2Seq", complete, K);
    try {
      this.config = complete;
      this.sourceEmbedding = new Embedding(sourceVocab, embed, { paddingIndex: 0 });
      this.encoder = recurrentLayer(arch, embed, H, { layers, dropout, bidirectional });
      this.bridge = bidirectional ? Array.from({ length: arch === "lstm" ? 2 : 1 }, () => new Linear(K, H)) : [];
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Reads sources.
   *
   * @param rows B sources of up to S tokens, padded, as `data.padRows` makes them
   * @returns the source for decode()
   * @throws SeqgradError `range` for an unknown token, `value` for rows of another form
   */
  encode(rows: PaddedRows): EncodedSource {
    const { data, shape, lengths } = checkBatch("RecurrentSeq2Seq", rows, "data", "shape", "lengths");
    const { layers, bidirectional, reverse } = this.config;
    const tokens = reverse ? reversed(data, shape[1], lengths) : data;
    const x = this.dropout.forward(this.sourceEmbedding.forward(tensor(tokens, shape)));
    const { output, state } = this.encoder.forward(x, { lengths });
    const first = (last: Tensor, bridge: Linear | undefined) => {
      if (!bridge) return last;
      const both = Array.from({ length: layers }, (_, i) => concat([select(last, 2 * i), select(last, 2 * i + 1)], { axis: -1 }));
      return bridge.forward(stack(both));
    };
    const h = first(state.h, this.bridge[0]);
    const states = { h: bidirectional ? tanh(h) : h, ...(state.c && { c: first(state.c, this.bridge[1]) }) };
    return { keys: this.attention?.project(output), lengths, state: this.firstState(states) };
  }

  /**
   * Gives the model the form that generate() and beamSearch() take, in evaluation mode, for one source. Dispose of it at the end.
   *
   * @param source at least one token
   * @returns the decoding
   * @throws SeqgradError `value` for an empty source, `range` for an unknown token
   */
  decoder(source: ArrayLike<number>): RecurrentDecoding {
    toTokens("RecurrentSeq2Seq.decoder", "the source", source);
    if (source.length === 0) throw new SeqgradError("value", "RecurrentSeq2Seq.decoder: the source is empty; give at least one token.");
    return this.decoding(padRows([source]));
  }
}

/** Rows turned round, padding staying at the end. */
function reversed(data: Int32Array, T: number, lengths: readonly number[]): Int32Array<ArrayBuffer> {
  const turned = Int32Array.from(data);
  for (const [b, n] of lengths.entries()) turned.subarray(b * T, b * T + n).reverse();
  return turned;
}

import { Dropout, Linear } from "../nn/layers.js";
import { Module } from "../nn/module.js";
import { SinusoidalPositionalEncoding } from "../nn/positions.js";
import type { RecurrentLayer } from "../nn/recurrent.js";
import { TransformerEncoder } from "../nn/transformer.js";
import { concat } from "../ops/copy.js";
import { constant } from "../ops/define-op.js";
import { indexSelect } from "../ops/gather.js";
import { reshape, select } from "../ops/views.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkChoice, checkInteger, checkInterval, checkLayers } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf, optionsAmong, strayOption } from "../util/options.js";
import { type Arch, archs, isRecurrentArch, recurrentLayer } from "./archs.js";
import { checkLengths } from "./step.js";

export interface SequenceEncoderConfig {
  /** `rnn`, `gru`, `lstm` or `transformer`. Default `lstm`. */
  readonly arch?: Arch;
  /** Units of a layer; of a Transformer, its width. Default 128. */
  readonly hidden?: number;
  /** Default 1. */
  readonly layers?: number;
  /** Also read from the end, as a Transformer does, which has no such option. Default true. */
  readonly bidirectional?: boolean;
  /** The probability of zeroing an activation between layers. Default 0. */
  readonly dropout?: number;
  /** Attention heads of a Transformer, which alone has the option. Default 4. */
  readonly heads?: number;
}

/** A config with what is left out filled in: `bidirectional` of a recurrent encoder, `heads` of a Transformer. */
export type CompleteConfig<C extends SequenceEncoderConfig> = Required<Omit<C, "bidirectional" | "heads">> &
  Pick<SequenceEncoderConfig, "bidirectional" | "heads">;

export const encoderConfig = { arch: 1, hidden: 1, layers: 1, bidirectional: 1, dropout: 1, heads: 1 } as const;
const encoderNames = namesOf<SequenceEncoderConfig>(encoderConfig);

/** The config with what is left out filled in, when its options have a use for its architecture. */
export function completeEncoder<C extends SequenceEncoderConfig>(
  op: string,
  config: C,
): Omit<C, keyof SequenceEncoderConfig> & CompleteConfig<SequenceEncoderConfig> {
  const { arch = "lstm", hidden = 128, layers = 1, dropout = 0, bidirectional = true, heads = 4, ...rest } = config;
  checkChoice(op, "arch", arch, archs);
  const isTransformer = arch === "transformer";
  const stray = isTransformer ? "bidirectional" : "heads";
  if (config[stray] !== undefined)
    throw strayOption(op, stray, `arch ${isTransformer ? "rnn, gru and lstm" : "transformer"}`, `the model is ${arch}`);
  checkInteger(op, "hidden", hidden, 1);
  checkInteger(op, "heads", heads, 1);
  checkLayers(op, "layers", layers);
  checkBoolean(op, "bidirectional", bidirectional);
  if (isTransformer && hidden % heads !== 0)
    throw new SeqgradError("value", `${op}: hidden is ${hidden}, which ${heads} heads cannot share evenly; give a multiple of ${heads}.`);
  return { ...rest, arch, hidden, layers, dropout, ...(isTransformer ? { heads } : { bidirectional }) };
}

/** The part of a larger config that is the encoder's. */
export const encoderPart = (config: SequenceEncoderConfig): SequenceEncoderConfig => optionsAmong(config, encoderNames);

/**
 * Reads sequences of vectors by recurrent layers, or by a projection, positions and Transformer layers (norm first).
 *
 * @param features D, the size of a vector
 * @param config see SequenceEncoderConfig
 * @throws SeqgradError `value` for an unknown arch or heads that do not share the width, `range` for a size below 1
 * @example
 * const encoder = new sg.models.SequenceEncoder(16, { arch: "gru", hidden: 8 });
 * const { output, last } = encoder.forward(sg.randn([2, 5, 16]), [5, 3]);
 * [output.shape, last.shape]; // = [[2, 5, 16], [2, 16]]
 */
export class SequenceEncoder extends Module {
  readonly rnn: RecurrentLayer | undefined;
  readonly projection: Linear | undefined;
  readonly positions: SinusoidalPositionalEncoding | undefined;
  readonly transformer: TransformerEncoder | undefined;
  /** The dropout of the embedded positions, before the Transformer's layers. */
  readonly drop: Dropout | undefined;
  /** E, the size of an output. */
  readonly outputSize: number;

  constructor(features: number, config: SequenceEncoderConfig = {}) {
    super();
    checkInteger("SequenceEncoder", "features", features, 1);
    checkOptions("SequenceEncoder", config, encoderNames);
    try {
      const { arch, hidden, layers, bidirectional = true, dropout, heads = 4 } = completeEncoder("SequenceEncoder", config);
      checkInterval("SequenceEncoder", "dropout", dropout, 0, 1);
      if (isRecurrentArch(arch)) {
        this.rnn = recurrentLayer(arch, features, hidden, { layers, bidirectional, dropout });
        this.outputSize = hidden * (bidirectional ? 2 : 1);
      } else {
        this.projection = features === hidden ? undefined : new Linear(features, hidden);
        this.positions = new SinusoidalPositionalEncoding(hidden);
        this.drop = new Dropout(dropout);
        const options = { numLayers: layers, dimFeedforward: 4 * hidden, dropout, normFirst: true, finalNorm: true } as const;
        this.transformer = new TransformerEncoder(hidden, heads, { ...options, activation: "gelu" });
        this.outputSize = hidden;
      }
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Reads whole sequences.
   *
   * @param x `[B, T, D]`, float32
   * @param lengths the length of each row, each in 1..T
   * @returns output `[B, T, E]`, and `last` `[B, E]`: the last state of each direction, or a Transformer's output at the last valid step
   * @throws SeqgradError `shape`, `range` for a length outside 1..T
   */
  forward(x: Tensor, lengths: readonly number[]): { output: Tensor; last: Tensor } {
    if (checkTensor("SequenceEncoder", x, "x").rank !== 3)
      throw new SeqgradError("shape", `SequenceEncoder: x has shape ${formatShape(x.shape)}; expected [B, T, features].`);
    const [B = 0, T = 0] = x.shape;
    checkLengths("SequenceEncoder", lengths, B, T);
    if (this.rnn) {
      const { output, state } = this.rnn.forward(x, { lengths });
      const top = this.rnn.bidirectional ? [-2, -1] : [-1];
      return {
        output,
        last: concat(
          top.map((i) => select(state.h, i)),
          { axis: -1 },
        ),
      };
    }
    const placed = this.drop!.forward(this.positions!.forward(this.projection ? this.projection.forward(x) : x));
    const output = this.transformer!.forward(placed, { lengths });
    const ends = Int32Array.from(lengths, (n, b) => b * T + n - 1);
    return { output, last: indexSelect(reshape(output, [B * T, this.outputSize]), constant(x, ends, [B])) };
  }
}

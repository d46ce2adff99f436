import { add, mul } from "../ops/binary.js";
import { layerNorm } from "../ops/layer-norm.js";
import { toFloat } from "../ops/unary.js";
import { permute, reshape } from "../ops/views.js";
import { parameter } from "../tensor/create.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInteger, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { sizeOf } from "../util/shape.js";
import * as init from "./init.js";
import { Module } from "./module.js";

/**
 * Normalizes each example over the positions and the channels of a group to mean 0 and variance 1, then scales and shifts each channel.
 *
 * y = (x - mean) / sqrt(variance + eps) * weight + bias. The weight is 1 and the bias 0 at first. Channels are the last dimension (in
 * PyTorch the second); one group over `[B, C]` is layer normalization.
 *
 * @param groups the number of groups, a divisor of `channels`
 * @param channels C, the size of the last dimension
 * @param options `eps`: added to the variance, default 1e-5. `affine`: learn weight and bias, default true
 * @throws SeqgradError `range` for a size below 1, `value` for channels that do not divide into the groups
 * @see Wu and He 2018, "Group Normalization"
 * @example
 * new sg.nn.GroupNorm(2, 4, { eps: 0 }).forward(sg.fromArray([[1, 3, 8, 2]])); // = [[-1, 1, 1, -1]]
 */
export class GroupNorm extends Module {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
  readonly eps: number;

  constructor(
    readonly groups: number,
    readonly channels: number,
    options: { eps?: number; affine?: boolean } = {},
  ) {
    super();
    checkInteger("GroupNorm", "groups", groups, 1);
    checkInteger("GroupNorm", "channels", channels, 1);
    checkOptions("GroupNorm", options, ["eps", "affine"]);
    if (channels % groups !== 0)
      throw new SeqgradError("value", `GroupNorm: ${channels} channels do not divide into ${groups} groups of one size.`);
    this.eps = checkInterval("GroupNorm", "eps", options.eps ?? 1e-5, 0);
    if (!checkBoolean("GroupNorm", "affine", options.affine ?? true)) return;
    try {
      this.weight = parameter([channels], init.ones);
      this.bias = parameter([channels], init.zeros);
    } catch (error) {
      throw this.abandon(error);
    }
  }

  /**
   * Normalizes each example.
   *
   * @param x `[B, ..., C]`, float32 or int32
   * @returns `[B, ..., C]`, float32
   * @throws SeqgradError `shape`
   */
  forward(x: Tensor): Tensor {
    checkTensor("GroupNorm", x, "x");
    const { groups, channels } = this;
    if (x.rank < 2 || x.shape.at(-1) !== channels)
      throw new SeqgradError("shape", `GroupNorm: x has shape ${formatShape(x.shape)}; expected [B, ..., ${channels}].`);
    const [B = 0] = x.shape;
    const positions = sizeOf(x.shape.slice(1, -1));
    const size = channels / groups;
    // Each group's positions and channels side by side, as a row of layer normalization.
    const byGroup = permute(reshape(toFloat(x), [B, positions, groups, size]), [0, 2, 1, 3]);
    const rows = layerNorm(reshape(byGroup, [B, groups, positions * size]), undefined, undefined, this.eps);
    const y = reshape(permute(reshape(rows, [B, groups, positions, size]), [0, 2, 1, 3]), x.shape);
    return this.weight && this.bias ? add(mul(y, this.weight), this.bias) : y;
  }
}

import { add, sub } from "../ops/binary.js";
import { affine } from "../ops/unary.js";
import type { Tensor } from "../tensor/tensor.js";

/** The running mean `decay mean + (1 - decay) x`. */
export const average = (mean: Tensor, x: Tensor, decay: number): Tensor => add(mean, affine(sub(x, mean), 1 - decay));

/** The gradient with a decay of the weights in it. */
export const decayed = (g: Tensor, p: Tensor, weightDecay: number): Tensor => (weightDecay === 0 ? g : add(g, affine(p, weightDecay)));

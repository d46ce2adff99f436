import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkFinite } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions, refuseExtra } from "../util/options.js";
import { type AxisOptions, axisOf } from "./axis.js";
import { greater, mul } from "./binary.js";
import { refuseInt32 } from "./integer.js";
import { expm1 } from "./special.js";
import { affine, neg, sigmoid, softplus, tanh } from "./unary.js";
import { slice } from "./views.js";
import { where } from "./where.js";

/**
 * x where positive, else alpha (e^x - 1), elementwise.
 *
 * @param x of any shape, float32
 * @param options `alpha`: the limit of negative elements is -alpha; default 1
 * @returns the shape of x, float32
 * @throws SeqgradError `value` for an alpha that is not a finite number, `dtype` for int32
 * @see Clevert, Unterthiner and Hochreiter 2016, "Fast and Accurate Deep Network Learning by Exponential Linear Units"
 * @example
 * sg.elu(sg.tensor([-1, 2])); // = [-0.6321, 2]
 */
export function elu(x: Tensor, options: { alpha?: number } = {}): Tensor {
  checkTensor("elu", x, "x");
  refuseInt32("elu", x);
  checkOptions("elu", options, ["alpha"]);
  const alpha = checkFinite("elu", "alpha", options.alpha ?? 1);
  const isPositive = greater(x, 0);
  // Positive elements are replaced by 0, so that no large e^x reaches the gradient.
  return where(isPositive, x, affine(expm1(where(isPositive, 0, x)), alpha));
}

/**
 * 1.0507 elu(x) with alpha 1.6733, elementwise: activations keep mean 0 and variance 1.
 *
 * @param x of any shape, float32
 * @returns the shape of x, float32
 * @throws SeqgradError `dtype` for int32
 * @see Klambauer, Unterthiner, Mayr and Hochreiter 2017, "Self-Normalizing Neural Networks"
 * @example
 * sg.selu(sg.tensor([-1, 2])); // = [-1.111, 2.101]
 */
export function selu(x: Tensor, ...extra: never[]): Tensor {
  refuseExtra("selu", extra);
  checkTensor("selu", x, "x");
  refuseInt32("selu", x);
  return affine(elu(x, { alpha: 1.6732632423543772 }), 1.0507009873554805);
}

/**
 * x tanh(ln(1 + e^x)), elementwise.
 *
 * @param x of any shape, float32
 * @returns the shape of x, float32
 * @throws SeqgradError `dtype` for int32
 * @see Misra 2020, "Mish: A Self Regularized Non-Monotonic Activation Function"
 * @example
 * sg.mish(sg.tensor([-1, 2])); // = [-0.3034, 1.944]
 */
export function mish(x: Tensor, ...extra: never[]): Tensor {
  refuseExtra("mish", extra);
  checkTensor("mish", x, "x");
  refuseInt32("mish", x);
  return mul(x, tanh(softplus(x)));
}

/**
 * Halves a dimension into a and b and returns a sigmoid(b).
 *
 * @param x `[..., 2 D]` for the last axis, float32
 * @param options `axis`: the dimension to halve; default the last
 * @returns `[..., D]`, float32
 * @throws SeqgradError `shape` for a dimension of odd size, `dtype` for int32, `range` for an axis that x does not have
 * @see Dauphin, Fan, Auli and Grangier 2017, "Language Modeling with Gated Convolutional Networks"
 * @example
 * sg.glu(sg.tensor([3, 4, 0, 0])); // = [1.5, 2]
 */
export function glu(x: Tensor, options: AxisOptions = {}): Tensor {
  checkTensor("glu", x, "x");
  refuseInt32("glu", x);
  const axis = axisOf("glu", options, x.rank, -1);
  const n = nth(x.shape, axis);
  if (n % 2 !== 0)
    throw new SeqgradError("shape", `glu: dimension ${axis} of ${formatShape(x.shape)} has odd size ${n}; expected two halves.`);
  return mul(slice(x, { axis, end: n / 2 }), sigmoid(slice(x, { axis, start: n / 2 })));
}

/**
 * ln(1 / (1 + e^-x)), the logarithm of the sigmoid, elementwise, without overflow.
 *
 * @param x of any shape, float32
 * @returns the shape of x, float32
 * @throws SeqgradError `dtype` for int32
 * @example
 * sg.logSigmoid(sg.tensor([0, -1000])); // = [-Math.LN2, -1000]
 */
export function logSigmoid(x: Tensor, ...extra: never[]): Tensor {
  refuseExtra("logSigmoid", extra);
  checkTensor("logSigmoid", x, "x");
  refuseInt32("logSigmoid", x);
  return neg(softplus(neg(x)));
}

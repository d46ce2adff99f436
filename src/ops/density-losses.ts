import { noGrad } from "../autograd/tape.js";
import type { Reduction } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkChoice, checkInterval } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions } from "../util/options.js";
import { broadcastShapes, sameShape } from "../util/shape.js";
import { add, div, greater, less, mul, sub } from "./binary.js";
import { type LossOptions, reduceLoss, reductionOf, weighted } from "./cross-entropy.js";
import { checkTensors } from "./define-op.js";
import { checkPair } from "./losses.js";
import { affine, exp, log, square, toFloat } from "./unary.js";
import { where } from "./where.js";

export interface KlDivLossOptions {
  /** `mean` over the elements, `batchMean` over the first dimension, which is the divergence, `sum`, or `none`. Default `mean`, as PyTorch. */
  reduction?: Reduction | "batchMean";
  /** True if the target holds logarithms of probabilities too. Default false. */
  logTarget?: boolean;
}

/**
 * Returns the Kullback-Leibler divergence of a target distribution from log-probabilities.
 *
 * loss = t (ln t - x) for each element, 0 where t is 0
 *
 * @param x of any shape: log-probabilities, as logSoftmax() returns them
 * @param target the shape of x: probabilities, or with `logTarget` their logarithms
 * @param options see KlDivLossOptions; the reduction `batchMean` gives the divergence
 * @returns a scalar in nats, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same
 * @see PyTorch's kl_div
 * @example
 * const x = sg.log(sg.fromArray([[0.5, 0.5]]));
 * sg.klDivLoss(x, sg.fromArray([[1, 0]]), { reduction: "batchMean" }); // = Math.LN2
 */
export function klDivLoss(x: Tensor, target: Tensor, options: KlDivLossOptions = {}): Tensor {
  checkOptions("klDivLoss", options, ["reduction", "logTarget"]);
  const choices = ["none", "mean", "sum", "batchMean"] as const;
  const reduction = checkChoice("klDivLoss", "reduction", options.reduction ?? "mean", choices);
  const logTarget = checkBoolean("klDivLoss", "logTarget", options.logTarget ?? false);
  checkPair("klDivLoss", x, target);
  const [logs, t] = [toFloat(x), toFloat(target)];
  // The logarithm of 1 instead of 0: its gradient is finite.
  const loss = logTarget ? mul(exp(t), sub(t, logs)) : weighted(t, sub(log(where(t, t, 1)), logs));
  if (reduction !== "batchMean") return reduceLoss(loss, reduction);
  return affine(reduceLoss(loss, "sum"), 1 / (x.shape[0] ?? 1));
}

export interface GaussianNllLossOptions extends LossOptions {
  /** True if ln(2 pi) / 2, which no gradient has, is added. Default false. */
  full?: boolean;
  /** The least variance that counts. Default 1e-6. */
  eps?: number;
}

/**
 * Returns the negative logarithm of the density of a normal distribution at the target.
 *
 * loss = (ln v + (x - target)^2 / v) / 2, with the variance v at least `eps`; where it is less, its gradient is the one at `eps`, as in
 * PyTorch
 *
 * @param x of any shape: the means
 * @param target the shape of x
 * @param variance the shape of x, or one that broadcasts to it
 * @param options `reduction`, `full` and `eps`: see GaussianNllLossOptions
 * @returns a scalar in nats, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same and the variance broadcasts to it, `range` for an eps that is not above 0
 * @see Nix and Weigend 1994; PyTorch's gaussian_nll_loss
 * @example
 * sg.gaussianNllLoss(sg.tensor([0, 2]), sg.tensor([0, 1]), sg.ones([2])); // = 0.25
 */
export function gaussianNllLoss(x: Tensor, target: Tensor, variance: Tensor, options: GaussianNllLossOptions = {}): Tensor {
  const reduction = reductionOf("gaussianNllLoss", options, ["reduction", "full", "eps"]);
  const full = checkBoolean("gaussianNllLoss", "full", options.full ?? false);
  const eps = checkInterval("gaussianNllLoss", "eps", options.eps ?? 1e-6, Number.MIN_VALUE, Number.MAX_VALUE);
  checkPair("gaussianNllLoss", x, target);
  checkTensors("gaussianNllLoss", [x, variance], ["the prediction", "the variance"]);
  if (!sameShape(broadcastShapes("gaussianNllLoss", x.shape, variance.shape), x.shape))
    throw new SeqgradError(
      "shape",
      `gaussianNllLoss: the variance has shape ${formatShape(variance.shape)}; expected one that broadcasts to ${formatShape(x.shape)}.`,
    );
  const variances = toFloat(variance);
  // Raised by a number that has no gradient.
  const v = add(
    variances,
    noGrad(() => where(less(variances, eps), sub(eps, variances), 0)),
  );
  const loss = affine(add(log(v), div(square(sub(toFloat(x), target)), v)), 0.5, full ? 0.5 * Math.log(2 * Math.PI) : 0);
  return reduceLoss(loss, reduction);
}

export interface PoissonNllLossOptions extends LossOptions {
  /** True if x is the logarithm of the rate. Default true. */
  logInput?: boolean;
  /** True if Stirling's approximation of ln target! is added for targets above 1. Default false. */
  full?: boolean;
  /** Added to the rate before its logarithm is taken. Default 1e-8. */
  eps?: number;
}

/**
 * Returns the negative logarithm of the probability of counts under a Poisson distribution, without ln target!.
 *
 * loss = e^x - target x, or without `logInput` x - target ln(x + eps)
 *
 * @param x of any shape: logarithms of the rates, or without `logInput` the rates
 * @param target the shape of x: counts
 * @param options `reduction`, `logInput`, `full` and `eps`: see PoissonNllLossOptions
 * @returns a scalar in nats, or the shape of x with reduction `none`
 * @throws SeqgradError `shape` unless x and target have the same
 * @see PyTorch's poisson_nll_loss
 * @example
 * sg.poissonNllLoss(sg.tensor([0, 0]), sg.tensor([1, 2])); // = 1
 */
export function poissonNllLoss(x: Tensor, target: Tensor, options: PoissonNllLossOptions = {}): Tensor {
  const reduction = reductionOf("poissonNllLoss", options, ["reduction", "logInput", "full", "eps"]);
  const logInput = checkBoolean("poissonNllLoss", "logInput", options.logInput ?? true);
  const full = checkBoolean("poissonNllLoss", "full", options.full ?? false);
  const eps = checkInterval("poissonNllLoss", "eps", options.eps ?? 1e-8, 0);
  checkPair("poissonNllLoss", x, target);
  const [rate, t] = [toFloat(x), toFloat(target)];
  const loss = logInput ? sub(exp(rate), mul(t, rate)) : sub(rate, mul(t, log(affine(rate, 1, eps))));
  return reduceLoss(full ? add(loss, stirling(t)) : loss, reduction);
}

/** t ln t - t + ln(2 pi t) / 2, which is about ln t!, for t above 1; else 0. */
function stirling(t: Tensor): Tensor {
  const isLarge = greater(t, 1);
  const count = where(isLarge, t, 1);
  const logs = log(count);
  return where(isLarge, add(sub(mul(count, logs), count), affine(logs, 0.5, 0.5 * Math.log(2 * Math.PI))), 0);
}

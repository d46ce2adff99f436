import type { KernelRow } from "./row.js";

/** Steps of optimizers over an arena. */
export const optimRows = {
  // One pass over a contiguous arena. norm [1]: the gradient's global norm; where it is given, a step whose norm is not finite changes
  // nothing, and with clipNorm > 0 the gradient is scaled by min(1, clipNorm / (norm + 1e-6)). Weight decay and formulas as PyTorch's.
  // What is near 1 or 0 comes as its own difference, which the host takes in float64: 1 - 0.9999 would keep few digits of float32.
  sgd: {
    reads: ["gradient", "norm"],
    writes: ["parameter", "buffer"],
    optional: ["norm", "buffer"],
    dims: ["n", "nesterov", "first"],
    scalars: ["lr", "momentum", "oneMinusDampening", "weightDecay", "clipNorm"],
  },
  // rate = lr / (1 - beta1^t), rootCorrection = 1 / sqrt(1 - beta2^t); AdamW: weightDecay 0 and kept 1 - lr weightDecay, else kept is 1
  adam: {
    reads: ["gradient", "norm"],
    writes: ["parameter", "m", "v"],
    optional: ["norm"],
    dims: ["n"],
    scalars: ["rate", "oneMinusBeta1", "beta2", "oneMinusBeta2", "rootCorrection", "eps", "weightDecay", "kept", "clipNorm"],
  },
  // average: for the centered form; buffer: for momentum
  rmsprop: {
    reads: ["gradient", "norm"],
    writes: ["parameter", "v", "average", "buffer"],
    optional: ["norm", "average", "buffer"],
    dims: ["n"],
    scalars: ["lr", "alpha", "oneMinusAlpha", "eps", "weightDecay", "momentum", "clipNorm"],
  },
  adagrad: {
    reads: ["gradient", "norm"],
    writes: ["parameter", "sum"],
    optional: ["norm"],
    dims: ["n"],
    scalars: ["lr", "eps", "weightDecay", "clipNorm"],
  },
} as const satisfies Record<string, KernelRow>;

import { type KernelRow, range } from "./row.js";

/** Normalizations, and the gate and the rotation of a Transformer. */
export const normRows = {
  // over the last axis of [rows, cols]; gamma, beta [cols]; rstd [rows]; mean [2, rows]: the means, and what their rounding lost
  layerNormForward: {
    reads: ["x", "gamma", "beta"],
    writes: ["y", "mean", "rstd"],
    optional: ["gamma", "beta"],
    dims: ["rows", "cols", ...range],
    scalars: ["eps"],
  },
  layerNormBackward: {
    reads: ["x", "gamma", "mean", "rstd", "dy"],
    writes: ["dx", "dGamma", "dBeta"],
    optional: ["gamma", "dx", "dGamma", "dBeta"],
    accumulates: ["dGamma", "dBeta"],
    dims: ["rows", "cols"],
    scalars: [],
  },
  // over the last axis of [rows, cols]; gamma [cols]; rstd [rows]
  rmsNormForward: {
    reads: ["x", "gamma"],
    writes: ["y", "rstd"],
    optional: ["gamma"],
    dims: ["rows", "cols"],
    scalars: ["eps"],
  },
  rmsNormBackward: {
    reads: ["x", "gamma", "rstd", "dy"],
    writes: ["dx", "dGamma"],
    optional: ["gamma", "dx", "dGamma"],
    accumulates: ["dGamma"],
    dims: ["rows", "cols"],
    scalars: [],
  },

  // over the rows of [rows, cols], a column a channel; mean [2, cols] as above, all others but x, y, dy, dx [cols]. training 1: by the
  // statistics of the rows, and the running ones become kept, 1 - momentum, of themselves; 0: by the running ones. batches int32 [1]
  batchNormForward: {
    reads: ["x", "gamma", "beta"],
    writes: ["y", "mean", "rstd", "runningMean", "runningVar", "batches"],
    optional: ["gamma", "beta", "runningMean", "runningVar", "batches"],
    accumulates: ["runningMean", "runningVar", "batches"],
    dims: ["training", "rows", "cols"],
    scalars: ["eps", "momentum", "kept"],
    workspace: ["cols"],
  },
  batchNormBackward: {
    reads: ["x", "gamma", "mean", "rstd", "dy"],
    writes: ["dx", "dGamma", "dBeta"],
    optional: ["gamma", "dx", "dGamma", "dBeta"],
    accumulates: ["dGamma", "dBeta"],
    dims: ["training", "rows", "cols"],
    scalars: [],
    workspace: ["cols"],
  },
  // y = silu(a) b, x [rows, 2 cols] holding a beside b, y [rows, cols]; dx may alias x
  swigluForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  swigluBackward: { reads: ["x", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  // x [B, T, cols] -> y: pairs of the first `heads` heads of D turn by the angles of table [T, D] (cosines, then sines), or back
  // with inverse 1; the other columns are copied; y may alias x
  rotary: { reads: ["x", "table"], writes: ["y"], dims: ["B", "T", "cols", "heads", "D", "interleaved", "inverse"], scalars: [] },
} as const satisfies Record<string, KernelRow>;

import { type KernelRow, range } from "./row.js";

/** The softmax of rows, and the loss of one. */
export const softmaxRows = {
  // over the last axis of [rows, cols]; y may alias x, dx may alias dy
  softmaxForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  softmaxBackward: { reads: ["y", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  logSoftmaxForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  logSoftmaxBackward: { reads: ["y", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  // logits [rows, cols], targets int32 [rows] -> loss [1] (mean over rows not ignored, or sum) or [rows] (none); of each row the largest
  // logit and the sum of e^(logit - largest), apart, as their logarithm has few digits beside a large logit; confidence: 1 - smoothing.
  // WebAssembly alone takes a part of the rows: see its kernel
  crossEntropyForward: {
    reads: ["logits", "targets"],
    writes: ["loss", "largest", "total"],
    dims: ["rows", "cols", "ignoreIndex", "reduction", ...range],
    scalars: ["smoothing", "confidence"],
    checks: "targets",
  },
  // dLogits = dLoss (softmax(logits) - smoothed one-hot); dLogits may alias logits
  crossEntropyBackward: {
    reads: ["logits", "targets", "largest", "total", "dLoss"],
    writes: ["dLogits"],
    dims: ["rows", "cols", "ignoreIndex", "reduction", ...range],
    scalars: ["smoothing", "confidence"],
  },
} as const satisfies Record<string, KernelRow>;

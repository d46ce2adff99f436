import { type KernelRow, range } from "./row.js";

/** Losses over all paths. */
export const structuredRows = {
  // -ln of the probability of targets int32 [B, L] under logProbs [B, T, C], over all alignments; loss [B]
  ctcForward: {
    reads: ["logProbs", "targets", "lengths", "targetLengths"],
    writes: ["loss"],
    dims: ["B", "T", "C", "L", "blank", ...range],
    scalars: [],
    wasmOnly: true,
    workspace: ["L"],
  },
  ctcBackward: {
    reads: ["logProbs", "targets", "lengths", "targetLengths", "dLoss"],
    writes: ["dLogProbs"],
    dims: ["B", "T", "C", "L", "blank", ...range],
    scalars: [],
    wasmOnly: true,
    workspace: ["T", "L"],
  },
  // -ln of the probability of tags int32 [B, T] in a linear chain: emissions [B, T, K], transitions [K, K], starts, ends [K]; loss [B]
  crfForward: {
    reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths"],
    writes: ["loss"],
    dims: ["B", "T", "K", ...range],
    scalars: [],
    wasmOnly: true,
    workspace: ["K"],
  },
  crfBackward: {
    reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths", "dLoss"],
    writes: ["dEmissions", "dTransitions", "dStarts", "dEnds"],
    optional: ["dTransitions", "dStarts", "dEnds"],
    accumulates: ["dTransitions", "dStarts", "dEnds"],
    dims: ["B", "T", "K"],
    scalars: [],
    wasmOnly: true,
    workspace: ["T", "K"],
  },
} as const satisfies Record<string, KernelRow>;

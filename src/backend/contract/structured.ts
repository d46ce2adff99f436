import { type KernelRow, range, row } from "./row.js";

/** Losses over all paths. */
export const structuredRows = {
  // -ln of the probability of targets int32 [B, L] under logProbs [B, T, C], over all alignments; loss [B]
  ctcForward: row(
    {
      reads: ["logProbs", "targets", "lengths", "targetLengths"],
      writes: ["loss"],
      dims: ["B", "T", "C", "L", "blank", ...range],
      scalars: [],
      wasmOnly: true,
    },
    (d) => 2 * (2 * d.L + 1) * 8,
  ),
  ctcBackward: row(
    {
      reads: ["logProbs", "targets", "lengths", "targetLengths", "dLoss"],
      writes: ["dLogProbs"],
      dims: ["B", "T", "C", "L", "blank", ...range],
      scalars: [],
      wasmOnly: true,
    },
    (d) => (d.T + 2) * (2 * d.L + 1) * 8,
  ),
  // -ln of the probability of tags int32 [B, T] in a linear chain: emissions [B, T, K], transitions [K, K], starts, ends [K]; loss [B]
  crfForward: row(
    {
      reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths"],
      writes: ["loss"],
      dims: ["B", "T", "K", ...range],
      scalars: [],
      wasmOnly: true,
    },
    (d) => 2 * d.K * 8,
  ),
  crfBackward: row(
    {
      reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths", "dLoss"],
      writes: ["dEmissions", "dTransitions", "dStarts", "dEnds"],
      optional: ["dTransitions", "dStarts", "dEnds"],
      accumulates: ["dTransitions", "dStarts", "dEnds"],
      dims: ["B", "T", "K"],
      scalars: [],
      wasmOnly: true,
    },
    (d) => (d.T + 2) * d.K * 8,
  ),
} as const satisfies Record<string, KernelRow>;

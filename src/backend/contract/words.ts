import { type KernelRow, range } from "./row.js";

/** Word vectors. */
export const wordsRows = {
  // One pass of word2vec over tokens int32 [n] (-1 ends a sentence): skip-gram, or with cbow 1 CBOW; keep, probabilities [V] and alias int32 [V]
  // (Walker's tables of the negatives); input, output [V, D], D a multiple of 4; the rate goes from lr to lrEnd
  word2vecStep: {
    reads: ["tokens", "keep", "probabilities", "alias"],
    writes: ["input", "output"],
    accumulates: ["input", "output"],
    dims: ["n", "V", "D", "window", "negatives", "cbow", "seed0", "seed1"],
    scalars: ["lr", "lrEnd"],
    wasmOnly: true,
    workspace: ["n", "D", "negatives"],
  },
  // Steps of GloVe on the co-occurrence cells begin..end: rows, columns int32 [n], logs, weights [n]; word, context [V, D]
  gloveStep: {
    reads: ["rows", "columns", "logs", "weights"],
    writes: ["word", "context", "wordSums", "contextSums", "biases", "biasSums", "loss"],
    accumulates: ["word", "context", "wordSums", "contextSums", "biases", "biasSums"],
    dims: ["V", "D", ...range],
    scalars: ["lr"],
    wasmOnly: true,
  },
} as const satisfies Record<string, KernelRow>;

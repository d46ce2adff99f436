import { type KernelRow, range } from "./row.js";

const dims = [
  ...["B", "N", "K", "T", "S", "D", "E", "causal", "offset"],
  ...["qB", "qN", "qT", "kB", "kN", "kS", "vB", "vN", "vS", "yB", "yN", "yT", "bB", "bN", "bT", "bS"],
  ...["key0", "key1", "counter0", "counter1", ...range],
] as const;

/** Attention. */
export const attentionRows = {
  // y_t = sum_s w_ts v_s, w = softmax over s of scale q_t . k_s + bias_ts; N query heads, K key heads (head n reads floor(n K / N)).
  // q [B, N, T, D], k [B, K, S, D], v [B, K, S, E], y [B, N, T, E], each with strides of its first three dimensions (elements) and the last
  // contiguous; bias [B, N, T, S] with strides of all four (0 repeats); lengths int32 [B] in 0..S: keys from there on are hidden, and with
  // causal those after t + offset; largest [B, N, T], the largest score of a query, and total, the sum of e^(score - largest): Infinity
  // and 0 (and y 0) where nothing is visible. Dropout: weight ((b N + n) T + t) S + s is 0 where that element of `dropout` would be, else
  // times growth, which is 1 / (1 - p). begin, end: of the B N pairs b, n.
  attentionForward: {
    reads: ["q", "k", "v", "bias", "lengths"],
    writes: ["y", "largest", "total"],
    optional: ["bias", "lengths"],
    dims,
    scalars: ["scale", "p", "growth"],
    checks: "lengths",
    workspace: ["S", "D", "E"],
  },
  // dq, dk, dv lie as q, k, v do, dy as y. begin, end: of the B K pairs of batch and key head
  attentionBackward: {
    reads: ["q", "k", "v", "bias", "lengths", "y", "dy", "largest", "total"],
    writes: ["dq", "dk", "dv"],
    optional: ["bias", "lengths", "dq", "dk", "dv"],
    dims,
    scalars: ["scale", "p", "growth"],
    workspace: ["S", "D", "E"],
  },

  // weights = softmax over the visible keys j of e[b, i, j] = sum_a v[a] tanh(q[b, i, a] + k[b, j, a]), 0 of the others. q [B, T, A],
  // k [B, S, A], v [A], weights [B, T, S]; lengths int32 [B], each in 0..S: the visible keys; window > 0: of them those within
  // floor(window / 2) of the query's position, int32 [B, T], or start + i. begin, end: rows of the batch.
  additiveAttentionForward: {
    reads: ["q", "k", "v", "lengths", "positions"],
    writes: ["weights"],
    optional: ["lengths", "positions"],
    dims: ["B", "T", "S", "A", "window", "start", ...range],
    scalars: [],
    checks: "lengths",
  },
  // dv [B, A]: a row of the batch has its own
  additiveAttentionBackward: {
    reads: ["q", "k", "v", "lengths", "positions", "weights", "dWeights"],
    writes: ["dq", "dk", "dv"],
    optional: ["lengths", "positions"],
    accumulates: ["dk"],
    dims: ["B", "T", "S", "A", "window", "start", ...range],
    scalars: [],
    workspace: ["S", "A"],
  },
} as const satisfies Record<string, KernelRow>;

export * from "./op-codes.js";

/**
 * The kernel contract, as data: a row a kernel. The WebAssembly call (addresses of `reads`, of `writes`, of the
 * workspace if there is one, then `dims`, then `scalars`, in that order) and every other backend's binding are derived
 * from the row. Kernel key, AssemblyScript export and WGSL entry point are one name.
 *
 * Buffers are contiguous and row-major unless dims give strides (in elements). A buffer in `optional` may be absent
 * (address 0). A buffer in `accumulates` is added to; every other write overwrites. A write may alias a read only where
 * the kernel's header allows it. Letters: B batch, T time, I input, H hidden, P projected hidden, G gate rows,
 * S source time, A attention.
 */
export interface KernelRow {
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  readonly optional?: readonly string[];
  readonly accumulates?: readonly string[];
  /** Int32 arguments: sizes, strides, flags, and the range `begin`, `end` of the rows that this call computes. */
  readonly dims: readonly string[];
  /** Float32 arguments. */
  readonly scalars: readonly string[];
  /** Bytes of scratch memory that the kernel needs; an optional buffer is given if it is neither absent nor 0. */
  readonly workspace?: (dims: Readonly<Record<string, number>>) => number;
  /** The read that holds int32 indices: the kernel writes nothing and returns the position of the first that is out of range, or -1. */
  readonly checks?: string;
  /** On WebAssembly alone; elsewhere the operation runs through its composition. */
  readonly wasmOnly?: true;
}

const ceil = (n: number, unit: number) => Math.ceil(n / unit) * unit;

/** Bytes of a packed [k, n] matrix: panels of 8 columns, and a line to align them. */
const packed = (k: number, n: number) => k * ceil(n, 8) * 4 + 64;

/** Columns of a recurrent product that are computed at a time (blockColumns in assembly/recurrent). */
const recurrentBlock = 96;

const range = ["begin", "end"] as const;
const shape4 = ["d0", "d1", "d2", "d3"] as const;
const strides4 = <P extends string>(p: P) => [`${p}0`, `${p}1`, `${p}2`, `${p}3`] as const;
const attention = [
  ...["B", "N", "K", "T", "S", "D", "E", "causal", "offset"],
  ...["qB", "qN", "qT", "kB", "kN", "kS", "vB", "vN", "vS", "yB", "yN", "yT", "bB", "bN", "bT", "bS"],
  ...["key0", "key1", "counter0", "counter1", ...range],
] as const;
const random = ["n", "key0", "key1", "counter0", "counter1"] as const;

export const kernels = {
  // y[i] = value
  fill: { reads: [], writes: ["y"], dims: ["n"], scalars: ["value"] },
  // y[i0, i1, i2, i3] = x[i0, i1, i2, i3], 4-byte elements of either type; strides may be 0 (x) or negative
  copyStrided: { reads: ["x"], writes: ["y"], dims: [...shape4, ...strides4("xs"), ...strides4("ys")], scalars: [] },

  // y = f(x); y may alias x
  unary: { reads: ["x"], writes: ["y"], dims: ["op", "n"], scalars: ["a", "b"] },
  // dx = dy f'(x), where y = f(x); dx may alias dy
  unaryBackward: { reads: ["x", "y", "dy"], writes: ["dx"], dims: ["op", "n"], scalars: ["a", "b"] },
  // y = f(a, b), y contiguous [d0, d1, d2, d3]; y may alias an operand of the same layout
  binary: { reads: ["a", "b"], writes: ["y"], dims: ["op", ...shape4, ...strides4("as"), ...strides4("bs")], scalars: [] },
  // y = condition != 0 ? a : b
  where: {
    reads: ["condition", "a", "b"],
    writes: ["y"],
    dims: [...shape4, ...strides4("cs"), ...strides4("as"), ...strides4("bs")],
    scalars: [],
  },

  // y = f(x), and dx = dy f'(x), as unary and unaryBackward, of `specialOps`
  special: { reads: ["x"], writes: ["y"], dims: ["op", "n"], scalars: [] },
  specialBackward: { reads: ["x", "y", "dy"], writes: ["dx"], dims: ["op", "n"], scalars: [] },
  // y = a - b floor(a / b), exact; integer 1: of int32, where a number modulo 0 is 0
  remainder: { reads: ["a", "b"], writes: ["y"], dims: ["integer", "n"], scalars: [] },

  // x [rows, n], int32 with integer 1 -> index int32 [rows, n], which orders each row from small to large, or with descending 1 the reverse:
  // equal elements keep their order, NaN counts as largest
  argsort: {
    reads: ["x"],
    writes: ["index"],
    dims: ["rows", "n", "integer", "descending"],
    scalars: [],
    workspace: (d) => 16 * d.n!,
  },

  // x [outer, n, inner] -> y [outer, inner], to which addSum adds; the Int32 forms read and write int32, and their sum wraps around
  reduce: { reads: ["x"], writes: ["y"], dims: ["op", "outer", "n", "inner"], scalars: [] },
  // x [outer, n, inner] -> y int32 [outer, inner], the first index of the largest (NaN counts as largest)
  argmax: { reads: ["x"], writes: ["y"], dims: ["outer", "n", "inner"], scalars: [] },
  // y [1] = sqrt(sum x^2)
  norm: { reads: ["x"], writes: ["y"], dims: ["n"], scalars: [] },

  // y = activation(alpha op(a) op(b) + beta y + bias): for each of `batch`, op(a) [m, k], op(b) [k, n], y [m, n];
  // lda, ldb, ldy are strides of rows as stored; a batch stride of 0 repeats. begin, end: of the batch * m rows of y.
  gemm: {
    reads: ["a", "b", "bias"],
    writes: ["y"],
    optional: ["bias"],
    dims: ["batch", "m", "n", "k", "transA", "transB", "lda", "ldb", "ldy", "strideA", "strideB", "strideY", "activation", ...range],
    scalars: ["alpha", "beta"],
    workspace: (d) => {
      const blocks = Math.min(d.k!, 256) * (ceil(Math.min(d.n!, 512), 8) + (d.transA ? Math.min(d.m!, 96) : 0));
      const fewRows = d.transB ? (d.k! + 96) * Math.min(ceil(d.batch! * d.m!, 8), 64) : 0;
      return Math.max(blocks, fewRows) * 4;
    },
  },

  // x [outer, n, inner], index [m] -> y [outer, m, inner]: y[o, j, :] = x[o, index[j], :]
  gatherRows: { reads: ["x", "index"], writes: ["y"], dims: ["outer", "n", "inner", "m"], scalars: [], checks: "index" },
  // dx[o, index[j], :] += dy[o, j, :]; skip: an index whose rows are left out (an embedding's padding), or -1
  scatterAddRows: {
    reads: ["dy", "index"],
    writes: ["dx"],
    accumulates: ["dx"],
    dims: ["outer", "n", "inner", "m", "skip"],
    scalars: [],
    checks: "index",
  },
  // x [outer, n, inner], index [outer, m, inner] -> y like index: y[o, j, i] = x[o, index[o, j, i], i]
  gather: { reads: ["x", "index"], writes: ["y"], dims: ["outer", "n", "inner", "m"], scalars: [], checks: "index" },
  // dx[o, index[o, j, i], i] += dy[o, j, i]
  scatterAdd: {
    reads: ["dy", "index"],
    writes: ["dx"],
    accumulates: ["dx"],
    dims: ["outer", "n", "inner", "m"],
    scalars: [],
    checks: "index",
  },

  // over the last axis of [rows, cols]; y may alias x, dx may alias dy
  softmaxForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  softmaxBackward: { reads: ["y", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  logSoftmaxForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  logSoftmaxBackward: { reads: ["y", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  // logits [rows, cols], targets int32 [rows] -> loss [1] (mean over rows not ignored, or sum) or [rows] (none); of each row the largest
  // logit and the sum of e^(logit - largest), apart, as their logarithm has few digits beside a large logit; confidence: 1 - smoothing
  crossEntropyForward: {
    reads: ["logits", "targets"],
    writes: ["loss", "largest", "total"],
    dims: ["rows", "cols", "ignoreIndex", "reduction"],
    scalars: ["smoothing", "confidence"],
    checks: "targets",
  },
  // dLogits = dLoss (softmax(logits) - smoothed one-hot); dLogits may alias logits
  crossEntropyBackward: {
    reads: ["logits", "targets", "largest", "total", "dLoss"],
    writes: ["dLogits"],
    dims: ["rows", "cols", "ignoreIndex", "reduction"],
    scalars: ["smoothing", "confidence"],
  },

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
    dims: attention,
    scalars: ["scale", "p", "growth"],
    workspace: (d) => {
      const keys = Math.min(d.S!, 256);
      return (d.D! * ceil(keys, 8) + keys * ceil(d.E!, 8) + 24 * d.D! + 25 * 128 + 24) * 4 + 256;
    },
    checks: "lengths",
  },
  // dq, dk, dv lie as q, k, v do, dy as y. begin, end: of the B K pairs of batch and key head
  attentionBackward: {
    reads: ["q", "k", "v", "bias", "lengths", "y", "dy", "largest", "total"],
    writes: ["dq", "dk", "dv"],
    optional: ["bias", "lengths", "dq", "dk", "dv"],
    dims: attention,
    scalars: ["scale", "p", "growth"],
    workspace: (d) => {
      const [keys, D, E] = [ceil(Math.min(d.S!, 256), 8), ceil(d.D!, 8), ceil(d.E!, 8)];
      return (keys * (3 * D + 2 * E) + 24 * (3 * D + 2 * E + 2 * 64 + 1) + 84) * 4 + 64;
    },
  },

  // over the last axis of [rows, cols]; gamma, beta [cols]; rstd [rows]; mean [2, rows]: the means, and what their rounding lost
  layerNormForward: {
    reads: ["x", "gamma", "beta"],
    writes: ["y", "mean", "rstd"],
    optional: ["gamma", "beta"],
    dims: ["rows", "cols"],
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
    workspace: (d) => 20 * d.cols!,
  },
  batchNormBackward: {
    reads: ["x", "gamma", "mean", "rstd", "dy"],
    writes: ["dx", "dGamma", "dBeta"],
    optional: ["gamma", "dx", "dGamma", "dBeta"],
    accumulates: ["dGamma", "dBeta"],
    dims: ["training", "rows", "cols"],
    scalars: [],
    workspace: (d) => 20 * d.cols!,
  },
  // y = silu(a) b, x [rows, 2 cols] holding a beside b, y [rows, cols]; dx may alias x
  swigluForward: { reads: ["x"], writes: ["y"], dims: ["rows", "cols"], scalars: [] },
  swigluBackward: { reads: ["x", "dy"], writes: ["dx"], dims: ["rows", "cols"], scalars: [] },
  // x [B, T, cols] -> y: pairs of the first `heads` heads of D turn by the angles of table [T, D] (cosines, then sines), or back
  // with inverse 1; the other columns are copied; y may alias x
  rotary: { reads: ["x", "table"], writes: ["y"], dims: ["B", "T", "cols", "heads", "D", "interleaved", "inverse"], scalars: [] },

  // Philox 4x32-10: y[4 i + j] = word j of the block at counter + i (a 128-bit sum), as int32
  philox: { reads: [], writes: ["y"], dims: [...random, "counter2", "counter3"], scalars: [] },
  // uniform on [low, high): low + (high - low) (word >>> 8) / 2^24; element i takes word i mod 4 of block i div 4
  randomUniform: { reads: [], writes: ["y"], dims: random, scalars: ["low", "high"] },
  // normal by Box and Muller: elements 2 i and 2 i + 1 from words 2 i and 2 i + 1
  randomNormal: { reads: [], writes: ["y"], dims: random, scalars: ["mean", "std"] },
  // y = growth x, growth being 1 / (1 - p), where the element's uniform number is >= p, else 0; its own backward; y may alias x
  dropout: { reads: ["x"], writes: ["y"], dims: random, scalars: ["p", "growth"] },

  // h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), f tanh (activation 0) or relu (1). x [B, T, I], y [B, T, H], h0 and hN [B, H].
  // lengths int32 [B], each in 1..T: past its length a row's y is 0 and its hN is the last valid state;
  // reverse starts at the last valid step. begin, end: rows of the batch.
  rnnForward: {
    reads: ["x", "wIh", "wHh", "bIh", "bHh", "h0", "lengths"],
    writes: ["y", "hN"],
    optional: ["bIh", "bHh", "h0", "lengths"],
    dims: ["B", "T", "I", "H", "reverse", "activation", ...range],
    scalars: [],
    workspace: (d) => packed(Math.max(d.I!, d.H!), d.H!) + (d.B! * (2 * d.H! + recurrentBlock) + d.H!) * 4 + 256,
    checks: "lengths",
  },
  // BPTT: writes gates [T, B, H] (the gradients of the pre-activations), dx, dh0, and dh [T, B, H], dLoss/dh_t in full
  rnnBackward: {
    reads: ["wIh", "wHh", "lengths", "y", "dy", "dhN"],
    writes: ["gates", "dx", "dh0", "dh"],
    optional: ["lengths", "dy", "dhN", "dx", "dh0", "dh"],
    dims: ["B", "T", "I", "H", "reverse", "activation", ...range],
    scalars: [],
    workspace: (d) => packed(d.H!, Math.max(d.I!, d.H!)) + d.B! * d.H! * 4 + 256,
  },
  // r, z = sigmoid(...); resetBefore 0 (PyTorch): n = tanh(W_in x + b_in + r (W_hn h + b_hn));
  // resetBefore 1 (Cho et al. 2014, Keras reset_after=False): n = tanh(W_in x + b_in + W_hn (r h) + b_hn); h' = (1 - z) n + z h.
  // wIh [3H, I], wHh [3H, H], rows r z n. gates [T, B, 4H]: r, z, n, and W_hn h + b_hn (resetBefore 0) or r h (1).
  gruForward: {
    reads: ["x", "wIh", "wHh", "bIh", "bHh", "h0", "lengths"],
    writes: ["y", "hN", "gates"],
    optional: ["bIh", "bHh", "h0", "lengths"],
    dims: ["B", "T", "I", "H", "reverse", "resetBefore", ...range],
    scalars: [],
    workspace: (d) => packed(Math.max(d.I!, 3 * d.H!), d.H!) + (d.B! * (2 * d.H! + recurrentBlock) + 4 * d.H!) * 4 + 256,
    checks: "lengths",
  },
  // BPTT in place: gates becomes the gradients of the pre-activations, dr, dz, dn, and r dn (resetBefore 0) or, kept, r h (1)
  gruBackward: {
    reads: ["wIh", "wHh", "h0", "lengths", "y", "dy", "dhN"],
    writes: ["gates", "dx", "dh0", "dh"],
    optional: ["h0", "lengths", "dy", "dhN", "dx", "dh0", "dh"],
    dims: ["B", "T", "I", "H", "reverse", "resetBefore", ...range],
    scalars: [],
    workspace: (d) => packed(3 * d.H!, Math.max(d.I!, d.H!)) + (2 * d.B! + 1) * d.H! * 4 + 256,
  },
  // i, f, g, o rows (g by tanh, the others by sigmoid); c_t = f c_{t-1} + i g; h_t = o tanh(c_t), or W_hr (o tanh(c_t)) with a projection.
  // wIh [4H, I], wHh [4H, P], wHr [P, H] (absent: P = H); y [B, T, P], hN [B, P], cN [B, H];
  // saved: gates [T, B, 4H] after activation, cells [T, B, H], hidden [T, B, H] = o tanh(c) (with a projection, if wanted).
  lstmForward: {
    reads: ["x", "wIh", "wHh", "bIh", "bHh", "wHr", "h0", "c0", "lengths"],
    writes: ["y", "hN", "cN", "gates", "cells", "hidden"],
    optional: ["bIh", "bHh", "wHr", "h0", "c0", "lengths", "hidden"],
    dims: ["B", "T", "I", "H", "P", "reverse", ...range],
    scalars: [],
    workspace: (d) =>
      packed(Math.max(d.I!, d.P!), 4 * d.H!) + (d.wHr ? packed(d.H!, d.P!) : 64) + (d.B! * (d.H! + 2 * d.P!) + 5 * d.H!) * 4 + 128,
    checks: "lengths",
  },
  // BPTT in place: gates becomes the gradients of the pre-activations; dh [T, B, P] is dLoss/dh_t in full
  lstmBackward: {
    reads: ["wIh", "wHh", "wHr", "c0", "lengths", "cells", "dy", "dhN", "dcN"],
    writes: ["gates", "dx", "dh0", "dc0", "dh"],
    optional: ["wHr", "c0", "lengths", "dy", "dhN", "dcN", "dx", "dh0", "dc0", "dh"],
    dims: ["B", "T", "I", "H", "P", "reverse", ...range],
    scalars: [],
    workspace: (d) =>
      packed(4 * d.H!, Math.max(d.I!, d.P!)) + (d.wHr ? packed(d.P!, d.H!) : 64) + (2 * d.B! * (d.H! + d.P!) + d.H!) * 4 + 128,
  },
  // What BPTT leaves, for all three cells: dW_ih += dGates^T x, dW_hh += dGates^T h_{t-1}, db += column sums of dGates.
  // gates [T, B, width] as the backward kernel left them; x [B, T, I]; y [B, T, H] the layer's output, of which h_{t-1} is a shift,
  // h0 [B, H]; G gate rows (H, 3H or 4H; with a projection H here is P); cell: see recurrentCells. begin, end: gate rows.
  recurrentGradient: {
    reads: ["gates", "x", "y", "h0", "lengths"],
    writes: ["dwIh", "dwHh", "dbIh", "dbHh"],
    optional: ["h0", "lengths", "dwIh", "dwHh", "dbIh", "dbHh"],
    accumulates: ["dwIh", "dwHh", "dbIh", "dbHh"],
    dims: ["B", "T", "I", "H", "G", "width", "reverse", "cell", ...range],
    scalars: [],
    workspace: (d) => Math.min(256, d.T! * d.B!) * 4 * (ceil(d.I!, 8) + (d.cell === 2 ? 2 : 1) * ceil(d.H!, 8) + 48) + 64,
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
    workspace: (d) => (d.S! + d.A!) * 4 + 128,
  },

  // -ln of the probability of targets int32 [B, L] under logProbs [B, T, C], over all alignments; loss [B]
  ctcForward: {
    reads: ["logProbs", "targets", "lengths", "targetLengths"],
    writes: ["loss"],
    dims: ["B", "T", "C", "L", "blank", ...range],
    scalars: [],
    workspace: (d) => 2 * (2 * d.L! + 1) * 8,
    wasmOnly: true,
  },
  ctcBackward: {
    reads: ["logProbs", "targets", "lengths", "targetLengths", "dLoss"],
    writes: ["dLogProbs"],
    dims: ["B", "T", "C", "L", "blank", ...range],
    scalars: [],
    workspace: (d) => (d.T! + 2) * (2 * d.L! + 1) * 8,
    wasmOnly: true,
  },
  // -ln of the probability of tags int32 [B, T] in a linear chain: emissions [B, T, K], transitions [K, K], starts, ends [K]; loss [B]
  crfForward: {
    reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths"],
    writes: ["loss"],
    dims: ["B", "T", "K", ...range],
    scalars: [],
    workspace: (d) => 2 * d.K! * 8,
    wasmOnly: true,
  },
  crfBackward: {
    reads: ["emissions", "transitions", "starts", "ends", "tags", "lengths", "dLoss"],
    writes: ["dEmissions", "dTransitions", "dStarts", "dEnds"],
    optional: ["dTransitions", "dStarts", "dEnds"],
    accumulates: ["dTransitions", "dStarts", "dEnds"],
    dims: ["B", "T", "K"],
    scalars: [],
    workspace: (d) => (d.T! + 2) * d.K! * 8,
    wasmOnly: true,
  },

  // One pass of word2vec over tokens int32 [n] (-1 ends a sentence): skip-gram, or with cbow 1 CBOW; keep, probabilities [V] and alias int32 [V]
  // (Walker's tables of the negatives); input, output [V, D], D a multiple of 4; the rate goes from lr to lrEnd
  word2vecStep: {
    reads: ["tokens", "keep", "probabilities", "alias"],
    writes: ["input", "output"],
    accumulates: ["input", "output"],
    dims: ["n", "V", "D", "window", "negatives", "cbow", "seed0", "seed1"],
    scalars: ["lr", "lrEnd"],
    workspace: (d) => 4 * (2 * d.D! + 2 * (d.negatives! + 4) + d.n!),
    wasmOnly: true,
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

export type KernelName = keyof typeof kernels;
/** Those that run on every device. */
export type CommonKernelName = { [K in KernelName]: (typeof kernels)[K] extends { wasmOnly: true } ? never : K }[KernelName];

type Required_<R extends KernelRow> = Exclude<R["reads"][number] | R["writes"][number], Optional_<R>>;
type Optional_<R extends KernelRow> = R extends { optional: readonly (infer O extends string)[] } ? O : never;

/** A buffer in a call: its address, or its content. */
export type Buffer = number | { readonly address: number };

export const addressOf = (buffer: Buffer): number => (typeof buffer === "number" ? buffer : buffer.address);

/** The arguments of a kernel by name; `B` is what stands for a buffer. */
export type KernelCall<K extends KernelName, B = number> = { readonly [name in Required_<(typeof kernels)[K]>]: B } & {
  readonly [name in Optional_<(typeof kernels)[K]>]?: B | undefined;
} & { readonly [name in (typeof kernels)[K]["dims"][number] | (typeof kernels)[K]["scalars"][number]]: number };

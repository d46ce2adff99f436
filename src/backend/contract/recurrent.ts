import { type KernelRow, range } from "./row.js";

/** Recurrences over whole sequences. */
export const recurrentRows = {
  // h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), f tanh (activation 0) or relu (1). x [B, T, I], y [B, T, H], h0 and hN [B, H].
  // lengths int32 [B], each in 1..T: past its length a row's y is 0 and its hN is the last valid state;
  // reverse starts at the last valid step. begin, end: rows of the batch.
  rnnForward: {
    reads: ["x", "wIh", "wHh", "bIh", "bHh", "h0", "lengths"],
    writes: ["y", "hN"],
    optional: ["bIh", "bHh", "h0", "lengths"],
    dims: ["B", "T", "I", "H", "reverse", "activation", ...range],
    scalars: [],
    checks: "lengths",
    workspace: ["B", "I", "H"],
  },
  // BPTT: writes gates [T, B, H] (the gradients of the pre-activations), dx, dh0, and dh [T, B, H], dLoss/dh_t in full
  rnnBackward: {
    reads: ["wIh", "wHh", "lengths", "y", "dy", "dhN"],
    writes: ["gates", "dx", "dh0", "dh"],
    optional: ["lengths", "dy", "dhN", "dx", "dh0", "dh"],
    dims: ["B", "T", "I", "H", "reverse", "activation", ...range],
    scalars: [],
    workspace: ["B", "I", "H"],
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
    checks: "lengths",
    workspace: ["B", "I", "H"],
  },
  // BPTT in place: gates becomes the gradients of the pre-activations, dr, dz, dn, and r dn (resetBefore 0) or, kept, r h (1)
  gruBackward: {
    reads: ["wIh", "wHh", "h0", "lengths", "y", "dy", "dhN"],
    writes: ["gates", "dx", "dh0", "dh"],
    optional: ["h0", "lengths", "dy", "dhN", "dx", "dh0", "dh"],
    dims: ["B", "T", "I", "H", "reverse", "resetBefore", ...range],
    scalars: [],
    workspace: ["B", "I", "H"],
  },
  // i, f, g, o rows (g by tanh, the others by sigmoid); c_t = f c_{t-1} + i g; h_t = o tanh(c_t), or W_hr (o tanh(c_t)) with a projection.
  // wIh [4H, I], wHh [4H, P], wHr [P, H] (absent: P = H); y [B, T, P], hN [B, P], cN [B, H];
  // saved: gates [T, B, 4H] after activation, cells [T, B, H], hidden [T, B, H] = o tanh(c) (with a projection, if needed).
  lstmForward: {
    reads: ["x", "wIh", "wHh", "bIh", "bHh", "wHr", "h0", "c0", "lengths"],
    writes: ["y", "hN", "cN", "gates", "cells", "hidden"],
    optional: ["bIh", "bHh", "wHr", "h0", "c0", "lengths", "hidden"],
    dims: ["B", "T", "I", "H", "P", "reverse", ...range],
    scalars: [],
    checks: "lengths",
    workspace: ["B", "I", "H", "P", "wHr"],
  },
  // BPTT in place: gates becomes the gradients of the pre-activations; dh [T, B, P] is dLoss/dh_t in full
  lstmBackward: {
    reads: ["wIh", "wHh", "wHr", "c0", "lengths", "cells", "dy", "dhN", "dcN"],
    writes: ["gates", "dx", "dh0", "dc0", "dh"],
    optional: ["wHr", "c0", "lengths", "dy", "dhN", "dcN", "dx", "dh0", "dc0", "dh"],
    dims: ["B", "T", "I", "H", "P", "reverse", ...range],
    scalars: [],
    workspace: ["B", "I", "H", "P", "wHr"],
  },
  // What BPTT leaves, for all three cells: dW_ih += dGates^T x, dW_hh += dGates^T h_{t-1}, db += column sums of dGates.
  // gates [T, B, width]: the output of the backward kernel; x [B, T, I]; y [B, T, H]: the layer's output, which shifted is h_{t-1};
  // h0 [B, H]; G gate rows (H, 3H or 4H; with a projection H here is P); cell: see recurrentCells. begin, end: gate rows.
  recurrentGradient: {
    reads: ["gates", "x", "y", "h0", "lengths"],
    writes: ["dwIh", "dwHh", "dbIh", "dbHh"],
    optional: ["h0", "lengths", "dwIh", "dwHh", "dbIh", "dbHh"],
    accumulates: ["dwIh", "dwHh", "dbIh", "dbHh"],
    dims: ["B", "T", "I", "H", "G", "width", "reverse", "cell", ...range],
    scalars: [],
    workspace: ["B", "T", "I", "H", "cell"],
  },
} as const satisfies Record<string, KernelRow>;

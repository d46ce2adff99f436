import { packB, packedBytes } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidv } from "../simd/sigmoid";
import { tanhv } from "../simd/tanh";
import {
  aligned, bytes, clearRow, copyRow, firstBadLength, lengthOf, projectSequence, startState, sumBiases, wholePanels,
} from "./sequence";

/**
 * A long short-term memory over whole sequences (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000;
 * projection: Sak et al. 2014), gates in PyTorch's order:
 *
 *   i, f, o = sigmoid(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), g = tanh(the same)
 *   c_t = f c_{t-1} + i g,  h_t = o tanh(c_t), or W_hr (o tanh(c_t))
 *
 * Reads x [B, T, I], wIh [4H, I], wHh [4H, P], bIh and bHh [4H] or absent, wHr [P, H] or absent (then P = H), h0 [B, P] and
 * c0 [B, H] or absent (zeros), lengths int32 [B] or absent (T each).
 * Overwrites y [B, T, P], hN [B, P], cN [B, H], gates [T, B, 4H] (activated), cells [T, B, H], and, with a projection and if
 * needed, hidden [T, B, H] = o tanh(c); of each, the batch rows begin..end. Where t >= a row's length: y, gates and hidden are 0,
 * cells the state, which stands still; so a reversed sequence, which runs from T - 1 down, starts at the last valid step.
 * Workspace: W_ih and, in its place, W_hh, and W_hr packed, the summed biases, and the rows' state.
 * Alignment 4 bytes; no write aliases another buffer. Returns the position of the first length outside 1..T, or -1.
 */
export function lstmForward(
  x: usize, wIh: usize, wHh: usize, bIh: usize, bHh: usize, wHr: usize, h0: usize, c0: usize, lengths: usize,
  y: usize, hN: usize, cN: usize, gates: usize, cells: usize, hidden: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, P: i32, reverse: i32, begin: i32, end: i32,
): i32 {
  const bad = firstBadLength(lengths, B, T);
  if (bad >= 0) return bad;
  const rows = end - begin;
  const G = 4 * H;

  const packedHh = aligned(workspace);
  const packedHr = aligned(packedHh + bytes(max(I, P) * wholePanels(G)));
  const bias = aligned(packedHr + (wHr ? bytes(H * wholePanels(P)) : 0));
  const zeros = bias + bytes(G);
  const h = zeros + bytes(H);
  const out = h + bytes(rows * P);
  const projected = out + bytes(rows * H);

  packB(wIh, I, true, I, G, packedHh);
  if (wHr) packB(wHr, H, true, H, P, packedHr);
  sumBiases(bias, bIh, bHh, G);
  clearRow(zeros, H);
  startState(h, h0, begin, rows, P);

  projectSequence(x + bytes(begin * T * I), T * I, I, packedHh, rows, T, G, I, gates + bytes(begin * G), G, B * G, false);
  packB(wHh, P, true, P, G, packedHh);

  let cPrevious: usize = c0 ? c0 + bytes(begin * H) : 0;
  for (let s = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const at = t * B + begin;
    const gate = gates + bytes(at * G);
    const cell = cells + bytes(at * H);
    const o = wHr && hidden ? hidden + bytes(at * H) : wHr ? out : h;
    gemmPacked(h, P, packedHh, rows, G, P, gate, G, true);

    for (let r = 0; r < rows; r++) {
      const cOld = cPrevious ? cPrevious + bytes(r * H) : zeros;
      const cNew = cell + bytes(r * H);
      if (t < lengthOf(lengths, begin + r, T)) {
        activate(gate + bytes(r * G), bias, cOld, cNew, o + bytes(r * H), H);
      } else {
        clearRow(gate + bytes(r * G), G);
        copyRow(cNew, cOld, H);
        if (wHr) clearRow(o + bytes(r * H), H);
      }
    }
    if (wHr) gemmPacked(o, H, packedHr, rows, P, H, projected, P, false);
    for (let r = 0; r < rows; r++) {
      const yRow = y + bytes(((begin + r) * T + t) * P);
      const hRow = h + bytes(r * P);
      if (t < lengthOf(lengths, begin + r, T)) {
        if (wHr) copyRow(hRow, projected + bytes(r * P), P);
        copyRow(yRow, hRow, P);
      } else {
        clearRow(yRow, P);
      }
    }
    cPrevious = cell;
  }
  copyRow(hN + bytes(begin * P), h, rows * P);
  copyRow(cN + bytes(begin * H), cPrevious, rows * H);
  return -1;
}

/** Bytes of lstmForward's workspace. */
export function lstmForwardWorkspace(B: f64, I: f64, H: f64, P: f64, wHr: f64): f64 {
  return packedBytes(max(I, P), 4 * H) + (wHr != 0 ? packedBytes(H, P) : 64) + (B * (H + 2 * P) + 5 * H) * 4 + 128;
}

/** One row: gates [4H] are activated in place, after the bias [4H] is added, and give the new cell state [H] and h = o tanh(c) [H]. */
function activate(gates: usize, bias: usize, cOld: usize, cNew: usize, h: usize, H: i32): void {
  const stride = bytes(H);
  for (; H >= 4; H -= 4, gates += 16, bias += 16, cOld += 16, cNew += 16, h += 16) activateLanes(gates, bias, stride, cOld, cNew, h, 4);
  if (H) activateLanes(gates, bias, stride, cOld, cNew, h, H);
}

/** n units, four at most; the blocks of gate and bias are `stride` bytes apart. */
// @ts-ignore: decorator
@inline
function activateLanes(gate: usize, bias: usize, stride: usize, cOld: usize, cNew: usize, h: usize, n: i32): void {
  const i = sigmoidv(f32x4.add(loadLanes(gate, n), loadLanes(bias, n)));
  const f = sigmoidv(f32x4.add(loadLanes(gate + stride, n), loadLanes(bias + stride, n)));
  const g = tanhv(f32x4.add(loadLanes(gate + 2 * stride, n), loadLanes(bias + 2 * stride, n)));
  const o = sigmoidv(f32x4.add(loadLanes(gate + 3 * stride, n), loadLanes(bias + 3 * stride, n)));
  const c = fma(f, loadLanes(cOld, n), f32x4.mul(i, g));
  storeLanes(gate, i, n);
  storeLanes(gate + stride, f, n);
  storeLanes(gate + 2 * stride, g, n);
  storeLanes(gate + 3 * stride, o, n);
  storeLanes(cNew, c, n);
  storeLanes(h, f32x4.mul(o, tanhv(c)), n);
}

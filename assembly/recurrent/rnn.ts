import { packB, packedBytes } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { loadLanes, storeLanes } from "../simd/lanes";
import { tanhDerivative, tanhv } from "../simd/tanh";
import {
  aligned, blockColumns, bytes, clearRow, copyRow, firstBadLength, lengthOf, packGates, projectSequence, startState,
  sumBiases, wholePanels,
} from "./sequence";

/**
 * h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), f = tanh (activation 0) or relu (1): Elman 1990, as PyTorch's RNN.
 *
 * x [B, T, I], wIh [H, I], wHh [H, H], bIh and bHh [H], h0 [B, H], lengths int32 [B] -> y [B, T, H], hN [B, H].
 * Absent biases and h0 are 0, absent lengths T. reverse: from each row's last valid step down to its first.
 * A row's steps past its length leave its state as it is and y 0. Overwrites rows begin..end of y and hN, no others, and nothing
 * may alias. A length outside 1..T: returns its position, having written nothing; else -1.
 *
 * workspace: 64 to align, then wIh packed, later wHh (wholePanels(H) columns by max(I, H)), bias [H], two states [B, H], a block of
 * products [B, blockColumns], each from a multiple of 64.
 */
export function rnnForward(
  x: usize, wIh: usize, wHh: usize, bIh: usize, bHh: usize, h0: usize, lengths: usize, y: usize, hN: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, reverse: i32, activation: i32, begin: i32, end: i32,
): i32 {
  const bad = firstBadLength(lengths, B, T);
  if (bad >= 0) return bad;
  const rows = end - begin;

  const packed = aligned(workspace);
  const bias = packed + bytes(wholePanels(H) * max(I, H));
  let h = aligned(bias + bytes(H));
  let hNext = aligned(h + bytes(rows * H));
  const block = aligned(hNext + bytes(rows * H));

  packGates(wIh, 1, H, I, packed);
  sumBiases(bias, bIh, bHh, H);
  startState(h, h0, begin, rows, H);
  projectSequence(x + bytes(begin * T * I), T * I, I, packed, rows, T, H, I, y + bytes(begin * T * H), T * H, H, false);
  packGates(wHh, 1, H, H, packed);

  for (let s: i32 = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    for (let j: i32 = 0; j < H; j += blockColumns) {
      const n = min(blockColumns, H - j);
      gemmPacked(h, H, packed + bytes(j * H), rows, n, H, block, blockColumns, false);
      for (let b: i32 = 0; b < rows; b++) {
        const yt = y + bytes(((begin + b) * T + t) * H + j);
        const at = bytes(b * H + j);
        if (t < lengthOf(lengths, begin + b, T)) {
          activate(block + bytes(b * blockColumns), bias + bytes(j), yt, hNext + at, n, activation);
        } else {
          clearRow(yt, n);
          copyRow(hNext + at, h + at, n);
        }
      }
    }
    const previous = h;
    h = hNext;
    hNext = previous;
  }
  copyRow(hN + bytes(begin * H), h, rows * H);
  return -1;
}

/** Bytes of rnnForward's workspace. */
export function rnnForwardWorkspace(B: f64, I: f64, H: f64): f64 {
  return packedBytes(max(I, H), H) + (B * (2 * H + <f64>blockColumns) + H) * 4 + 256;
}

/** y = h = f(y + recurrent + bias) for n units of a row. */
// @ts-ignore: decorator
@inline
function activate(recurrent: usize, bias: usize, y: usize, h: usize, n: i32, activation: i32): void {
  for (; n >= 4; n -= 4, recurrent += 16, bias += 16, y += 16, h += 16) activateLanes(recurrent, bias, y, h, 4, activation);
  if (n) activateLanes(recurrent, bias, y, h, n, activation);
}

// @ts-ignore: decorator
@inline
function activateLanes(recurrent: usize, bias: usize, y: usize, h: usize, n: i32, activation: i32): void {
  let v = f32x4.add(f32x4.add(loadLanes(y, n), v128.load(recurrent)), loadLanes(bias, n));
  v = activation == 0 ? tanhv(v) : relu(v);
  storeLanes(y, v, n);
  storeLanes(h, v, n);
}

/** max(v, 0), NaN where v is NaN. */
// @ts-ignore: decorator
@inline
function relu(v: v128): v128 {
  return f32x4.max(v, f32x4.splat(0));
}

/**
 * Backpropagation through time of rnnForward (Werbos 1990). With dh_t the whole gradient of h_t (dy_t, dhN at the row's last step in
 * the order of the forward pass, and W_hh^T of the following step's da): da_t = dh_t f'(a_t), dx_t = W_ih^T da_t, dh0 = W_hh^T da of
 * the first step. f' comes from y: 1 - y^2, or 1 where y > 0.
 *
 * wIh [H, I], wHh [H, H], lengths [B], y and dy [B, T, H], dhN [B, H] -> gates [T, B, H] = da, dx [B, T, I], dh0 [B, H],
 * dh [T, B, H] = dh_t. Absent dy and dhN are 0. Past a row's length gates, dx and dh are 0. Overwrites rows begin..end of its
 * writes; none may alias a read, and no two each other.
 *
 * workspace: 64 to align, then wHh packed, later wIh (H rows by wholePanels(max(I, H)) columns), the carried gradient [B, H], each from a multiple of 64.
 */
export function rnnBackward(
  wIh: usize, wHh: usize, lengths: usize, y: usize, dy: usize, dhN: usize, gates: usize, dx: usize, dh0: usize, dh: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, reverse: i32, activation: i32, begin: i32, end: i32,
): void {
  const rows = end - begin;
  const packed = aligned(workspace);
  const carry = aligned(packed + bytes(wholePanels(max(I, H)) * H));

  packB(wHh, H, false, H, H, packed);
  startState(carry, dhN, begin, rows, H);

  for (let s: i32 = 0; s < T; s++) {
    const t = reverse ? s : T - 1 - s;
    for (let b: i32 = 0; b < rows; b++) {
      const saved = bytes(((begin + b) * T + t) * H);
      const out = bytes((t * B + begin + b) * H);
      if (t < lengthOf(lengths, begin + b, T)) {
        const dyt = dy == 0 ? 0 : dy + saved;
        const dht = dh == 0 ? 0 : dh + out;
        differentiate(y + saved, dyt, carry + bytes(b * H), gates + out, dht, H, activation);
      } else {
        clearRow(gates + out, H);
        if (dh != 0) clearRow(dh + out, H);
      }
    }
    gemmPacked(gates + bytes((t * B + begin) * H), H, packed, rows, H, H, carry, H, true);
  }
  if (dh0 != 0) copyRow(dh0 + bytes(begin * H), carry, rows * H);
  if (dx != 0) {
    packB(wIh, I, false, H, I, packed);
    projectSequence(gates + bytes(begin * H), H, B * H, packed, rows, T, I, H, dx + bytes(begin * T * I), T * I, I, false);
  }
}

/** Bytes of rnnBackward's workspace. */
export function rnnBackwardWorkspace(B: f64, I: f64, H: f64): f64 {
  return packedBytes(H, max(I, H)) + B * H * 4 + 256;
}

/** For a row: dh = dy + carry, da = dh f'(y), and carry = 0, to which the product with da is then added. dy and dh may be absent. */
// @ts-ignore: decorator
@inline
function differentiate(y: usize, dy: usize, carry: usize, da: usize, dh: usize, H: i32, activation: i32): void {
  for (; H >= 4; H -= 4, y += 16, carry += 16, da += 16) {
    differentiateLanes(y, dy, carry, da, dh, 4, activation);
    if (dy) dy += 16;
    if (dh) dh += 16;
  }
  if (H) differentiateLanes(y, dy, carry, da, dh, H, activation);
}

// @ts-ignore: decorator
@inline
function differentiateLanes(y: usize, dy: usize, carry: usize, da: usize, dh: usize, n: i32, activation: i32): void {
  const zero = f32x4.splat(0);
  let d = loadLanes(carry, n);
  if (dy) d = f32x4.add(d, loadLanes(dy, n));
  if (dh) storeLanes(dh, d, n);
  const v = loadLanes(y, n);
  const slope = activation == 0 ? tanhDerivative(v) : v128.and(f32x4.splat(1), f32x4.gt(v, zero));
  storeLanes(da, f32x4.mul(d, slope), n);
  storeLanes(carry, zero, n);
}

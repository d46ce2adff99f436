import { packedBytes } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidv } from "../simd/sigmoid";
import { tanhv } from "../simd/tanh";
import {
  aligned, blockColumns, bytes, clearRow, copyRow, firstBadLength, lengthOf, packGates, projectSequence, startState,
  sumBiases, wholePanels,
} from "./sequence";

/**
 * r, z = sigmoid(W_i x + b_i + W_h h + b_h), each with its own weights; h' = (1 - z) n + z h, where
 *   resetBefore 0: n = tanh(W_in x + b_in + r (W_hn h + b_hn)), as PyTorch's and cuDNN's GRU;
 *   resetBefore 1: n = tanh(W_in x + b_in + W_hn (r h) + b_hn), Cho et al. 2014 (with z for 1 - z), Keras's reset_after=False.
 *
 * x [B, T, I], wIh [3H, I], wHh [3H, H], bIh and bHh [3H] (rows r, z, n), h0 [B, H], lengths int32 [B] -> y [B, T, H], hN [B, H],
 * gates [T, B, 4H]: r, z, n, and W_hn h + b_hn (resetBefore 0) or r h (1). Absent biases and h0 are 0, absent lengths T.
 * reverse: from each row's last valid step down to its first. A row's steps past its length leave its state as it is, and y and
 * gates 0. Overwrites rows begin..end of its writes, no others, and nothing may alias. A length outside 1..T: returns its position,
 * having written nothing; else -1.
 *
 * workspace: 64 to align, then a gate of wIh or the whole of wHh packed (wholePanels(H) columns by max(I, 3H)), biases [4H], two states [B, H], a block of
 * products [B, blockColumns], each from a multiple of 64.
 */
export function gruForward(
  x: usize, wIh: usize, wHh: usize, bIh: usize, bHh: usize, h0: usize, lengths: usize, y: usize, hN: usize, gates: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, reverse: i32, resetBefore: i32, begin: i32, end: i32,
): i32 {
  const bad = firstBadLength(lengths, B, T);
  if (bad >= 0) return bad;
  const rows = end - begin;

  // The input's weights, a gate at a time, then the state's.
  const packedHh = aligned(workspace);
  const packedHn = packedHh + bytes(2 * wholePanels(H) * H);
  const biases = packedHh + bytes(wholePanels(H) * max(3 * H, I));
  let h = aligned(biases + bytes(4 * H));
  let hNext = aligned(h + bytes(rows * H));
  const block = aligned(hNext + bytes(rows * H));

  gateBiases(bIh, bHh, H, resetBefore, biases);
  startState(h, h0, begin, rows, H);
  const first = gates + bytes(begin * 4 * H);
  for (let g: i32 = 0; g < 3; g++) {
    packGates(wIh + bytes(g * H * I), 1, H, I, packedHh);
    projectSequence(x + bytes(begin * T * I), T * I, I, packedHh, rows, T, H, I, first + bytes(g * H), 4 * H, B * 4 * H, false);
  }

  if (resetBefore) {
    packGates(wHh, 2, H, H, packedHh);
    packGates(wHh + bytes(2 * H * H), 1, H, H, packedHn);
  } else {
    packGates(wHh, 3, H, H, packedHh);
  }

  for (let s: i32 = 0; s < T; s++) {
    const t = reverse ? T - 1 - s : s;
    const gatesT = first + bytes(t * B * 4 * H);
    for (let b: i32 = 0; b < rows; b++) {
      if (t < lengthOf(lengths, begin + b, T)) continue;
      clearRow(gatesT + bytes(b * 4 * H), 4 * H);
      clearRow(y + bytes(((begin + b) * T + t) * H), H);
      copyRow(hNext + bytes(b * H), h + bytes(b * H), H);
    }
    if (resetBefore) {
      stepResetBefore(h, hNext, packedHh, packedHn, biases, block, lengths, y, gatesT, T, H, t, begin, rows);
    } else {
      stepResetAfter(h, hNext, packedHh, biases, block, lengths, y, gatesT, T, H, t, begin, rows);
    }
    const previous = h;
    h = hNext;
    hNext = previous;
  }
  copyRow(hN + bytes(begin * H), h, rows * H);
  return -1;
}

/** Bytes of gruForward's workspace. */
export function gruForwardWorkspace(B: f64, I: f64, H: f64): f64 {
  return packedBytes(max(I, 3 * H), H) + (B * (2 * H + <f64>blockColumns) + 4 * H) * 4 + 256;
}

/** biases [4H]: what is added before the activations of r, z and n, and to W_hn h. */
function gateBiases(bIh: usize, bHh: usize, H: i32, resetBefore: i32, biases: usize): void {
  const n = bytes(2 * H);
  const bIhN = bIh == 0 ? 0 : bIh + n;
  const bHhN = bHh == 0 ? 0 : bHh + n;
  sumBiases(biases, bIh, bHh, 2 * H);
  sumBiases(biases + n, bIhN, resetBefore ? bHhN : 0, H);
  sumBiases(biases + bytes(3 * H), bHhN, 0, H);
}

/** The valid rows' step t. gates [rows, 4H] holds W_i x in its first three blocks and gets the gates; y and hNext get the state. */
function stepResetAfter(
  h: usize, hNext: usize, packed: usize, biases: usize, block: usize, lengths: usize, y: usize, gates: usize,
  T: i32, H: i32, t: i32, begin: i32, rows: i32,
): void {
  const units = blockColumns / 3;
  const blockH = bytes(H);
  for (let j: i32 = 0; j < H; j += units) {
    const n = min(units, H - j);
    gemmPacked(h, H, packed + bytes(3 * j * H), rows, 3 * wholePanels(n), H, block, blockColumns, false);
    for (let b: i32 = 0; b < rows; b++) {
      if (t >= lengthOf(lengths, begin + b, T)) continue;
      const row = gates + bytes(b * 4 * H), state = h + bytes(b * H), products = block + bytes(b * blockColumns);
      const yt = y + bytes(((begin + b) * T + t) * H), next = hNext + bytes(b * H);
      let i: i32 = 0;
      for (; i + 4 <= n; i += 4) resetAfter(products + bytes((i >> 3) * 24 + (i & 7)), biases, row, state, yt, next, bytes(j + i), blockH, 4);
      if (i < n) resetAfter(products + bytes((i >> 3) * 24 + (i & 7)), biases, row, state, yt, next, bytes(j + i), blockH, n - i);
    }
  }
}

/** n units, four at most, `unit` bytes into a row's biases, gates and states, whose blocks are `blockH` bytes apart. */
// @ts-ignore: decorator
@inline
function resetAfter(
  recurrent: usize, biases: usize, gates: usize, h: usize, y: usize, hNext: usize, unit: usize, blockH: usize, n: i32,
): void {
  const bias = biases + unit;
  const gate = gates + unit;
  const rIn = f32x4.add(f32x4.add(loadLanes(gate, n), v128.load(recurrent)), loadLanes(bias, n));
  const zIn = f32x4.add(f32x4.add(loadLanes(gate + blockH, n), v128.load(recurrent, 32)), loadLanes(bias + blockH, n));
  const q = f32x4.add(v128.load(recurrent, 64), loadLanes(bias + 3 * blockH, n));
  const nIn = f32x4.add(loadLanes(gate + 2 * blockH, n), loadLanes(bias + 2 * blockH, n));
  const r = sigmoidv(rIn);
  const z = sigmoidv(zIn);
  const candidate = tanhv(fma(r, q, nIn));
  const state = blend(z, candidate, loadLanes(h + unit, n));
  storeLanes(gate, r, n);
  storeLanes(gate + blockH, z, n);
  storeLanes(gate + 2 * blockH, candidate, n);
  storeLanes(gate + 3 * blockH, q, n);
  storeLanes(y + unit, state, n);
  storeLanes(hNext + unit, state, n);
}

/** As stepResetAfter; two products, because the candidate's needs r h of every unit. */
function stepResetBefore(
  h: usize, hNext: usize, packed: usize, packedN: usize, biases: usize, block: usize, lengths: usize, y: usize, gates: usize,
  T: i32, H: i32, t: i32, begin: i32, rows: i32,
): void {
  const units = blockColumns / 2;
  const blockH = bytes(H);
  for (let j: i32 = 0; j < H; j += units) {
    const n = min(units, H - j);
    gemmPacked(h, H, packed + bytes(2 * j * H), rows, 2 * wholePanels(n), H, block, blockColumns, false);
    for (let b: i32 = 0; b < rows; b++) {
      if (t >= lengthOf(lengths, begin + b, T)) continue;
      const row = gates + bytes(b * 4 * H), state = h + bytes(b * H), products = block + bytes(b * blockColumns);
      let i: i32 = 0;
      for (; i + 4 <= n; i += 4) resetAndUpdate(products + bytes((i >> 3) * 16 + (i & 7)), biases, row, state, bytes(j + i), blockH, 4);
      if (i < n) resetAndUpdate(products + bytes((i >> 3) * 16 + (i & 7)), biases, row, state, bytes(j + i), blockH, n - i);
    }
  }
  for (let j: i32 = 0; j < H; j += blockColumns) {
    const n = min(blockColumns, H - j);
    gemmPacked(gates + 3 * blockH, 4 * H, packedN + bytes(j * H), rows, n, H, block, blockColumns, false);
    for (let b: i32 = 0; b < rows; b++) {
      if (t >= lengthOf(lengths, begin + b, T)) continue;
      const row = gates + bytes(b * 4 * H), state = h + bytes(b * H), products = block + bytes(b * blockColumns);
      const yt = y + bytes(((begin + b) * T + t) * H), next = hNext + bytes(b * H);
      let i: i32 = 0;
      for (; i + 4 <= n; i += 4) candidateAndState(products + bytes(i), biases, row, state, yt, next, bytes(j + i), blockH, 4);
      if (i < n) candidateAndState(products + bytes(i), biases, row, state, yt, next, bytes(j + i), blockH, n - i);
    }
  }
}

/** r, z and r h, as in resetAfter. */
// @ts-ignore: decorator
@inline
function resetAndUpdate(recurrent: usize, biases: usize, gates: usize, h: usize, unit: usize, blockH: usize, n: i32): void {
  const bias = biases + unit;
  const gate = gates + unit;
  const rIn = f32x4.add(f32x4.add(loadLanes(gate, n), v128.load(recurrent)), loadLanes(bias, n));
  const zIn = f32x4.add(f32x4.add(loadLanes(gate + blockH, n), v128.load(recurrent, 32)), loadLanes(bias + blockH, n));
  const r = sigmoidv(rIn);
  storeLanes(gate, r, n);
  storeLanes(gate + blockH, sigmoidv(zIn), n);
  storeLanes(gate + 3 * blockH, f32x4.mul(r, loadLanes(h + unit, n)), n);
}

/** The candidate and the state, as in resetAfter. */
// @ts-ignore: decorator
@inline
function candidateAndState(
  recurrent: usize, biases: usize, gates: usize, h: usize, y: usize, hNext: usize, unit: usize, blockH: usize, n: i32,
): void {
  const gate = gates + unit;
  const nIn = f32x4.add(loadLanes(gate + 2 * blockH, n), loadLanes(biases + 2 * blockH + unit, n));
  const candidate = tanhv(f32x4.add(nIn, v128.load(recurrent)));
  const state = blend(loadLanes(gate + blockH, n), candidate, loadLanes(h + unit, n));
  storeLanes(gate + 2 * blockH, candidate, n);
  storeLanes(y + unit, state, n);
  storeLanes(hNext + unit, state, n);
}

/** (1 - z) n + z h. */
// @ts-ignore: decorator
@inline
function blend(z: v128, n: v128, h: v128): v128 {
  return fma(f32x4.sub(f32x4.splat(1), z), n, f32x4.mul(z, h));
}

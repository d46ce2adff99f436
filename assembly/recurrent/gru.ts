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
 * workspace: 64 to align, then wIh and wHh packed (3 wholePanels(H) columns each), biases [4H], two states [B, H], a block of
 * products [B, blockColumns], each from a multiple of 64.
 */
export function gruForward(
  x: usize, wIh: usize, wHh: usize, bIh: usize, bHh: usize, h0: usize, lengths: usize, y: usize, hN: usize, gates: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, reverse: i32, resetBefore: i32, begin: i32, end: i32,
): i32 {
  const bad = firstBadLength(lengths, B, T);
  if (bad >= 0) return bad;
  const rows = end - begin;

  const packedIh = aligned(workspace);
  const packedHh = packedIh + bytes(3 * wholePanels(H) * I);
  const packedHn = packedHh + bytes(2 * wholePanels(H) * H);
  const biases = packedHh + bytes(3 * wholePanels(H) * H);
  let h = aligned(biases + bytes(4 * H));
  let hNext = aligned(h + bytes(rows * H));
  const block = aligned(hNext + bytes(rows * H));

  if (resetBefore) {
    packGates(wHh, 2, H, H, packedHh);
    packGates(wHh + bytes(2 * H * H), 1, H, H, packedHn);
  } else {
    packGates(wHh, 3, H, H, packedHh);
  }
  gateBiases(bIh, bHh, H, resetBefore, biases);
  startState(h, h0, begin, rows, H);
  const first = gates + bytes(begin * 4 * H);
  for (let g: i32 = 0; g < 3; g++) {
    const packed = packedIh + bytes(g * wholePanels(H) * I);
    packGates(wIh + bytes(g * H * I), 1, H, I, packed);
    projectSequence(x + bytes(begin * T * I), T * I, I, packed, rows, T, H, I, first + bytes(g * H), 4 * H, B * 4 * H, false);
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
  const one = f32x4.splat(1);
  const blockH = bytes(H);
  for (let j: i32 = 0; j < H; j += units) {
    const n = min(units, H - j);
    gemmPacked(h, H, packed + bytes(3 * j * H), rows, 3 * wholePanels(n), H, block, blockColumns, false);
    for (let b: i32 = 0; b < rows; b++) {
      if (t >= lengthOf(lengths, begin + b, T)) continue;
      for (let i: i32 = 0; i < n; i += 4) {
        const left = n - i;
        const unit = bytes(j + i);
        const recurrent = block + bytes(b * blockColumns + (i >> 3) * 24 + (i & 7));
        const bias = biases + unit;
        const gate = gates + bytes(b * 4 * H) + unit;
        const rIn = f32x4.add(f32x4.add(loadLanes(gate, left), v128.load(recurrent)), loadLanes(bias, left));
        const zIn = f32x4.add(f32x4.add(loadLanes(gate + blockH, left), v128.load(recurrent, 32)), loadLanes(bias + blockH, left));
        const q = f32x4.add(v128.load(recurrent, 64), loadLanes(bias + 3 * blockH, left));
        const nIn = f32x4.add(loadLanes(gate + 2 * blockH, left), loadLanes(bias + 2 * blockH, left));
        const r = sigmoidv(rIn);
        const z = sigmoidv(zIn);
        const candidate = tanhv(fma(r, q, nIn));
        const state = blend(z, candidate, loadLanes(h + bytes(b * H) + unit, left), one);
        storeLanes(gate, r, left);
        storeLanes(gate + blockH, z, left);
        storeLanes(gate + 2 * blockH, candidate, left);
        storeLanes(gate + 3 * blockH, q, left);
        storeLanes(y + bytes(((begin + b) * T + t) * H) + unit, state, left);
        storeLanes(hNext + bytes(b * H) + unit, state, left);
      }
    }
  }
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
      for (let i: i32 = 0; i < n; i += 4) {
        const left = n - i;
        const unit = bytes(j + i);
        const recurrent = block + bytes(b * blockColumns + (i >> 3) * 16 + (i & 7));
        const bias = biases + unit;
        const gate = gates + bytes(b * 4 * H) + unit;
        const rIn = f32x4.add(f32x4.add(loadLanes(gate, left), v128.load(recurrent)), loadLanes(bias, left));
        const zIn = f32x4.add(f32x4.add(loadLanes(gate + blockH, left), v128.load(recurrent, 32)), loadLanes(bias + blockH, left));
        const r = sigmoidv(rIn);
        storeLanes(gate, r, left);
        storeLanes(gate + blockH, sigmoidv(zIn), left);
        storeLanes(gate + 3 * blockH, f32x4.mul(r, loadLanes(h + bytes(b * H) + unit, left)), left);
      }
    }
  }
  const one = f32x4.splat(1);
  for (let j: i32 = 0; j < H; j += blockColumns) {
    const n = min(blockColumns, H - j);
    gemmPacked(gates + 3 * blockH, 4 * H, packedN + bytes(j * H), rows, n, H, block, blockColumns, false);
    for (let b: i32 = 0; b < rows; b++) {
      if (t >= lengthOf(lengths, begin + b, T)) continue;
      for (let i: i32 = 0; i < n; i += 4) {
        const left = n - i;
        const unit = bytes(j + i);
        const recurrent = block + bytes(b * blockColumns + i);
        const gate = gates + bytes(b * 4 * H) + unit;
        const nIn = f32x4.add(loadLanes(gate + 2 * blockH, left), loadLanes(biases + 2 * blockH + unit, left));
        const candidate = tanhv(f32x4.add(nIn, v128.load(recurrent)));
        const z = loadLanes(gate + blockH, left);
        const state = blend(z, candidate, loadLanes(h + bytes(b * H) + unit, left), one);
        storeLanes(gate + 2 * blockH, candidate, left);
        storeLanes(y + bytes(((begin + b) * T + t) * H) + unit, state, left);
        storeLanes(hNext + bytes(b * H) + unit, state, left);
      }
    }
  }
}

/** (1 - z) n + z h. */
// @ts-ignore: decorator
@inline
function blend(z: v128, n: v128, h: v128, one: v128): v128 {
  return fma(f32x4.sub(one, z), n, f32x4.mul(z, h));
}

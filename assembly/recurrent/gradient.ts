import { packA, panels } from "../gemm/pack";
import { gemmPacked } from "../gemm/tiles";
import { loadLanes } from "../simd/lanes";
import { rowSum } from "../simd/row";
import { aligned, bytes, lengthOf, wholePanels } from "./sequence";

/** Steps (t, b) that are packed and multiplied at a time, at most, so that a panel of 8 columns stays in the first-level cache. */
const BLOCK: i32 = 256;
/** Gate rows that are transposed at a time. */
const ROWS: i32 = 48;

/** Positions in `recurrentCells`. */
const GRU_RESET_AFTER: i32 = 1;
const GRU_RESET_BEFORE: i32 = 2;

/**
 * The gradients that backpropagation through time leaves, for the three cells; k runs over all (t, b), time first:
 *
 *   dW_ih += dGates^T x,  dW_hh += dGates^T h_{t-1},  db_ih and db_hh += the column sums of dGates
 *
 * Reads gates [T, B, width] as the backward kernel left them, x [B, T, I], y [B, T, H], the layer's output, of which h_{t-1} is a
 * shift, h0 [B, H] or absent (zeros), lengths int32 [B] or absent (T each): steps past a length count as zeros.
 * Adds to what is given of dwIh [G, I], dwHh [G, H], dbIh and dbHh [G], rows begin..end.
 * Row g takes column g of gates on both sides, but in a GRU, for g >= 2H, the recurrent side is
 * gruResetAfter: column g + H, which is r dn; gruResetBefore: column g, multiplied by r h (columns 3H.. of gates), not h_{t-1}.
 * Alignment 4 bytes; no write aliases another buffer. Each weight sums over k in ascending order, each bias over blocks of 256 steps,
 * within a block by a fixed tree: the bits do not depend on begin and end.
 */
export function recurrentGradient(
  gates: usize, x: usize, y: usize, h0: usize, lengths: usize,
  dwIh: usize, dwHh: usize, dbIh: usize, dbHh: usize, workspace: usize,
  B: i32, T: i32, I: i32, H: i32, G: i32, width: i32, reverse: i32, cell: i32, begin: i32, end: i32,
): void {
  const most = min(BLOCK, T * B);
  const packedX = aligned(workspace);
  const packedH = packedX + bytes(most * wholePanels(I));
  const packedRh = packedH + bytes(most * wholePanels(H));
  const columns = packedRh + (cell == GRU_RESET_BEFORE ? bytes(most * wholePanels(H)) : 0);
  // From this row on the recurrent side is another.
  const split = cell == GRU_RESET_AFTER || cell == GRU_RESET_BEFORE ? 2 * H : G;

  for (let first = 0; first < T * B; first += BLOCK) {
    const k = min(BLOCK, T * B - first);
    if (dwIh) packInput(x, lengths, B, T, I, first, k, packedX);
    if (dwHh) packState(y, h0, lengths, B, T, H, reverse, first, k, packedH);
    if (dwHh && cell == GRU_RESET_BEFORE) packResetState(gates + bytes(3 * H), width, lengths, B, T, H, first, k, packedRh);
    const block = gates + bytes(first * width);

    for (let g = begin; g < end; ) {
      const m = min(ROWS, (g < split ? min(split, end) : end) - g);
      packA(block + bytes(g), width, m, k, columns);
      if (dwIh) gemmPacked(columns, k, packedX, m, I, k, dwIh + bytes(g * I), I, true);
      if (dbIh) addSums(columns, m, k, dbIh + bytes(g));
      if (g >= split && cell == GRU_RESET_AFTER) packA(block + bytes(g + H), width, m, k, columns);
      const state = g >= split && cell == GRU_RESET_BEFORE ? packedRh : packedH;
      if (dwHh) gemmPacked(columns, k, state, m, H, k, dwHh + bytes(g * H), H, true);
      if (dbHh) addSums(columns, m, k, dbHh + bytes(g));
      g += m;
    }
  }
}

/** Bytes of recurrentGradient's workspace. */
export function recurrentGradientWorkspace(B: f64, T: f64, I: f64, H: f64, cell: f64): f64 {
  const states: f64 = <i32>cell == GRU_RESET_BEFORE ? 2 : 1;
  return min(<f64>BLOCK, T * B) * (panels(I) + states * panels(H) + <f64>ROWS) * 4 + 64;
}

/** Packs rows first..first + k of x [B, T, I], taken time first. */
function packInput(x: usize, lengths: usize, B: i32, T: i32, I: i32, first: i32, k: i32, out: usize): void {
  for (let i = 0; i < k; i++) {
    const t = (first + i) / B;
    const b = (first + i) % B;
    packRow(t < lengthOf(lengths, b, T) ? x + bytes((b * T + t) * I) : 0, I, k, out + ((<usize>i) << 5));
  }
}

/** Packs the states that the steps first..first + k, taken time first, came from. */
function packState(y: usize, h0: usize, lengths: usize, B: i32, T: i32, H: i32, reverse: i32, first: i32, k: i32, out: usize): void {
  for (let i = 0; i < k; i++) {
    const t = (first + i) / B;
    const b = (first + i) % B;
    const from = reverse ? t + 1 : t - 1;
    let row: usize = 0;
    if (t < lengthOf(lengths, b, T)) {
      if (from >= 0 && from < lengthOf(lengths, b, T)) row = y + bytes((b * T + from) * H);
      else if (h0) row = h0 + bytes(b * H);
    }
    packRow(row, H, k, out + ((<usize>i) << 5));
  }
}

/** Packs r h, which lies in gates with a row stride of `width`. */
function packResetState(rh: usize, width: i32, lengths: usize, B: i32, T: i32, H: i32, first: i32, k: i32, out: usize): void {
  for (let i = 0; i < k; i++) {
    const row = (first + i) / B < lengthOf(lengths, (first + i) % B, T) ? rh + bytes((first + i) * width) : 0;
    packRow(row, H, k, out + ((<usize>i) << 5));
  }
}

/** Spreads a row [n], or zeros where it is absent, over panels of 8 columns by k rows; past n they are zero. */
function packRow(row: usize, n: i32, k: i32, out: usize): void {
  const panel = (<usize>k) << 5;
  const zero = f32x4.splat(0);
  for (let j = 0; j < n; j += 8, out += panel) {
    const at = row + bytes(j);
    v128.store(out, row ? loadLanes(at, n - j) : zero);
    v128.store(out, row && n - j > 4 ? loadLanes(at + 16, n - j - 4) : zero, 16);
  }
}

/** y [m] += the sums of the rows of x [m, k]. */
function addSums(x: usize, m: i32, k: i32, y: usize): void {
  for (let i = 0; i < m; i++, x += bytes(k), y += 4) store<f32>(y, load<f32>(y) + rowSum(x, k));
}

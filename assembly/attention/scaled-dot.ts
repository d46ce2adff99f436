import { packB, panels } from "../gemm/pack";
import { at, gemmFrom, gemmPanels } from "../gemm/tiles";
import { aligned, bytes, clearRow, firstBadLength, wholePanels } from "../recurrent/sequence";
import { productOfFew, weightedSumOfFew } from "./few-queries";
import {
  addBias, blockQueries, keepFactors, largestOf, multiplyRow, packedKeys, scaledRows, scaleRow, seenKeys, weighRow,
} from "./scores";

/** Keys in a block of scores. */
const blockKeys: i32 = 128;

/** Fewer queries than these do not repay packing the keys. */
const packingQueries: i32 = 4;

/**
 * Attention (Vaswani et al. 2017) of every batch b and query head n, whose key head is floor(n K / N):
 *
 *   y_t = sum_s w_ts v_s,   w_ts = exp(x_ts - m_t) / total_t,   x_ts = scale q_t . k_s + bias_ts,   m_t = max_s x_ts,
 *
 * over the keys s below lengths[b] and, if causal, up to t + offset. Tile by tile, with the softmax of the keys so far (Rabe and Staats
 * 2021; Dao et al. 2022), so that no [T, S] matrix exists.
 *
 * q [B, N, T, D], k [B, K, S, D], v [B, K, S, E], y [B, N, T, E], with the strides qB, qN, qT and so on (keys and values share the
 * letters: kB, kN, kS), the last dimension contiguous; bias [B, N, T, S] with strides bB, bN, bT, bS (0 repeats), may be -Infinity, or
 * absent; lengths int32 [B], each in 0..S, or absent (all S); largest, m, and total [B, N, T], contiguous: Infinity and 0, and y 0, where
 * nothing is visible. They stay apart, as the logarithm of a sum has no digits left beside a score of -1e9. Dropout: with p > 0, w_ts of
 * the sum is 0 where the uniform number ((b N + n) T + t) S + s of the Philox stream (as in the kernel `dropout`) is below p, else times
 * growth, 1 / (1 - p). begin, end: of the B N pairs of batch and query head.
 * Overwrites y, largest and total; y overlaps no read. No alignment needed. Returns the position of the first bad length, having written
 * nothing, or -1. Workspace: 256 packed keys and values, a block of queries and of scores.
 */
export function attentionForward(
  q: usize, k: usize, v: usize, bias: usize, lengths: usize, y: usize, largest: usize, total: usize, workspace: usize,
  B: i32, N: i32, K: i32, T: i32, S: i32, D: i32, E: i32, causal: i32, offset: i32,
  qB: i32, qN: i32, qT: i32, kB: i32, kN: i32, kS: i32, vB: i32, vN: i32, vS: i32, yB: i32, yN: i32, yT: i32,
  bB: i32, bN: i32, bT: i32, bS: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, begin: i32, end: i32, scale: f32, p: f32, growth: f32,
): i32 {
  const bad = firstBadLength(lengths, B, S, 0);
  if (bad >= 0) return bad;

  const few = T < packingQueries;
  const capacity = few ? 0 : min(S, packedKeys);
  const keys = aligned(workspace);
  const values = keys + bytes(D * wholePanels(capacity));
  const queries = values + bytes(capacity * wholePanels(E));
  const scores = queries + bytes(blockQueries * D);
  const factors = scores + bytes(blockQueries * blockKeys);
  const maxima = factors + bytes(blockKeys + 20);

  let packed: i32 = -1;
  for (let pair = begin; pair < end; pair++) {
    const b = pair / N, n = pair - b * N;
    const head = n / (N / K);
    const headQ = at(q, b, qB, 0) + bytes(n * qN), headY = at(y, b, yB, 0) + bytes(n * yN);
    const headK = at(k, b, kB, 0) + bytes(head * kN), headV = at(v, b, vB, 0) + bytes(head * vN);
    const headBias = bias ? at(bias, b, bB, 0) + bytes(n * bN) : 0;
    const largests = at(largest, pair, T, 0), sums = at(total, pair, T, 0);
    for (let t: i32 = 0; t < T; t++) {
      store<f32>(largests + bytes(t), -Infinity);
      store<f32>(sums + bytes(t), 0);
    }

    const seen = seenKeys(lengths, b, T - 1, S, causal, offset);
    for (let first: i32 = 0; first < seen; first += packedKeys) {
      const count = min(seen - first, packedKeys);
      const fromK = at(headK, first, kS, 0), fromV = at(headV, first, vS, 0);
      if (!few && (b * K + head != packed || seen > packedKeys)) {
        packB(fromK, kS, true, D, count, keys);
        packB(fromV, vS, false, count, E, values);
        packed = b * K + head;
      }
      for (let t: i32 = 0; t < T; t += blockQueries) {
        const rows = min(T - t, blockQueries);
        const sight = seenKeys(lengths, b, t + rows - 1, S, causal, offset) - first;
        const visible = min(count, sight);
        if (visible <= 0) continue;
        scaledRows(at(headQ, t, qT, 0), qT, rows, D, scale, queries, D);
        const to = at(headY, t, yT, 0);
        for (let j: i32 = 0; j < visible; j += blockKeys) {
          const cols = min(visible - j, blockKeys);
          if (few) productOfFew(queries, rows, at(fromK, j, kS, 0), kS, cols, D, scores, blockKeys);
          else gemmFrom(queries, D, keys + bytes(j * D), rows, wholePanels(cols), D, 0, 0, scores, blockKeys);
          for (let i: i32 = 0; i < rows; i++) {
            const row = scores + bytes(i * blockKeys), place = bytes(t + i);
            const own = min(max(seenKeys(lengths, b, t + i, S, causal, offset) - first - j, 0), cols);
            if (headBias) addBias(row, at(headBias, t + i, bT, 0) + bytes((first + j) * bS), bS, own);
            store<f32>(maxima + bytes(i), largestOf(row, own, load<f32>(largests + place)));
          }
          // Another round, so that no row waits for the largest of its own.
          for (let i: i32 = 0; i < rows; i++) {
            const row = scores + bytes(i * blockKeys), place = bytes(t + i);
            const own = min(max(seenKeys(lengths, b, t + i, S, causal, offset) - first - j, 0), cols);
            weighRow(row, own, cols, load<f32>(maxima + bytes(i)), largests + place, sums + place, at(to, i, yT, 0), E);
            if (p > 0) {
              const index = (<u64>pair * <u64>T + <u64>(t + i)) * <u64>S + <u64>(first + j);
              multiplyRow(row, keepFactors(factors, index, own, key0, key1, counter0, counter1, p, growth), own);
            }
          }
          const start: usize = first + j ? to : 0;
          if (few) weightedSumOfFew(scores, blockKeys, rows, at(fromV, j, vS, 0), vS, cols, E, start, to, yT);
          else gemmPanels(scores, blockKeys, values + bytes(j * 8), bytes(count * 8), rows, E, cols, start, yT, to, yT);
        }
        if (sight <= packedKeys) finishRows(to, yT, rows, E, largests + bytes(t), sums + bytes(t));
      }
    }
    if (seen == 0) finishRows(headY, yT, T, E, largests, sums);
  }
  return -1;
}

/** Bytes of attentionForward's workspace. */
export function attentionForwardWorkspace(S: f64, D: f64, E: f64): f64 {
  const keys = min(S, <f64>packedKeys), rows = <f64>blockQueries, cols = <f64>blockKeys;
  return (D * panels(keys) + keys * panels(E) + rows * D + (rows + 1) * cols + 20 + rows) * 4 + 256;
}

/** y [rows, E] becomes the weighted mean; `largest` [rows], the largest scores, Infinity where there is nothing to see. */
function finishRows(y: usize, ldy: i32, rows: i32, E: i32, largest: usize, sums: usize): void {
  for (let i: i32 = 0; i < rows; i++, y += bytes(ldy)) {
    const own = load<f32>(sums + bytes(i));
    if (own == 0) {
      store<f32>(largest + bytes(i), Infinity);
      clearRow(y, E);
    } else scaleRow(y, E, 1 / own);
  }
}

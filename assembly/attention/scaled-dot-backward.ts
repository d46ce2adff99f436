import { packB, panels } from "../gemm/pack";
import { at, gemmFrom, gemmPanels, gemmTransposed } from "../gemm/tiles";
import { aligned, bytes, clearRow, wholePanels } from "../recurrent/sequence";
import { rowDot } from "../simd/row";
import { addBias, blockQueries, gradientRow, keepFactors, multiplyRow, packedKeys, scaledRows, seenKeys } from "./scores";

/** Keys in a block of scores. */
const blockKeys: i32 = 64;

/**
 * The gradients of attentionForward, of which all shapes, strides and letters are: with e_ts = exp(x_ts - m_t), so that w = e / total,
 * u_t = dy_t / total_t, the factors f of dropout (1 without), delta_t = u_t . y_t and dx_ts = e_ts (f_ts u_t . v_s - delta_t),
 *
 *   dv_s = sum_t f_ts e_ts u_t,   dk_s = scale sum_t dx_ts q_t,   dq_t = scale sum_s dx_ts k_s,
 *
 * where the sums over t are also over the query heads of a key head, in order. dq, dk, dv have the strides of q, k, v, dy those of y; each
 * of the three may be absent. begin, end: of the B K pairs of batch and key head. Overwrites what it writes, of keys that no query sees
 * with 0; aliasing: none. No alignment needed. Workspace: 256 keys and values packed, the keys also by rows, and their gradients; blocks of
 * queries, of their gradients, of dy and of scores (Dao et al. 2022).
 */
export function attentionBackward(
  q: usize, k: usize, v: usize, bias: usize, lengths: usize, y: usize, dy: usize, largest: usize, total: usize,
  dq: usize, dk: usize, dv: usize, workspace: usize,
  B: i32, N: i32, K: i32, T: i32, S: i32, D: i32, E: i32, causal: i32, offset: i32,
  qB: i32, qN: i32, qT: i32, kB: i32, kN: i32, kS: i32, vB: i32, vN: i32, vS: i32, yB: i32, yN: i32, yT: i32,
  bB: i32, bN: i32, bT: i32, bS: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, begin: i32, end: i32, scale: f32, p: f32, growth: f32,
): void {
  const capacity = wholePanels(min(S, packedKeys)), wideD = wholePanels(D), wideE = wholePanels(E);
  const keys = aligned(workspace);
  const values = keys + bytes(capacity * D);
  const keyRows = values + bytes(capacity * E);
  const dKeys = keyRows + bytes(capacity * wideD);
  const dValues = dKeys + bytes(capacity * D);
  const queries = dValues + bytes(capacity * E);
  const queryRows = queries + bytes(blockQueries * D);
  const dQueries = queryRows + bytes(blockQueries * wideD);
  const upstream = dQueries + bytes(blockQueries * D);
  const upstreamRows = upstream + bytes(blockQueries * E);
  const scores = upstreamRows + bytes(blockQueries * wideE);
  const dScores = scores + bytes(blockQueries * blockKeys);
  const deltas = dScores + bytes(blockQueries * blockKeys);
  const factors = deltas + bytes(blockQueries);

  const group = N / K;
  for (let pair = begin; pair < end; pair++) {
    const b = pair / K, head = pair - b * K;
    const shiftK = bytes(b * kB) + bytes(head * kN), shiftV = bytes(b * vB) + bytes(head * vN);
    const seen = seenKeys(lengths, b, T - 1, S, causal, offset);
    for (let first: i32 = 0; first < seen; first += packedKeys) {
      const count = min(seen - first, packedKeys);
      packB(at(k + shiftK, first, kS, 0), kS, true, D, count, keys);
      packB(at(v + shiftV, first, vS, 0), vS, true, E, count, values);
      if (dq) packB(at(k + shiftK, first, kS, 0), kS, false, count, D, keyRows);
      memory.fill(dKeys, 0, bytes(capacity * (D + E)));
      for (let n = head * group; n < (head + 1) * group; n++) {
        const shiftQ = bytes(b * qB) + bytes(n * qN), shiftY = bytes(b * yB) + bytes(n * yN);
        const query = b * N + n;
        const headBias = bias ? at(bias, b, bB, 0) + bytes(n * bN) : 0;
        for (let t: i32 = 0; t < T; t += blockQueries) {
          const rows = min(T - t, blockQueries);
          const visible = min(count, seenKeys(lengths, b, t + rows - 1, S, causal, offset) - first);
          if (visible <= 0) continue;
          const rowsY = at(y + shiftY, t, yT, 0), rowsDy = at(dy + shiftY, t, yT, 0), own = bytes(query * T + t);
          scaledRows(at(q + shiftQ, t, qT, 0), qT, rows, D, scale, queries, D);
          for (let i: i32 = 0; i < rows; i++) {
            const sum = load<f32>(total + own + bytes(i));
            scaledRows(at(rowsDy, i, yT, 0), 0, 1, E, sum == 0 ? 0 : 1 / sum, at(upstream, i, E, 0), E);
          }
          packB(queries, D, false, rows, D, queryRows);
          packB(upstream, E, false, rows, E, upstreamRows);
          for (let i: i32 = 0; i < rows; i++) store<f32>(deltas + bytes(i), rowDot(at(rowsY, i, yT, 0), at(upstream, i, E, 0), E));

          for (let j: i32 = 0; j < visible; j += blockKeys) {
            const cols = min(visible - j, blockKeys), wide = wholePanels(cols);
            gemmFrom(queries, D, keys + bytes(j * D), rows, wide, D, 0, 0, scores, blockKeys);
            gemmFrom(upstream, E, values + bytes(j * E), rows, wide, E, 0, 0, dScores, blockKeys);
            for (let i: i32 = 0; i < rows; i++) {
              const row = scores + bytes(i * blockKeys), dRow = dScores + bytes(i * blockKeys);
              const visibleKeys = min(max(seenKeys(lengths, b, t + i, S, causal, offset) - first - j, 0), cols);
              if (headBias) addBias(row, at(headBias, t + i, bT, 0) + bytes((first + j) * bS), bS, visibleKeys);
              let f: usize = 0;
              if (p > 0) {
                const index = (<u64>query * <u64>T + <u64>(t + i)) * <u64>S + <u64>(first + j);
                f = keepFactors(factors, index, visibleKeys, key0, key1, counter0, counter1, p, growth);
                multiplyRow(dRow, f, visibleKeys);
              }
              gradientRow(row, dRow, load<f32>(largest + own + bytes(i)), load<f32>(deltas + bytes(i)), visibleKeys, cols);
              if (f) multiplyRow(row, f, visibleKeys);
            }
            if (dv) addTransposed(scores, rows, cols, upstreamRows, E, dValues + bytes(j * E));
            if (dk) addTransposed(dScores, rows, cols, queryRows, D, dKeys + bytes(j * D));
            if (dq) gemmPanels(dScores, blockKeys, keyRows + bytes(j * 8), bytes(count * 8), rows, D, cols, j ? dQueries : 0, D, dQueries, D);
          }
          if (dq) scaledRows(dQueries, D, rows, D, scale, at(dq + shiftQ, t, qT, 0), qT, first > 0);
        }
      }
      if (dk) scaledRows(dKeys, D, count, D, 1, at(dk + shiftK, first, kS, 0), kS);
      if (dv) scaledRows(dValues, E, count, E, 1, at(dv + shiftV, first, vS, 0), vS);
    }
    if (dk) clearRows(at(dk + shiftK, seen, kS, 0), kS, S - seen, D);
    if (dv) clearRows(at(dv + shiftV, seen, vS, 0), vS, S - seen, E);
    if (dq && seen == 0) {
      for (let n = head * group; n < (head + 1) * group; n++) clearRows(at(dq, b, qB, 0) + bytes(n * qN), qT, T, D);
    }
  }
}

/** Bytes of attentionBackward's workspace. */
export function attentionBackwardWorkspace(S: f64, D: f64, E: f64): f64 {
  const keys = panels(min(S, <f64>packedKeys)), rows = <f64>blockQueries, cols = <f64>blockKeys;
  const wide = 3 * panels(D) + 2 * panels(E);
  return (keys * wide + rows * (wide + 2 * cols + 1) + cols + 20) * 4 + 64;
}

/** y [cols, n] += x^T B, where x is a block of scores [rows, cols], and B [rows, n] is packed. */
// @ts-ignore: decorator
@inline
function addTransposed(x: usize, rows: i32, cols: i32, packed: usize, n: i32, y: usize): void {
  gemmTransposed(x, blockKeys, packed, cols, n, rows, y, n, y, n);
}

/** Zeros in rows of n. */
function clearRows(x: usize, ld: i32, rows: i32, n: i32): void {
  for (; rows > 0; rows--, x += bytes(ld)) clearRow(x, n);
}

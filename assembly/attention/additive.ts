import { aligned, bytes, clearRow, firstBadLength, lengthOf, sumBiases } from "../recurrent/sequence";
import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { tanhv } from "../simd/tanh";
import { softmaxBackward, softmaxForward } from "../softmax/softmax";

/** Positions are bounded by it, so that a window's ends are int32. */
const FAR: i32 = 0x3fffffff;

/**
 * The weights of additive attention (Bahdanau, Cho and Bengio 2015), in which no [T, S, A] lies in memory:
 *
 *   e[b, i, j] = sum_a v[a] tanh(q[b, i, a] + k[b, j, a]),   weights[b, i, :] = softmax of e[b, i, :] over the visible keys j, else 0.
 *
 * q [B, T, A], k [B, S, A], v [A]; lengths int32 [B], or absent (S each): keys j < lengths[b] are visible. With a window, of them those
 * with |j - p| <= window / 2 rounded down, p = positions[b, i], int32 [B, T], or start + i where they are absent; window 0 is none.
 * A query that sees no key has weights 0. Overwrites rows begin..end of the batch in weights [B, T, S]. No alignment needed, no aliasing.
 * A length outside 0..S: returns its position, having written nothing; else -1.
 */
export function additiveAttentionForward(
  q: usize, k: usize, v: usize, lengths: usize, positions: usize, weights: usize,
  B: i32, T: i32, S: i32, A: i32, window: i32, start: i32, begin: i32, end: i32,
): i32 {
  const bad = firstBadLength(lengths, B, S, 0);
  if (bad >= 0) return bad;
  passRows(q, k, v, lengths, positions, weights, 0, 0, 0, 0, 0, B, T, S, A, window, start, begin, end);
  return -1;
}

/**
 * The gradients of additiveAttentionForward, tanh computed again: with de = weights (dWeights - sum_j weights dWeights) and
 * t = tanh(q[b, i, a] + k[b, j, a]),
 *
 *   dq[b, i, a] = v[a] sum_j de (1 - t^2),   dk[b, j, a] += v[a] sum_i de (1 - t^2),   dv[b, a] = sum_i sum_j de t.
 *
 * Buffers as there; dWeights [B, T, S], dq [B, T, A], dk [B, S, A], dv [B, A]: a row of the batch has its own, so that their sum, which the
 * caller takes, does not depend on begin and end. Overwrites dq and dv, adds to dk, rows begin..end of the batch. No alignment needed; no
 * write aliases another buffer. workspace: 64 to align, then de of a query [S], then its part of dv [A].
 */
export function additiveAttentionBackward(
  q: usize, k: usize, v: usize, lengths: usize, positions: usize, weights: usize, dWeights: usize,
  dq: usize, dk: usize, dv: usize, workspace: usize,
  B: i32, T: i32, S: i32, A: i32, window: i32, start: i32, begin: i32, end: i32,
): void {
  passRows(q, k, v, lengths, positions, weights, dWeights, dq, dk, dv, aligned(workspace), B, T, S, A, window, start, begin, end);
}

/** Bytes of additiveAttentionBackward's workspace. */
export function additiveAttentionBackwardWorkspace(S: f64, A: f64): f64 {
  return (S + A) * 4 + 128;
}

/** The rows begin..end of the batch, forward or, where there are dWeights, backward. */
function passRows(
  q: usize, k: usize, v: usize, lengths: usize, positions: usize, weights: usize, dWeights: usize,
  dq: usize, dk: usize, dv: usize, de: usize,
  B: i32, T: i32, S: i32, A: i32, window: i32, start: i32, begin: i32, end: i32,
): void {
  const part = de + bytes(S);
  for (let b = begin; b < end; b++) {
    const dvb = dv + bytes(b * A);
    if (dWeights) clearRow(dvb, A);
    for (let i: i32 = 0; i < T; i++) {
      const row = b * T + i;
      let from: i32 = 0;
      let to = lengthOf(lengths, b, S);
      if (window) {
        const position = positions ? min(max(load<i32>(positions + bytes(row)), -FAR), FAR) : start + i;
        from = max(position - (window >> 1), 0);
        to = min(position + (window >> 1) + 1, to);
      }
      const n = max(to - from, 0);
      const query = q + bytes(row * A);
      const keys = k + bytes((b * S + from) * A);
      const w = weights + bytes(row * S + from);
      if (dWeights) {
        softmaxBackward(w, dWeights + bytes(row * S + from), de, 1, n);
        differentiate(query, keys, v, de, n, dq + bytes(row * A), dk + bytes((b * S + from) * A), part, A);
        sumBiases(dvb, dvb, part, A);
      } else {
        clearRow(weights + bytes(row * S), S);
        for (let j: i32 = 0; j < n; j++) store<f32>(w + bytes(j), score(query, keys + bytes(j * A), v, A));
        softmaxForward(w, w, 1, n);
      }
    }
  }
}

/** sum_a v tanh(q + k). */
function score(q: usize, k: usize, v: usize, A: i32): f32 {
  let sum = f32x4.splat(0);
  for (; A >= 4; A -= 4, q += 16, k += 16, v += 16) sum = fma(v128.load(v), tanhv(f32x4.add(v128.load(q), v128.load(k))), sum);
  if (A) sum = fma(loadLanes(v, A), tanhv(f32x4.add(loadLanes(q, A), loadLanes(k, A))), sum);
  return hsum(sum);
}

/** For n keys: dq = sum_j g and dk += g with g = v de (1 - t^2), dv = sum_j de t. Four columns at a time, so that their sums stay in registers. */
function differentiate(q: usize, k: usize, v: usize, de: usize, n: i32, dq: usize, dk: usize, dv: usize, A: i32): void {
  const stride = bytes(A);
  for (; A >= 4; A -= 4, q += 16, k += 16, v += 16, dq += 16, dk += 16, dv += 16) differentiateLanes(q, k, v, de, n, dq, dk, dv, stride, 4);
  if (A) differentiateLanes(q, k, v, de, n, dq, dk, dv, stride, A);
}

// @ts-ignore: decorator
@inline
function differentiateLanes(
  q: usize, k: usize, v: usize, de: usize, n: i32, dq: usize, dk: usize, dv: usize, stride: usize, left: i32,
): void {
  const query = loadLanes(q, left);
  const gain = loadLanes(v, left);
  let sumT = f32x4.splat(0);
  let sumG = f32x4.splat(0);
  for (let j: i32 = 0, at: usize = 0; j < n; j++, at += stride) {
    const d = v128.load32_splat(de + bytes(j));
    const t = tanhv(f32x4.add(query, loadLanes(k + at, left)));
    const dt = f32x4.mul(d, t);
    const g = f32x4.mul(gain, f32x4.sub(d, f32x4.mul(dt, t)));
    sumT = f32x4.add(sumT, dt);
    sumG = f32x4.add(sumG, g);
    storeLanes(dk + at, f32x4.add(loadLanes(dk + at, left), g), left);
  }
  storeLanes(dq, sumG, left);
  storeLanes(dv, sumT, left);
}

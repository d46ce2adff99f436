import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { rowSum } from "../simd/row";
import { advance, scales, shifts, sink, storeMean } from "./affine";

/**
 * Layer normalization (Ba, Kiros and Hinton 2016) over the last axis:
 *
 *   y[r, c] = (x[r, c] - mean_r) rstd_r gamma[c] + beta[c],   rstd_r = 1 / sqrt(var_r + eps),   var_r biased.
 *
 * x, y [rows, cols]; gamma (absent: 1), beta (absent: 0) [cols]; rstd [rows] and mean [2, rows], the means and what their rounding lost,
 * are kept for the backward pass: a mean far from 0 has a rounding error that counts beside the deviation. Overwrites the rows begin..end of y, mean and rstd; y may alias x. No alignment needed. The moments are those of x minus an estimate of its mean, the mean of the row's
 * first sixteenth, or 4 elements: the differences are nearly exact where |mean| >> std, and what the estimate missed is their own mean. Its
 * square is taken from theirs and is at most 16 times the variance, which bounds what cancels. One loop writes a row and takes the
 * moments of the next, so that memory and the processor work at once; it runs once more than there are rows, the first time for
 * the moments alone, the last time for the row alone.
 */
export function layerNormForward(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, rows: i32, cols: i32, begin: i32, end: i32, eps: f32,
): void {
  const stride = (<usize>cols) << 2;
  const count = <f32>cols, sample = min(cols, max(4, cols >> 4));
  const gammaStep = advance(gamma) >> 1, betaStep = advance(beta) >> 1;
  y += <usize>begin * stride, mean += (<usize>begin) << 2, rstd += (<usize>begin) << 2;
  let shift: f32 = 0, scale: f32 = 0, bias: f32 = 0;
  for (let r = begin; begin < end && r <= end; r++) {
    const next = x + <usize>min(r, end - 1) * stride, writes = r > begin;
    const estimate = rowSum(next, sample) / <f32>sample;
    const e = f32x4.splat(estimate), m = f32x4.splat(shift), s = f32x4.splat(scale), k = f32x4.splat(bias);
    let s0 = f32x4.splat(0), s1 = s0, q0 = s0, q1 = s0;
    let from = x + <usize>max(r - 1, begin) * stride, ahead = next, to = writes ? y : sink, g = scales(gamma), b = shifts(beta), n = cols;
    const step: usize = writes ? 32 : 0;
    for (; n >= 8; n -= 8, from += 32, ahead += 32, to += step, g += gammaStep, b += betaStep) {
      const d0 = f32x4.sub(v128.load(ahead), e), d1 = f32x4.sub(v128.load(ahead, 16), e);
      s0 = f32x4.add(s0, d0), q0 = fma(d0, d0, q0);
      s1 = f32x4.add(s1, d1), q1 = fma(d1, d1, q1);
      v128.store(to, normalize(v128.load(from), m, s, k, v128.load(g), v128.load(b)));
      v128.store(to, normalize(v128.load(from, 16), m, s, k, v128.load(g, 16), v128.load(b, 16)), 16);
    }
    for (; n > 0; n -= 4, from += 16, ahead += 16, to += step >> 1, g += gammaStep >> 1, b += betaStep >> 1) {
      const d = f32x4.sub(loadLanes(ahead, n, estimate), e);
      s0 = f32x4.add(s0, d), q0 = fma(d, d, q0);
      storeLanes(to, normalize(loadLanes(from, n), m, s, k, loadLanes(g, n), loadLanes(b, n)), n);
    }
    if (writes) y += stride;
    if (r == end) break;
    const missed: f32 = hsum(f32x4.add(s0, s1)) / count;
    // Rounding may leave a hair below 0; a NaN must pass.
    const variance = max<f32>(hsum(f32x4.add(q0, q1)) / count - missed * missed, 0);
    shift = estimate, scale = 1 / sqrt<f32>(variance + eps), bias = -missed * scale;
    storeMean(mean, rows, estimate, missed), store<f32>(rstd, scale);
    mean += 4, rstd += 4;
  }
}

/** ((x - shift) scale + bias) gamma + beta. */
// @ts-ignore: decorator
@inline
function normalize(x: v128, shift: v128, scale: v128, bias: v128, gamma: v128, beta: v128): v128 {
  return fma(fma(f32x4.sub(x, shift), scale, bias), gamma, beta);
}

/**
 * With xhat[r, c] = (x[r, c] - mean_r) rstd_r and g = dy gamma:
 *
 *   dx[r, c] = rstd_r (g[r, c] - mean_c g[r, c] - xhat[r, c] mean_c (g[r, c] xhat[r, c])),
 *   dGamma[c] += sum_r dy[r, c] xhat[r, c],   dBeta[c] += sum_r dy[r, c].
 *
 * x, dy, dx [rows, cols]; gamma (absent: 1), dGamma, dBeta [cols]; mean [2, rows], rstd [rows] as layerNormForward wrote them.
 * Overwrites dx, accumulates dGamma and dBeta (rows ascending); each may be absent. dx may alias dy or x. No alignment needed.
 */
export function layerNormBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize, rows: i32, cols: i32,
): void {
  normBackward(x, gamma, mean, rstd, dy, dx, dGamma, dBeta, rows, cols);
}

/**
 * As layerNormBackward; mean absent: of a norm that takes 0 for it, and so has no mean of g. One loop, as in layerNormForward, takes the
 * sums of a row and writes dx of the one before.
 */
export function normBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize, rows: i32, cols: i32,
): void {
  const stride = (<usize>cols) << 2;
  const count = <f32>cols;
  const step = advance(gamma) >> 2;
  let shift: f32 = 0, scale: f32 = 0, factor: f32 = 0, bias: f32 = 0;
  for (let r: i32 = 0; rows && r <= rows; r++) {
    const row = <usize>min(r, rows - 1), next = row * stride, last = <usize>max(r - 1, 0) * stride;
    const own: f32 = mean ? load<f32>(mean + (row << 2)) : 0, deviation = load<f32>(rstd + (row << 2));
    const lost: f32 = mean ? load<f32>(mean + ((<usize>rows + row) << 2)) : 0;
    const e = f32x4.splat(own), z = f32x4.splat(lost), v = f32x4.splat(deviation);
    const m = f32x4.splat(shift), s = f32x4.splat(scale), f = f32x4.splat(factor), k = f32x4.splat(bias);
    let sum = f32x4.splat(0), product = sum;
    let from = x + last, up = dy + last, ahead = x + next, upAhead = dy + next, g = scales(gamma), n = cols;
    // A result that nobody asked for goes where the row's dx is written after it.
    const goes = r && dx, counts = r < rows;
    let to = goes ? dx + last : sink, dg = counts && dGamma ? dGamma : to, db = counts && dBeta ? dBeta : to;
    const stepX: usize = goes ? 16 : 0, stepG: usize = dg == to ? stepX : 16, stepB: usize = db == to ? stepX : 16;
    for (; n >= 4; n -= 4, from += 16, up += 16, ahead += 16, upAhead += 16, to += stepX, g += step, dg += stepG, db += stepB) {
      const w = v128.load(g), u = v128.load(upAhead), d = f32x4.sub(f32x4.sub(v128.load(ahead), e), z), t = f32x4.mul(u, w);
      sum = f32x4.add(sum, t), product = fma(d, t, product);
      const out = combine(v128.load(from), w, v128.load(up), m, s, f, k);
      v128.store(db, f32x4.add(v128.load(db), u));
      v128.store(dg, fma(f32x4.mul(u, v), d, v128.load(dg)));
      v128.store(to, out);
    }
    if (n) {
      const w = loadLanes(g, n), u = loadLanes(upAhead, n), d = f32x4.sub(f32x4.sub(loadLanes(ahead, n, own), e), z), t = f32x4.mul(u, w);
      sum = f32x4.add(sum, t), product = fma(d, t, product);
      const out = combine(loadLanes(from, n), w, loadLanes(up, n), m, s, f, k);
      storeLanes(db, f32x4.add(loadLanes(db, n), u), n);
      storeLanes(dg, fma(f32x4.mul(u, v), d, loadLanes(dg, n)), n);
      storeLanes(to, out, n);
    }
    shift = own, scale = deviation;
    // The sum is that of g (x - mean), and the factor is one of x - mean.
    factor = -scale * scale * (scale * hsum(product) / count);
    bias = mean ? -scale * (hsum(sum) / count) - lost * factor : 0;
  }
}

/** dy gamma scale + (x - shift) factor + bias. */
// @ts-ignore: decorator
@inline
function combine(x: v128, gamma: v128, dy: v128, shift: v128, scale: v128, factor: v128, bias: v128): v128 {
  return fma(f32x4.mul(dy, gamma), scale, fma(f32x4.sub(x, shift), factor, bias));
}

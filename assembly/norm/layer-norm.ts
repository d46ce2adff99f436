import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { rowSum } from "../simd/row";
import { advance, scales, shifts } from "./affine";
import { addParameterSums, BLOCK } from "./columns";

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016) over the last axis:
 *
 *   y[r, c] = (x[r, c] - mean_r) rstd_r gamma[c] + beta[c],   rstd_r = 1 / sqrt(var_r + eps),   var_r biased.
 *
 * x, y [rows, cols]; gamma (absent: 1), beta (absent: 0) [cols]; mean, rstd [rows] are kept for the backward pass. Overwrites y,
 * mean and rstd; y may alias x. No alignment wanted. The moments are those of x minus an estimate of its mean, the mean of the row's
 * first sixteenth, or 16 elements: the differences are nearly exact where |mean| >> std, and what the estimate missed is their own mean. Its
 * square is taken from theirs and is at most 16 times the variance, which bounds what cancels. Four rows take their divisions and
 * roots together, since each waits for the last.
 */
export function layerNormForward(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, rows: i32, cols: i32, eps: f32,
): void {
  const stride = (<usize>cols) << 2;
  const count = f32x4.splat(<f32>cols);
  for (let r: i32 = 0; r < rows; r += BLOCK, mean += 16, rstd += 16) {
    const n = min(BLOCK, rows - r);
    const end = x + <usize>n * stride;
    moments(x, end, cols);
    const missed = f32x4.div(v128.load(lanes, 16), count);
    // Rounding may leave a hair below 0; a NaN must pass.
    const variance = f32x4.pmax(f32x4.sub(f32x4.div(v128.load(lanes, 32), count), f32x4.mul(missed, missed)), f32x4.splat(0));
    const scale = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(eps))));
    storeLanes(mean, f32x4.add(v128.load(lanes), missed), n);
    storeLanes(rstd, scale, n);
    v128.store(lanes, scale, 16);
    v128.store(lanes, f32x4.mul(f32x4.neg(missed), scale), 32);
    normaliseRows(x, end, gamma, beta, y, cols);
    x = end, y += <usize>n * stride;
  }
}

/** Numbers of a block of rows, a vector of each kind: a kernel without a range needs no such place for each thread. */
const lanes = memory.data(48);

/** Estimates of the means of rows, the sums of x less these and the sums of their squares, to `lanes`. */
function moments(x: usize, end: usize, cols: i32): void {
  const sample = min(cols, max(16, cols >> 4));
  for (let at = lanes; x < end; at += 4) {
    const estimate = rowSum(x, sample) / <f32>sample;
    const shift = f32x4.splat(estimate);
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
    let n = cols;
    for (; n >= 16; n -= 16, x += 64) {
      const d0 = f32x4.sub(v128.load(x), shift), d1 = f32x4.sub(v128.load(x, 16), shift);
      const d2 = f32x4.sub(v128.load(x, 32), shift), d3 = f32x4.sub(v128.load(x, 48), shift);
      s0 = f32x4.add(s0, d0);
      s1 = f32x4.add(s1, d1);
      s2 = f32x4.add(s2, d2);
      s3 = f32x4.add(s3, d3);
      q0 = fma(d0, d0, q0);
      q1 = fma(d1, d1, q1);
      q2 = fma(d2, d2, q2);
      q3 = fma(d3, d3, q3);
    }
    for (; n > 0; n -= 4, x += 16) {
      const d = f32x4.sub(loadLanes(x, n, estimate), shift);
      s0 = f32x4.add(s0, d);
      q0 = fma(d, d, q0);
    }
    x += <usize>n << 2; // back from the lanes past the row's end
    store<f32>(at, estimate);
    store<f32>(at, hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))), 16);
    store<f32>(at, hsum(f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3))), 32);
  }
}

/** y of rows, of which `lanes` holds shifts, scales and biases. */
function normaliseRows(x: usize, end: usize, gamma: usize, beta: usize, y: usize, cols: i32): void {
  const gammaStep = advance(gamma), betaStep = advance(beta);
  for (let at = lanes; x < end; at += 4) {
    const shift = v128.load32_splat(at), scale = v128.load32_splat(at, 16), bias = v128.load32_splat(at, 32);
    let g = scales(gamma), b = shifts(beta), n = cols;
    for (; n >= 16; n -= 16, x += 64, y += 64, g += gammaStep, b += betaStep) {
      v128.store(y, normalise(v128.load(x), shift, scale, bias, v128.load(g), v128.load(b)));
      v128.store(y, normalise(v128.load(x, 16), shift, scale, bias, v128.load(g, 16), v128.load(b, 16)), 16);
      v128.store(y, normalise(v128.load(x, 32), shift, scale, bias, v128.load(g, 32), v128.load(b, 32)), 32);
      v128.store(y, normalise(v128.load(x, 48), shift, scale, bias, v128.load(g, 48), v128.load(b, 48)), 48);
    }
    for (; n > 0; n -= 4, x += 16, y += 16, g += gammaStep >> 2, b += betaStep >> 2) {
      storeLanes(y, normalise(loadLanes(x, n), shift, scale, bias, loadLanes(g, n), loadLanes(b, n)), n);
    }
    x += <usize>n << 2, y += <usize>n << 2;
  }
}

/** ((x - shift) scale + bias) gamma + beta. */
// @ts-ignore: decorator
@inline
function normalise(x: v128, shift: v128, scale: v128, bias: v128, gamma: v128, beta: v128): v128 {
  return fma(fma(f32x4.sub(x, shift), scale, bias), gamma, beta);
}

/**
 * With xhat[r, c] = (x[r, c] - mean_r) rstd_r and g = dy gamma:
 *
 *   dx[r, c] = rstd_r (g[r, c] - mean_c g[r, c] - xhat[r, c] mean_c (g[r, c] xhat[r, c])),
 *   dGamma[c] += sum_r dy[r, c] xhat[r, c],   dBeta[c] += sum_r dy[r, c].
 *
 * x, dy, dx [rows, cols]; gamma (absent: 1), dGamma, dBeta [cols]; mean, rstd [rows] as layerNormForward wrote them.
 * Overwrites dx, accumulates dGamma and dBeta (blocks of rows ascending); each may be absent. dx may alias dy or x. No alignment wanted.
 */
export function layerNormBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize, rows: i32, cols: i32,
): void {
  normBackward(x, gamma, mean, rstd, dy, dx, dGamma, dBeta, rows, cols);
}

/** As layerNormBackward; mean absent: of a norm that takes 0 for it, and so has no mean of g. */
export function normBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize, rows: i32, cols: i32,
): void {
  const stride = (<usize>cols) << 2;
  const step: usize = mean ? 4 : 0;
  for (let r: i32 = 0; r < rows; r += BLOCK) {
    const n = min(BLOCK, rows - r);
    if (dGamma || dBeta) addParameterSums(x, dy, mean, rstd, dGamma, dBeta, n, cols);
    for (let i: i32 = 0; i < n; i++, x += stride, dy += stride, mean += step, rstd += 4) {
      if (!dx) continue;
      inputGradient(x, gamma, mean, load<f32>(rstd), dy, dx, cols);
      dx += stride;
    }
  }
}

/** dx of one row. */
function inputGradient(x: usize, gamma: usize, meanAt: usize, rstd: f32, dy: usize, dx: usize, cols: i32): void {
  const mean: f32 = meanAt ? load<f32>(meanAt) : 0;
  const step = advance(gamma);
  const rest = step >> 2;
  const shift = f32x4.splat(mean);
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0, q0 = s0, q1 = s0, q2 = s0, q3 = s0;
  let px = x, pdy = dy, g = scales(gamma);
  let n = cols;
  for (; n >= 16; n -= 16, px += 64, pdy += 64, g += step) {
    const g0 = f32x4.mul(v128.load(pdy), v128.load(g)), g1 = f32x4.mul(v128.load(pdy, 16), v128.load(g, 16));
    const g2 = f32x4.mul(v128.load(pdy, 32), v128.load(g, 32)), g3 = f32x4.mul(v128.load(pdy, 48), v128.load(g, 48));
    s0 = f32x4.add(s0, g0);
    s1 = f32x4.add(s1, g1);
    s2 = f32x4.add(s2, g2);
    s3 = f32x4.add(s3, g3);
    q0 = fma(f32x4.sub(v128.load(px), shift), g0, q0);
    q1 = fma(f32x4.sub(v128.load(px, 16), shift), g1, q1);
    q2 = fma(f32x4.sub(v128.load(px, 32), shift), g2, q2);
    q3 = fma(f32x4.sub(v128.load(px, 48), shift), g3, q3);
  }
  for (; n > 0; n -= 4, px += 16, pdy += 16, g += rest) {
    const v = f32x4.mul(loadLanes(pdy, n), loadLanes(g, n));
    s0 = f32x4.add(s0, v);
    q0 = fma(f32x4.sub(loadLanes(px, n, mean), shift), v, q0);
  }
  const count = <f32>cols;
  const scale = f32x4.splat(rstd);
  const bias = f32x4.splat(meanAt ? -rstd * (hsum(f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3))) / count) : 0);
  // The sum is that of g (x - mean), and the factor is one of x - mean.
  const factor = f32x4.splat(-rstd * rstd * (rstd * hsum(f32x4.add(f32x4.add(q0, q1), f32x4.add(q2, q3))) / count));
  g = scales(gamma);
  for (n = cols; n >= 16; n -= 16, x += 64, dy += 64, dx += 64, g += step) {
    v128.store(dx, combine(v128.load(x), v128.load(g), v128.load(dy), shift, scale, factor, bias));
    v128.store(dx, combine(v128.load(x, 16), v128.load(g, 16), v128.load(dy, 16), shift, scale, factor, bias), 16);
    v128.store(dx, combine(v128.load(x, 32), v128.load(g, 32), v128.load(dy, 32), shift, scale, factor, bias), 32);
    v128.store(dx, combine(v128.load(x, 48), v128.load(g, 48), v128.load(dy, 48), shift, scale, factor, bias), 48);
  }
  for (; n > 0; n -= 4, x += 16, dy += 16, dx += 16, g += rest) {
    storeLanes(dx, combine(loadLanes(x, n), loadLanes(g, n), loadLanes(dy, n), shift, scale, factor, bias), n);
  }
}

/** dy gamma scale + (x - shift) factor + bias. */
// @ts-ignore: decorator
@inline
function combine(x: v128, gamma: v128, dy: v128, shift: v128, scale: v128, factor: v128, bias: v128): v128 {
  return fma(f32x4.mul(dy, gamma), scale, fma(f32x4.sub(x, shift), factor, bias));
}

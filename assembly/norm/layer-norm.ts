import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { rowSum } from "../simd/row";

/**
 * Layer normalisation (Ba, Kiros and Hinton 2016) over the last axis:
 *
 *   y[r, c] = (x[r, c] - mean_r) rstd_r gamma[c] + beta[c],   rstd_r = 1 / sqrt(var_r + eps),   var_r biased.
 *
 * x, y [rows, cols]; gamma (absent: 1), beta (absent: 0) [cols]; mean, rstd [rows] are kept for the backward pass. Overwrites y,
 * mean and rstd; y may alias x. No alignment wanted. The moments are those of x minus a first estimate of its mean: the
 * differences are nearly exact where |mean| >> std, and what the estimate missed is their own mean.
 */
export function layerNormForward(
  x: usize, gamma: usize, beta: usize, y: usize, mean: usize, rstd: usize, rows: i32, cols: i32, eps: f32,
): void {
  const stride = (<usize>cols) << 2;
  const n = <f32>cols;
  for (let r: i32 = 0; r < rows; r++, x += stride, y += stride) {
    const estimate = rowSum(x, cols) / n;
    const shift = f32x4.splat(estimate);
    let sum = f32x4.splat(0);
    let squares = f32x4.splat(0);
    for (let c: i32 = 0; c < cols; c += 4) {
      const d = f32x4.sub(loadLanes(x + ((<usize>c) << 2), cols - c, estimate), shift);
      sum = f32x4.add(sum, d);
      squares = fma(d, d, squares);
    }
    const missed: f32 = hsum(sum) / n;
    // Rounding may leave a hair below 0; a NaN must pass.
    const variance: f32 = hsum(squares) / n - missed * missed;
    const scale: f32 = 1 / sqrt<f32>((variance < 0 ? 0 : variance) + eps);
    store<f32>(mean + ((<usize>r) << 2), estimate + missed);
    store<f32>(rstd + ((<usize>r) << 2), scale);

    const missedv = f32x4.splat(missed);
    const scalev = f32x4.splat(scale);
    for (let c: i32 = 0; c < cols; c += 4) {
      const offset = (<usize>c) << 2;
      const left = cols - c;
      let v = f32x4.mul(f32x4.sub(f32x4.sub(loadLanes(x + offset, left), shift), missedv), scalev);
      if (gamma) v = f32x4.mul(v, loadLanes(gamma + offset, left));
      if (beta) v = f32x4.add(v, loadLanes(beta + offset, left));
      storeLanes(y + offset, v, left);
    }
  }
}

/**
 * With xhat[r, c] = (x[r, c] - mean_r) rstd_r and g = dy gamma:
 *
 *   dx[r, c] = rstd_r (g[r, c] - mean_c g[r, c] - xhat[r, c] mean_c (g[r, c] xhat[r, c])),
 *   dGamma[c] += sum_r dy[r, c] xhat[r, c],   dBeta[c] += sum_r dy[r, c].
 *
 * x, dy, dx [rows, cols]; gamma (absent: 1), dGamma, dBeta [cols]; mean, rstd [rows] as layerNormForward wrote them.
 * Overwrites dx, accumulates dGamma and dBeta (rows ascending); each may be absent. dx may alias dy or x. No alignment wanted.
 */
export function layerNormBackward(
  x: usize, gamma: usize, mean: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, dBeta: usize, rows: i32, cols: i32,
): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride, dy += stride) {
    const m = load<f32>(mean + ((<usize>r) << 2));
    const s = load<f32>(rstd + ((<usize>r) << 2));
    if (dGamma) addGammaGradient(x, m, s, dy, dGamma, cols);
    if (dBeta) addRow(dy, dBeta, cols);
    if (dx) inputGradient(x, gamma, m, s, dy, dx + r * stride, cols);
  }
}

/** dGamma += dy xhat, one row. */
function addGammaGradient(x: usize, mean: f32, rstd: f32, dy: usize, dGamma: usize, cols: i32): void {
  for (let c: i32 = 0; c < cols; c += 4) {
    const offset = (<usize>c) << 2;
    const left = cols - c;
    const xhat = normalised(x + offset, mean, rstd, left);
    storeLanes(dGamma + offset, fma(loadLanes(dy + offset, left), xhat, loadLanes(dGamma + offset, left)), left);
  }
}

/** sum += row. */
function addRow(row: usize, sum: usize, cols: i32): void {
  for (let c: i32 = 0; c < cols; c += 4) {
    const offset = (<usize>c) << 2;
    const left = cols - c;
    storeLanes(sum + offset, f32x4.add(loadLanes(sum + offset, left), loadLanes(row + offset, left)), left);
  }
}

/** dx of one row. */
function inputGradient(x: usize, gamma: usize, mean: f32, rstd: f32, dy: usize, dx: usize, cols: i32): void {
  let sum = f32x4.splat(0);
  let dot = f32x4.splat(0);
  for (let c: i32 = 0; c < cols; c += 4) {
    const offset = (<usize>c) << 2;
    const left = cols - c;
    const g = scaled(dy + offset, gamma, offset, left);
    sum = f32x4.add(sum, g);
    dot = fma(g, normalised(x + offset, mean, rstd, left), dot);
  }
  const meanG = f32x4.splat(hsum(sum) / <f32>cols);
  const meanGx = f32x4.splat(hsum(dot) / <f32>cols);
  const scale = f32x4.splat(rstd);
  for (let c: i32 = 0; c < cols; c += 4) {
    const offset = (<usize>c) << 2;
    const left = cols - c;
    const centred = f32x4.sub(scaled(dy + offset, gamma, offset, left), meanG);
    const xhat = normalised(x + offset, mean, rstd, left);
    storeLanes(dx + offset, f32x4.mul(scale, f32x4.sub(centred, f32x4.mul(xhat, meanGx))), left);
  }
}

/** xhat of the elements at x; of the lanes past the end, 0. */
// @ts-ignore: decorator
@inline
function normalised(x: usize, mean: f32, rstd: f32, left: i32): v128 {
  return f32x4.mul(f32x4.sub(loadLanes(x, left, mean), f32x4.splat(mean)), f32x4.splat(rstd));
}

/** dy gamma, or dy where gamma is absent; of the lanes past the end, 0. */
// @ts-ignore: decorator
@inline
function scaled(dy: usize, gamma: usize, offset: usize, left: i32): v128 {
  const d = loadLanes(dy, left);
  return gamma ? f32x4.mul(d, loadLanes(gamma + offset, left)) : d;
}

import { fma } from "../simd/fma";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { advance, scales, sink } from "./affine";
import { normBackward } from "./layer-norm";

/**
 * Root mean square normalization (Zhang and Sennrich 2019) over the last axis:
 *
 *   y[r, c] = x[r, c] rstd_r gamma[c],   rstd_r = 1 / sqrt(mean_c x[r, c]^2 + eps).
 *
 * x, y [rows, cols]; gamma (absent: 1) [cols]; rstd [rows] is kept for the backward pass. Overwrites y and rstd; y may alias x.
 * No alignment needed. One loop writes a row and takes the squares of the next, as in layer-norm.ts.
 */
export function rmsNormForward(x: usize, gamma: usize, y: usize, rstd: usize, rows: i32, cols: i32, eps: f32): void {
  const stride = (<usize>cols) << 2;
  const step = advance(gamma) >> 1;
  let scale: f32 = 0;
  for (let r: i32 = 0; rows && r <= rows; r++) {
    const s = f32x4.splat(scale);
    let q0 = f32x4.splat(0), q1 = q0;
    let from = x + <usize>max(r - 1, 0) * stride, ahead = x + <usize>min(r, rows - 1) * stride, to = r ? y : sink, g = scales(gamma), n = cols;
    const stepY: usize = r ? 32 : 0;
    for (; n >= 8; n -= 8, from += 32, ahead += 32, to += stepY, g += step) {
      const v0 = v128.load(ahead), v1 = v128.load(ahead, 16);
      q0 = fma(v0, v0, q0), q1 = fma(v1, v1, q1);
      v128.store(to, f32x4.mul(f32x4.mul(v128.load(from), s), v128.load(g)));
      v128.store(to, f32x4.mul(f32x4.mul(v128.load(from, 16), s), v128.load(g, 16)), 16);
    }
    for (; n > 0; n -= 4, from += 16, ahead += 16, to += stepY >> 1, g += step >> 1) {
      const v = loadLanes(ahead, n);
      q0 = fma(v, v, q0);
      storeLanes(to, f32x4.mul(f32x4.mul(loadLanes(from, n), s), loadLanes(g, n)), n);
    }
    if (r) y += stride;
    if (r == rows) break;
    scale = 1 / sqrt<f32>(hsum(f32x4.add(q0, q1)) / <f32>cols + eps);
    store<f32>(rstd, scale);
    rstd += 4;
  }
}

/**
 * With g = dy gamma:
 *
 *   dx[r, c] = rstd_r g[r, c] - x[r, c] rstd_r^3 mean_c (g[r, c] x[r, c]),   dGamma[c] += sum_r dy[r, c] x[r, c] rstd_r.
 *
 * x, dy, dx [rows, cols]; gamma (absent: 1), dGamma [cols]; rstd [rows] as rmsNormForward wrote it. Overwrites dx, accumulates dGamma
 * (rows ascending); each may be absent. dx may alias dy or x. No alignment needed.
 */
export function rmsNormBackward(
  x: usize, gamma: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, rows: i32, cols: i32,
): void {
  normBackward(x, gamma, 0, rstd, dy, dx, dGamma, 0, rows, cols);
}

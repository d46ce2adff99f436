import { loadLanes, storeLanes } from "../simd/lanes";
import { rowDot } from "../simd/row";
import { advance, scales } from "./affine";
import { BLOCK } from "./columns";
import { normBackward } from "./layer-norm";

/**
 * Root mean square normalisation (Zhang and Sennrich 2019) over the last axis:
 *
 *   y[r, c] = x[r, c] rstd_r gamma[c],   rstd_r = 1 / sqrt(mean_c x[r, c]^2 + eps).
 *
 * x, y [rows, cols]; gamma (absent: 1) [cols]; rstd [rows] is kept for the backward pass. Overwrites y and rstd; y may alias x.
 * No alignment wanted.
 */
export function rmsNormForward(x: usize, gamma: usize, y: usize, rstd: usize, rows: i32, cols: i32, eps: f32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r += BLOCK, rstd += 16) {
    const n = min(BLOCK, rows - r);
    const end = x + <usize>n * stride;
    let at = lanes;
    for (let row = x; row < end; row += stride, at += 4) store<f32>(at, rowDot(row, row, cols));
    const square = f32x4.add(f32x4.div(v128.load(lanes), f32x4.splat(<f32>cols)), f32x4.splat(eps));
    const scale = f32x4.div(f32x4.splat(1), f32x4.sqrt(square));
    storeLanes(rstd, scale, n);
    v128.store(lanes, scale);
    for (at = lanes; x < end; x += stride, y += stride, at += 4) scaleRow(x, gamma, y, v128.load32_splat(at), cols);
  }
}

/** A number of each row of a block, whose divisions and roots wait for each other together. */
const lanes = memory.data(16);

/** y = x scale gamma, one row. */
function scaleRow(x: usize, gamma: usize, y: usize, scale: v128, n: i32): void {
  const step = advance(gamma);
  const rest = step >> 2;
  let g = scales(gamma);
  for (; n >= 16; n -= 16, x += 64, y += 64, g += step) {
    v128.store(y, f32x4.mul(f32x4.mul(v128.load(x), scale), v128.load(g)));
    v128.store(y, f32x4.mul(f32x4.mul(v128.load(x, 16), scale), v128.load(g, 16)), 16);
    v128.store(y, f32x4.mul(f32x4.mul(v128.load(x, 32), scale), v128.load(g, 32)), 32);
    v128.store(y, f32x4.mul(f32x4.mul(v128.load(x, 48), scale), v128.load(g, 48)), 48);
  }
  for (; n > 0; n -= 4, x += 16, y += 16, g += rest) {
    storeLanes(y, f32x4.mul(f32x4.mul(loadLanes(x, n), scale), loadLanes(g, n)), n);
  }
}

/**
 * With g = dy gamma:
 *
 *   dx[r, c] = rstd_r g[r, c] - x[r, c] rstd_r^3 mean_c (g[r, c] x[r, c]),   dGamma[c] += sum_r dy[r, c] x[r, c] rstd_r.
 *
 * x, dy, dx [rows, cols]; gamma (absent: 1), dGamma [cols]; rstd [rows] as rmsNormForward wrote it. Overwrites dx, accumulates dGamma
 * (blocks of rows ascending); each may be absent. dx may alias dy or x. No alignment wanted.
 */
export function rmsNormBackward(
  x: usize, gamma: usize, rstd: usize, dy: usize, dx: usize, dGamma: usize, rows: i32, cols: i32,
): void {
  normBackward(x, gamma, 0, rstd, dy, dx, dGamma, 0, rows, cols);
}

import { loadLanes, storeLanes } from "../simd/lanes";
import { rowDot, rowMax } from "../simd/row";
import { expLongRow } from "./exp-row";

/**
 * y[r, c] = exp(x[r, c] - max_r) / sum_c exp(x[r, c] - max_r), where max_r is the largest of row r. x, y [rows, cols].
 * Overwrites y, which may alias x. No alignment needed. As in PyTorch, a row that holds NaN or +Infinity, or nothing but
 * -Infinity, becomes NaN as a whole.
 */
export function softmaxForward(x: usize, y: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride, y += stride) {
    scaleRow(y, 1 / expLongRow(x, y, 16, rowMax(x, cols), cols), cols);
  }
}

/**
 * dx[r, c] = y[r, c] (dy[r, c] - sum_c y[r, c] dy[r, c]), where y is what softmaxForward wrote. y, dy, dx [rows, cols].
 * Overwrites dx, which may alias dy or y. No alignment needed.
 */
export function softmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, y += stride, dy += stride, dx += stride) {
    const dot = f32x4.splat(rowDot(y, dy, cols));
    let at: usize = 0, left = cols;
    for (; left >= 4; left -= 4, at += 16) v128.store(dx + at, f32x4.mul(v128.load(y + at), f32x4.sub(v128.load(dy + at), dot)));
    if (left) storeLanes(dx + at, f32x4.mul(loadLanes(y + at, left), f32x4.sub(loadLanes(dy + at, left), dot)), left);
  }
}

/** y *= scale, one row of n. */
function scaleRow(y: usize, scale: f32, n: i32): void {
  const s = f32x4.splat(scale);
  for (; n >= 4; n -= 4, y += 16) v128.store(y, f32x4.mul(v128.load(y), s));
  if (n) storeLanes(y, f32x4.mul(loadLanes(y, n), s), n);
}

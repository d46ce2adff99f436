import { expLowLast, expLowv } from "../simd/exp";
import { loadLanes, storeLanes } from "../simd/lanes";
import { logf } from "../simd/log";
import { rowMax, rowSum } from "../simd/row";
import { expSumRow } from "./exp-row";

/**
 * y[r, c] = (x[r, c] - max_r) - log sum_c exp(x[r, c] - max_r), where max_r is the largest of row r; subtracted one after the
 * other, so that a large max_r costs no digits. x, y [rows, cols]. Overwrites y, which may alias x. No alignment needed.
 * As in PyTorch, a row that holds NaN or +Infinity, or nothing but -Infinity, becomes NaN as a whole.
 */
export function logSoftmaxForward(x: usize, y: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride, y += stride) {
    const largest = rowMax(x, cols);
    const shift = f32x4.splat(largest);
    const logSum = f32x4.splat(logf(expSumRow(x, largest, cols)));
    let at: usize = 0, left = cols;
    for (; left >= 4; left -= 4, at += 16) v128.store(y + at, f32x4.sub(f32x4.sub(v128.load(x + at), shift), logSum));
    if (left) storeLanes(y + at, f32x4.sub(f32x4.sub(loadLanes(x + at, left), shift), logSum), left);
  }
}

/**
 * dx[r, c] = dy[r, c] - exp(y[r, c]) sum_c dy[r, c], where y is what logSoftmaxForward wrote. y, dy, dx [rows, cols].
 * Overwrites dx, which may alias dy or y. No alignment needed.
 */
export function logSoftmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, y += stride, dy += stride, dx += stride) {
    const sum = f32x4.splat(rowSum(dy, cols));
    let at: usize = 0, left = cols;
    for (; left >= 4; left -= 4, at += 16) {
      v128.store(dx + at, f32x4.sub(v128.load(dy + at), f32x4.mul(expLowv(v128.load(y + at)), sum)));
    }
    if (left) storeLanes(dx + at, f32x4.sub(loadLanes(dy + at, left), f32x4.mul(expLowLast(loadLanes(y + at, left)), sum)), left);
  }
}

import { loadLanes, storeLanes } from "../simd/lanes";
import { rowDot, rowMax } from "../simd/row";
import { expRow } from "./exp-row";

/**
 * y[r, c] = exp(x[r, c] - max_r) / sum_c exp(x[r, c] - max_r), where max_r is the largest of row r. x, y [rows, cols].
 * Overwrites y, which may alias x. No alignment wanted. As in PyTorch, a row that holds NaN or +Infinity, or nothing but
 * -Infinity, becomes NaN as a whole.
 */
export function softmaxForward(x: usize, y: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride, y += stride) {
    const scale = f32x4.splat(1 / expRow(x, y, rowMax(x, cols), cols));
    for (let c: i32 = 0; c < cols; c += 4) {
      const p = y + ((<usize>c) << 2);
      storeLanes(p, f32x4.mul(loadLanes(p, cols - c), scale), cols - c);
    }
  }
}

/**
 * dx[r, c] = y[r, c] (dy[r, c] - sum_c y[r, c] dy[r, c]), where y is what softmaxForward wrote. y, dy, dx [rows, cols].
 * Overwrites dx, which may alias dy or y. No alignment wanted.
 */
export function softmaxBackward(y: usize, dy: usize, dx: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, y += stride, dy += stride, dx += stride) {
    const dot = f32x4.splat(rowDot(y, dy, cols));
    for (let c: i32 = 0; c < cols; c += 4) {
      const offset = (<usize>c) << 2;
      const d = f32x4.sub(loadLanes(dy + offset, cols - c), dot);
      storeLanes(dx + offset, f32x4.mul(loadLanes(y + offset, cols - c), d), cols - c);
    }
  }
}

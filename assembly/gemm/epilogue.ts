import { geluv } from "../simd/gelu";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidv } from "../simd/sigmoid";
import { tanhv } from "../simd/tanh";
import { at } from "./tiles";

/** y = beta y + bias on y [rows, cols], rows ld elements apart; bias [cols] or absent (0). */
export function scaleRows(y: usize, ld: i32, rows: i32, cols: i32, beta: f32, bias: usize): void {
  const factor = f32x4.splat(beta);
  for (let i: i32 = 0; i < rows; i++) {
    const row = at(y, i, ld, 0);
    for (let j: i32 = 0; j < cols; j += 4) {
      const p = at(row, 0, 0, j);
      const shift = bias ? loadLanes(at(bias, 0, 0, j), cols - j) : f32x4.splat(0);
      storeLanes(p, f32x4.add(f32x4.mul(loadLanes(p, cols - j), factor), shift), cols - j);
    }
  }
}

/** y = activation(y) on y [rows, cols], rows ld elements apart; activation: a position in `activations` of the contract, 1 or more. */
export function activateRows(y: usize, ld: i32, rows: i32, cols: i32, activation: i32): void {
  for (let i: i32 = 0; i < rows; i++) {
    const row = at(y, i, ld, 0);
    for (let j: i32 = 0; j < cols; j += 4) {
      const p = at(row, 0, 0, j);
      storeLanes(p, activate(loadLanes(p, cols - j), activation), cols - j);
    }
  }
}

// @ts-ignore: decorator
@inline
function activate(x: v128, activation: i32): v128 {
  // x < 0 ? 0 : x, which keeps NaN.
  if (activation == 1) return v128.andnot(x, f32x4.lt(x, f32x4.splat(0)));
  if (activation == 2) return tanhv(x);
  if (activation == 3) return sigmoidv(x);
  return geluv(x);
}

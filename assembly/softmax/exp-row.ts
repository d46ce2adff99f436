import { expRow } from "../simd/exp";
import { rowBlock } from "../simd/row";

/** Scratch memory for powers of which only the sum is needed; nobody reads it. */
const nowhere = memory.data(16);

/** As expRow, of rows of any length: blocks are added in float64, so that the error of the sum does not grow with the length. */
export function expLongRow(x: usize, y: usize, step: usize, shift: f32, n: i32): f32 {
  if (n <= rowBlock) return expRow(x, y, step, shift, n);
  let total: f64 = 0;
  for (; n > 0; n -= rowBlock, x += rowBlock << 2, y += step * (rowBlock >> 2)) {
    total += <f64>expRow(x, y, step, shift, min(n, rowBlock));
  }
  return <f32>total;
}

/** The sum of exp(x - shift) over one row of n. */
export function expSumRow(x: usize, shift: f32, n: i32): f32 {
  return expLongRow(x, nowhere, 0, shift, n);
}

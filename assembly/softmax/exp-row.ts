import { expRow } from "../simd/exp";
import { logf } from "../simd/log";

/** Where powers go of which the sum alone is wanted; nobody reads it. */
const nowhere = memory.data(16);

/** The logarithm of the sum of exp(x - shift) over one row of n. */
export function logSumExpRow(x: usize, shift: f32, n: i32): f32 {
  return logf(expRow(x, nowhere, 0, shift, n));
}

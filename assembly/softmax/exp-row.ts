import { expLowv } from "../simd/exp";
import { hsum } from "../simd/hsum";
import { logf } from "../simd/log";
import { loadLanes, storeLanes } from "../simd/lanes";

/** y = exp(x - shift) over one row of n; returns its sum. */
export function expRow(x: usize, y: usize, shift: f32, n: i32): f32 {
  const s = f32x4.splat(shift);
  let sum = f32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16, y += 16) {
    const e = expLowv(f32x4.sub(v128.load(x), s));
    v128.store(y, e);
    sum = f32x4.add(sum, e);
  }
  if (n) {
    const e = expLowv(f32x4.sub(loadLanes(x, n, -Infinity), s));
    storeLanes(y, e, n);
    sum = f32x4.add(sum, e);
  }
  return hsum(sum);
}

/** The logarithm of the sum of exp(x - shift) over one row of n. */
export function logSumExpRow(x: usize, shift: f32, n: i32): f32 {
  const s = f32x4.splat(shift);
  let sum = f32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16) sum = f32x4.add(sum, expLowv(f32x4.sub(v128.load(x), s)));
  if (n) sum = f32x4.add(sum, expLowv(f32x4.sub(loadLanes(x, n, -Infinity), s)));
  return logf(hsum(sum));
}

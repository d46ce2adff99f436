import { loadLanes, storeLanes } from "../simd/lanes";
import { block0, block1, block2, block3, nextBlocks, unitInterval } from "./blocks";

/**
 * y[i] = growth x[i] where u_i >= p, else 0: growth is 1 / (1 - p), of which p near 1 has few digits here, and u_i is what randomUniform draws on [0, 1) for the same key and counter, so that the
 * same call on dy is the backward pass. p in [0, 1]: 0 keeps everything, 1 nothing (not even NaN). x, y [n]. Overwrites y,
 * which may alias x. No alignment needed.
 */
export function dropout(
  x: usize, y: usize, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, p: f32, growth: f32,
): void {
  const threshold = f32x4.splat(p);
  const factor = f32x4.splat(growth);
  for (let i: i32 = 0; i < n; i += 16) {
    nextBlocks(i >> 2, key0, key1, counter0, counter1, 0, 0);
    const offset = (<usize>i) << 2;
    const left = n - i;
    thin(x + offset, y + offset, block0, threshold, factor, left);
    if (left > 4) thin(x + offset + 16, y + offset + 16, block1, threshold, factor, left - 4);
    if (left > 8) thin(x + offset + 32, y + offset + 32, block2, threshold, factor, left - 8);
    if (left > 12) thin(x + offset + 48, y + offset + 48, block3, threshold, factor, left - 12);
  }
}

// @ts-ignore: decorator
@inline
function thin(x: usize, y: usize, words: v128, threshold: v128, factor: v128, left: i32): void {
  const mask = f32x4.ge(unitInterval(words), threshold);
  storeLanes(y, v128.and(f32x4.mul(loadLanes(x, left), factor), mask), left);
}

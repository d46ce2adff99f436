import { storeLanes } from "../simd/lanes";
import { block0, block1, block2, block3, nextBlocks, unitInterval } from "./blocks";

/**
 * y[i] = low + (high - low) u_i, where u_i = (w_i >>> 8) / 2^24 in [0, 1) and w_i is word i mod 4 of the Philox block at
 * counter + floor(i / 4) (see blocks.ts; the counter's upper 64 bits start at 0). y [n]. Overwrites y. No alignment needed.
 * A y[i] that rounds up to high becomes the float32 below it: the interval is half open whatever its ends.
 * Not fused, so every variant draws the same numbers.
 */
export function randomUniform(
  y: usize, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, low: f32, high: f32,
): void {
  const lowv = f32x4.splat(low);
  const width = f32x4.splat(high - low);
  const largest = f32x4.splat(max(low, below(high)));
  for (let i: i32 = 0; i < n; i += 16) {
    nextBlocks(i >> 2, key0, key1, counter0, counter1, 0, 0);
    const p = y + ((<usize>i) << 2);
    const left = n - i;
    storeLanes(p, spread(block0, lowv, width, largest), left);
    if (left > 4) storeLanes(p + 16, spread(block1, lowv, width, largest), left - 4);
    if (left > 8) storeLanes(p + 32, spread(block2, lowv, width, largest), left - 8);
    if (left > 12) storeLanes(p + 48, spread(block3, lowv, width, largest), left - 12);
  }
}

// @ts-ignore: decorator
@inline
function spread(words: v128, low: v128, width: v128, largest: v128): v128 {
  return f32x4.pmin(f32x4.add(low, f32x4.mul(width, unitInterval(words))), largest);
}

/** The float32 next below x. */
function below(x: f32): f32 {
  if (x == 0) return reinterpret<f32>(0x80000001); // the negative number nearest 0
  return reinterpret<f32>(reinterpret<i32>(x) + (x > 0 ? -1 : 1));
}

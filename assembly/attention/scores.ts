import { block0, block1, block2, block3, nextBlocks, unitInterval } from "../random/blocks";
import { bytes, lengthOf } from "../recurrent/sequence";
import { expLowv } from "../simd/exp";
import { hsum } from "../simd/hsum";
import { loadLanes, storeLanes } from "../simd/lanes";
import { loadStrided } from "../simd/strided";

// What forward and backward do to rows of scores. Addresses are bytes, strides elements.

/** Keys whose packed copies lie in the second-level cache while all queries of a head meet them. */
export const packedKeys: i32 = 256;

/** How many keys query t of batch b sees, were there no bias: the first so many. */
// @ts-ignore: decorator
@inline
export function seenKeys(lengths: usize, b: i32, t: i32, S: i32, causal: i32, offset: i32): i32 {
  const seen = lengthOf(lengths, b, S);
  return causal ? min(seen, t + offset + 1) : seen;
}

/** row += bias, whose elements are `stride` apart. */
export function addBias(row: usize, bias: usize, stride: i32, n: i32): void {
  const step = bytes(stride) << 2;
  for (; n > 0; n -= 4, row += 16, bias += step) {
    storeLanes(row, f32x4.add(loadLanes(row, n), loadStrided(bias, stride, n)), n);
  }
}

/** y = scale x, rows of n. */
export function scaledRows(x: usize, ldx: i32, rows: i32, n: i32, scale: f32, y: usize): void {
  const factor = f32x4.splat(scale);
  for (; rows > 0; rows--, x += bytes(ldx), y += bytes(n)) {
    for (let i: i32 = 0; i < n; i += 4) storeLanes(y + bytes(i), f32x4.mul(loadLanes(x + bytes(i), n - i), factor), n - i);
  }
}

/** row = e^(row - shift) up to n, 0 from there to `wide`; returns its sum. */
export function weighRow(row: usize, shift: f32, n: i32, wide: i32): f32 {
  const s = f32x4.splat(shift);
  let sum = f32x4.splat(0);
  const end = row + bytes(wide);
  for (; n > 0; n -= 4, row += 16) {
    const e = expLowv(f32x4.sub(loadLanes(row, n, -Infinity), s));
    storeLanes(row, e, min(4, n));
    sum = f32x4.add(sum, e);
  }
  if (n < 0) row += n << 2;
  clear(row, end);
  return hsum(sum);
}

/** Zeros from `from` to `to`. */
export function clear(from: usize, to: usize): void {
  if (to > from) memory.fill(from, 0, to - from);
}

/**
 * What dropout multiplies n weights by, the first of which has the number `index` among all: 0 where the uniform number of that index is
 * below p, else 1 / (1 - p). Returns where the first one lies; `factors` has room for n and 20 more.
 */
export function keepFactors(
  factors: usize, index: u64, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, p: f32,
): usize {
  const threshold = f32x4.splat(p), kept = f32x4.splat(1 / (1 - p));
  const skip = <i32>(index & 3);
  let block = <u32>(index >> 2);
  for (let to = factors, end = factors + bytes(skip + n); to < end; to += 64, block += 4) {
    nextBlocks(block, key0, key1, counter0, counter1, 0, 0);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block0), threshold)));
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block1), threshold)), 16);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block2), threshold)), 32);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block3), threshold)), 48);
  }
  return factors + bytes(skip);
}

/** row *= factors. */
export function multiplyRow(row: usize, factors: usize, n: i32): void {
  for (; n > 0; n -= 4, row += 16, factors += 16) storeLanes(row, f32x4.mul(loadLanes(row, n), v128.load(factors)), n);
}

/** row *= factor. */
export function scaleRow(row: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n > 0; n -= 4, row += 16) storeLanes(row, f32x4.mul(loadLanes(row, n), f), n);
}

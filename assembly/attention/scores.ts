import { block0, block1, block2, block3, nextBlocks, unitInterval } from "../random/blocks";
import { bytes, lengthOf } from "../recurrent/sequence";
import { expf, expRow } from "../simd/exp";
import { loadLanes, storeLanes } from "../simd/lanes";
import { loadStrided } from "../simd/strided";

// What forward and backward do to rows of scores, which lie in the workspace, whole vectors of them. Addresses are bytes, strides elements.

/** Keys whose packed copies lie in the second-level cache while all queries of a head meet them. */
export const packedKeys: i32 = 256;

/** Queries in a block of scores: few, so that causality hides few of its keys from some of them, but four tiles of rows. */
export const blockQueries: i32 = 24;

/** The number n of keys that query t of batch b sees without a bias: keys 0 to n - 1. */
// @ts-ignore: decorator
@inline
export function seenKeys(lengths: usize, b: i32, t: i32, S: i32, causal: i32, offset: i32): i32 {
  const seen = lengthOf(lengths, b, S);
  return causal ? min(seen, t + offset + 1) : seen;
}

/** The address of the first whole vector at or after element n of a row. */
// @ts-ignore: decorator
@inline
export function vectorEnd(row: usize, n: i32): usize {
  return row + bytes((n + 3) & ~3);
}

/** row += bias, whose elements are `stride` apart. */
export function addBias(row: usize, bias: usize, stride: i32, n: i32): void {
  const step = bytes(stride) << 2;
  for (; n >= 4 && stride == 1; n -= 4, row += 16, bias += 16) v128.store(row, f32x4.add(v128.load(row), v128.load(bias)));
  for (; n > 0; n -= 4, row += 16, bias += step) v128.store(row, f32x4.add(v128.load(row), loadStrided(bias, stride, n)));
}

/** y = scale x, or += with `add`; rows of n, ldx and ldy elements apart. */
export function scaledRows(x: usize, ldx: i32, rows: i32, n: i32, scale: f32, y: usize, ldy: i32, add: bool = false): void {
  const factor = f32x4.splat(scale);
  for (; rows > 0; rows--, x += bytes(ldx), y += bytes(ldy)) {
    let from = x, to = y, left = n;
    for (; left >= 4; left -= 4, from += 16, to += 16) scaledLanes(from, factor, to, add, 4);
    if (left) scaledLanes(from, factor, to, add, left);
  }
}

// @ts-ignore: decorator
@inline
function scaledLanes(x: usize, factor: v128, y: usize, add: bool, n: i32): void {
  const product = f32x4.mul(loadLanes(x, n), factor);
  storeLanes(y, add ? f32x4.add(product, loadLanes(y, n)) : product, n);
}

/** row *= factor. */
export function scaleRow(row: usize, n: i32, factor: f32): void {
  scaledRows(row, 0, 1, n, factor, row, 0);
}

/** Zeros in row[n] up to row[wide] and in the rest of its vector. */
export function clearEnd(row: usize, n: i32, wide: i32): void {
  for (; n & 3; n++) store<f32>(row + bytes(n), 0);
  for (let at = row + bytes(n), end = vectorEnd(row, wide); at < end; at += 16) v128.store(at, f32x4.splat(0));
}

/** The largest of the first n scores and of `before`; the rest of the last vector becomes -Infinity. */
export function largestOf(row: usize, n: i32, before: f32): f32 {
  const end = vectorEnd(row, n);
  for (let c = n; c & 3; c++) store<f32>(row + bytes(c), -Infinity);
  let a = f32x4.splat(-Infinity), b = a, at = row;
  for (; at + 32 <= end; at += 32) a = f32x4.pmax(a, v128.load(at)), b = f32x4.pmax(b, v128.load(at, 16));
  if (at < end) a = f32x4.pmax(a, v128.load(at));
  a = f32x4.pmax(a, b);
  a = f32x4.pmax(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return max(before, max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1)));
}

/**
 * One step of a softmax over blocks of a row: the first n scores become e^(score - now), those after, up to `wide`, 0, where `now` is what
 * largestOf answered, kept at `largest`; `total` is the sum so far, y [E] the weighted sum, and both are brought down to the new one.
 */
export function weighRow(row: usize, n: i32, wide: i32, now: f32, largest: usize, total: usize, y: usize, E: i32): void {
  const before = load<f32>(largest);
  // A row of -Infinity alone stays one, and NaN must pass.
  const sum = expRow(row, row, 16, now == -Infinity ? 0 : now, (n + 3) & ~3);
  clearEnd(row, (n + 3) & ~3, wide);
  let sumBefore = load<f32>(total);
  if (now > before && before != -Infinity) {
    const shrink = expf(before - now);
    sumBefore *= shrink;
    scaleRow(y, E, shrink);
  }
  store<f32>(largest, now);
  store<f32>(total, sumBefore + sum);
}

/** Scores become e = e^(score - largest); the gradients at dRow those of scores, e (dRow - delta); 0 from n to `wide`. */
export function gradientRow(row: usize, dRow: usize, largest: f32, delta: f32, n: i32, wide: i32): void {
  const d = f32x4.splat(delta);
  expRow(row, row, 16, largest, (n + 3) & ~3);
  for (let at = row, to = dRow, end = vectorEnd(row, n); at < end; at += 16, to += 16) {
    v128.store(to, f32x4.mul(v128.load(at), f32x4.sub(v128.load(to), d)));
  }
  clearEnd(row, n, wide);
  clearEnd(dRow, n, wide);
}

/**
 * What dropout multiplies n weights by, the first of which has the number `index` among all: 0 where the uniform number of that index is
 * below p, else growth. Returns where the first one lies, in whole vectors: hidden scores are 0, and must stay so. `factors` has room
 * for n and 20 more.
 */
export function keepFactors(
  factors: usize, index: u64, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, p: f32, growth: f32,
): usize {
  const threshold = f32x4.splat(p), kept = f32x4.splat(growth);
  const skip = <i32>(index & 3);
  let block = <u32>(index >> 2);
  for (let to = factors, end = vectorEnd(factors, n) + bytes(skip); to < end; to += 64, block += 4) {
    nextBlocks(block, key0, key1, counter0, counter1, 0, 0);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block0), threshold)));
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block1), threshold)), 16);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block2), threshold)), 32);
    v128.store(to, v128.and(kept, f32x4.ge(unitInterval(block3), threshold)), 48);
  }
  return factors + bytes(skip);
}

/** row *= factors, in whole vectors. */
export function multiplyRow(row: usize, factors: usize, n: i32): void {
  for (const end = vectorEnd(row, n); row < end; row += 16, factors += 16) {
    v128.store(row, f32x4.mul(v128.load(row), v128.load(factors)));
  }
}

import { fma } from "./fma";
import { hsum } from "./hsum";
import { loadLanes } from "./lanes";

// Reductions of one contiguous row of n floats. Four vectors of partial results hide the latency of an addition; they are
// joined by the same tree for every row of a length, so a row's result depends on its values alone. Sums of long rows are made of blocks,
// which are added in float64, so that their error does not grow with the length.

/** Elements of a block: each of the 16 lanes of a sum adds up 64 of them. */
export const rowBlock: i32 = 1024;

/** The largest of x[0..n], NaN left out; -Infinity for an empty row. */
export function rowMax(x: usize, n: i32): f32 {
  let a = f32x4.splat(-Infinity), b = a, c = a, d = a;
  for (; n >= 16; n -= 16, x += 64) {
    a = f32x4.pmax(a, v128.load(x));
    b = f32x4.pmax(b, v128.load(x, 16));
    c = f32x4.pmax(c, v128.load(x, 32));
    d = f32x4.pmax(d, v128.load(x, 48));
  }
  for (; n > 0; n -= 4, x += 16) a = f32x4.pmax(a, loadLanes(x, n, -Infinity));
  a = f32x4.pmax(f32x4.pmax(a, b), f32x4.pmax(c, d));
  a = f32x4.pmax(a, i32x4.shuffle(a, a, 2, 3, 0, 1));
  return max(f32x4.extract_lane(a, 0), f32x4.extract_lane(a, 1));
}

/** The sum of x[0..n]. */
export function rowSum(x: usize, n: i32): f32 {
  if (n <= rowBlock) return sumBlock(x, n);
  let total: f64 = 0;
  for (; n > 0; n -= rowBlock, x += rowBlock << 2) total += <f64>sumBlock(x, min(n, rowBlock));
  return <f32>total;
}

function sumBlock(x: usize, n: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; n >= 16; n -= 16, x += 64) {
    a = f32x4.add(a, v128.load(x));
    b = f32x4.add(b, v128.load(x, 16));
    c = f32x4.add(c, v128.load(x, 32));
    d = f32x4.add(d, v128.load(x, 48));
  }
  for (; n > 0; n -= 4, x += 16) a = f32x4.add(a, loadLanes(x, n));
  return hsum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** The sum of x[i] y[i], i < n. */
export function rowDot(x: usize, y: usize, n: i32): f32 {
  if (n <= rowBlock) return dotBlock(x, y, n);
  let total: f64 = 0;
  for (; n > 0; n -= rowBlock, x += rowBlock << 2, y += rowBlock << 2) total += <f64>dotBlock(x, y, min(n, rowBlock));
  return <f32>total;
}

function dotBlock(x: usize, y: usize, n: i32): f32 {
  let a = f32x4.splat(0), b = a, c = a, d = a;
  for (; n >= 16; n -= 16, x += 64, y += 64) {
    a = fma(v128.load(x), v128.load(y), a);
    b = fma(v128.load(x, 16), v128.load(y, 16), b);
    c = fma(v128.load(x, 32), v128.load(y, 32), c);
    d = fma(v128.load(x, 48), v128.load(y, 48), d);
  }
  for (; n > 0; n -= 4, x += 16, y += 16) a = fma(loadLanes(x, n), loadLanes(y, n), a);
  return hsum(f32x4.add(f32x4.add(a, b), f32x4.add(c, d)));
}

/** The sum of x[i] - shift, i < n. */
export function rowShiftedSum(x: usize, shift: f32, n: i32): f32 {
  if (n <= rowBlock) return shiftedSumBlock(x, shift, n);
  let total: f64 = 0;
  for (; n > 0; n -= rowBlock, x += rowBlock << 2) total += <f64>shiftedSumBlock(x, shift, min(n, rowBlock));
  return <f32>total;
}

function shiftedSumBlock(x: usize, shift: f32, n: i32): f32 {
  const s = f32x4.splat(shift);
  let a = f32x4.splat(0);
  for (; n > 0; n -= 4, x += 16) a = f32x4.add(a, f32x4.sub(loadLanes(x, n, shift), s));
  return hsum(a);
}

import { loadLanes, storeLanes } from "../simd/lanes";
import { sumColumns, sumRow } from "./sum";

/** The positions in `reduceOps` of src/backend/kernels.ts. */
const enum Reduce {
  sum,
  mean,
  max,
  min,
  addSum,
  sumInt32,
  maxInt32,
  minInt32,
}

/**
 * y[o, i] = sum, mean, max or min of x[o, k, i] over k < n. x [outer, n, inner], y [outer, inner], float32. Overwrites y, but addSum
* adds to it; y must not overlap x. No alignment needed.
 * Sums add blocks of at most 16 terms a lane in float32 and the blocks in float64, in an order that depends on n alone. max and min
 * give NaN where there is one. n = 0 gives 0, NaN, -Infinity, Infinity. The Int32 forms read and write int32; their sum wraps around.
 */
export function reduce(x: usize, y: usize, op: i32, outer: i32, n: i32, inner: i32): void {
  if (op > Reduce.addSum) return integers(x, y, op, outer, n, inner);
  const plane = (<usize>n * <usize>inner) << 2;
  const line = (<usize>inner) << 2;
  // Sums are added to y.
  if (op < Reduce.max) memory.fill(y, 0, <usize>outer * line);
  const scale: f64 = op == Reduce.mean ? 1 / <f64>n : 1;
  for (let o = 0; o < outer; o++, x += plane, y += line) {
    if (op == Reduce.max) extreme(Reduce.max, x, y, n, inner);
    else if (op == Reduce.min) extreme(Reduce.min, x, y, n, inner);
    else if (inner == 1) store<f32>(y, load<f32>(y) + <f32>(scale * sumRow(x, n)));
    else sumColumns(x, y, n, inner, inner, scale);
  }
}

/** Sums and extremes of int32. */
function integers(x: usize, y: usize, op: i32, outer: i32, n: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, x += <usize>n * step) {
    for (let i = 0; i < inner; i++, y += 4) {
      let at = x + ((<usize>i) << 2);
      let result: i32 = op == Reduce.sumInt32 ? 0 : op == Reduce.maxInt32 ? i32.MIN_VALUE : i32.MAX_VALUE;
      for (let k = 0; k < n; k++, at += step) {
        const v = load<i32>(at);
        if (op == Reduce.sumInt32) result += v;
        else result = op == Reduce.maxInt32 ? max(result, v) : min(result, v);
      }
      store<i32>(y, result);
    }
  }
}

// @ts-ignore: decorator
@inline
function extreme(op: Reduce, x: usize, y: usize, n: i32, inner: i32): void {
  if (inner == 1) {
    const whole = n & ~3;
    let best = extremeLanes(op, x, n >> 2, 16, 4);
    if (whole < n) best = better(op, best, loadLanes(x + ((<usize>whole) << 2), n - whole, none(op)));
    best = better(op, best, v128.shuffle<f32>(best, best, 2, 3, 0, 1));
    best = better(op, best, v128.shuffle<f32>(best, best, 1, 0, 3, 2));
    v128.store32_lane(y, best, 0);
    return;
  }
  const step = (<usize>inner) << 2;
  let left = inner;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, extremeLanes(op, x, n, step, 4));
  if (left > 0) storeLanes(y, extremeLanes(op, x, n, step, left), left);
}

/** The extreme of each of `width` lanes over n vectors, `step` bytes apart; NaN where a lane has met one. */
// @ts-ignore: decorator
@inline
function extremeLanes(op: Reduce, x: usize, n: i32, step: usize, width: i32): v128 {
  let best = f32x4.splat(none(op));
  let nan = f32x4.splat(0);
  for (let k = 0; k < n; k++, x += step) {
    const v = loadLanes(x, width);
    // Quicker than max and min, which look after NaN and the signs of zeros.
    best = op == Reduce.max ? f32x4.pmax(best, v) : f32x4.pmin(best, v);
    nan = v128.or(nan, f32x4.ne(v, v));
  }
  return v128.or(best, nan);
}

// @ts-ignore: decorator
@inline
function none(op: Reduce): f32 {
  return op == Reduce.max ? <f32>-Infinity : <f32>Infinity;
}

// @ts-ignore: decorator
@inline
function better(op: Reduce, a: v128, b: v128): v128 {
  return op == Reduce.max ? f32x4.max(a, b) : f32x4.min(a, b);
}

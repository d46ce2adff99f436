import { loadLanes, storeLanes } from "../simd/lanes";

/**
 * y[o, i] = the first k of the largest x[o, k, i], k < n; NaN counts as largest. x [outer, n, inner] float32, y [outer, inner] int32, n at
 * least 1. Overwrites y. No alignment needed.
 */
export function argmax(x: usize, y: usize, outer: i32, n: i32, inner: i32): void {
  const line = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, y += line) {
    if (inner == 1) store<i32>(y, argmaxRow(x, n));
    else argmaxColumns(x, y, n, inner);
    x += <usize>n * line;
  }
}

/** True in lanes where v comes before best, in the order of floats with NaN on top. */
// @ts-ignore: decorator
@inline
function larger(v: v128, best: v128): v128 {
  return v128.andnot(f32x4.eq(best, best), f32x4.le(v, best));
}

/** Each lane finds the first largest of its quarter; of the four, the largest wins, and of equals the first. */
function argmaxRow(x: usize, n: i32): i32 {
  let best = f32x4.splat(<f32>-Infinity);
  let at = i32x4(0, 1, 2, 3);
  let index = at;
  let left = n;
  for (; left >= 4; left -= 4, x += 16) {
    const v = v128.load(x);
    const wins = larger(v, best);
    best = v128.bitselect(v, best, wins);
    index = v128.bitselect(at, index, wins);
    at = i32x4.add(at, i32x4.splat(4));
  }
  if (left > 0) {
    const v = loadLanes(x, left, <f32>-Infinity);
    const wins = larger(v, best);
    best = v128.bitselect(v, best, wins);
    index = v128.bitselect(at, index, wins);
  }
  let winner = f32x4.extract_lane(best, 0);
  let winnerIndex = i32x4.extract_lane(index, 0);
  for (let lane = 1; lane < 4; lane++) {
    best = v128.shuffle<f32>(best, best, 1, 2, 3, 0);
    index = v128.shuffle<i32>(index, index, 1, 2, 3, 0);
    const value = f32x4.extract_lane(best, 0);
    const valueIndex = i32x4.extract_lane(index, 0);
    const equal = value == winner || (value != value && winner != winner);
    if (equal ? valueIndex < winnerIndex : winner == winner && !(value <= winner)) {
      winner = value;
      winnerIndex = valueIndex;
    }
  }
  return winnerIndex;
}

function argmaxColumns(x: usize, y: usize, n: i32, inner: i32): void {
  const step = (<usize>inner) << 2;
  for (let width = inner; width > 0; width -= 4, x += 16, y += 16) {
    let best = loadLanes(x, width);
    let index = i32x4.splat(0);
    let p = x + step;
    for (let k = 1; k < n; k++, p += step) {
      const v = loadLanes(p, width);
      const wins = larger(v, best);
      best = v128.bitselect(v, best, wins);
      index = v128.bitselect(i32x4.splat(k), index, wins);
    }
    storeLanes(y, index, width);
  }
}

import { loadLanes, storeLanes } from "../simd/lanes";
import { firstOutside } from "./check";

/**
 * y[o, j, :] = x[o, index[j], :]. x [outer, n, inner], 4-byte elements; index int32 [m], each in 0 .. n - 1; y [outer, m, inner]. Overwrites
* y, which must not overlap x. No alignment needed. Returns the position of the first index out of range, having written nothing, or -1.
 */
export function gatherRows(x: usize, index: usize, y: usize, outer: i32, n: i32, inner: i32, m: i32): i32 {
  const bad = firstOutside(index, m, n);
  if (bad >= 0) return bad;
  const line = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, x += <usize>n * line) {
    for (let j = 0; j < m; j++, y += line) copyLine(x + <usize>load<i32>(index + ((<usize>j) << 2)) * line, y, inner);
  }
  return -1;
}

/**
 * dx[o, index[j], :] += dy[o, j, :], j ascending, rows whose index is `skip` left out. dy [outer, m, inner], dx [outer, n, inner], float32;
 * index int32 [m], each in 0 .. n - 1. Accumulates into dx, which must not overlap dy. No alignment needed.
 * Returns the position of the first index out of range, having written nothing, or -1.
 */
export function scatterAddRows(dy: usize, index: usize, dx: usize, outer: i32, n: i32, inner: i32, m: i32, skip: i32): i32 {
  const bad = firstOutside(index, m, n);
  if (bad >= 0) return bad;
  const line = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, dx += <usize>n * line) {
    for (let j = 0; j < m; j++, dy += line) {
      const row = load<i32>(index + ((<usize>j) << 2));
      if (row != skip) addLine(dy, dx + <usize>row * line, inner);
    }
  }
  return -1;
}

// @ts-ignore: decorator
@inline
function copyLine(x: usize, y: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, v128.load(x));
  if (left > 0) storeLanes(y, loadLanes(x, left), left);
}

// @ts-ignore: decorator
@inline
function addLine(x: usize, y: usize, n: i32): void {
  let left = n;
  for (; left >= 4; left -= 4, x += 16, y += 16) v128.store(y, f32x4.add(v128.load(y), v128.load(x)));
  if (left > 0) storeLanes(y, f32x4.add(loadLanes(y, left), loadLanes(x, left)), left);
}

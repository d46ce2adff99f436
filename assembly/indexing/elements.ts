import { firstOutside } from "./check";

/**
 * y[o, j, i] = x[o, index[o, j, i], i]. x [outer, n, inner], 4-byte elements; index int32 [outer, m, inner], each in 0 .. n - 1; y like index.
* Overwrites y, which must not overlap x. Returns the position of the first index out of range, having written nothing, or -1.
 */
export function gather(x: usize, index: usize, y: usize, outer: i32, n: i32, inner: i32, m: i32): i32 {
  const bad = firstOutside(index, outer * m * inner, n);
  if (bad >= 0) return bad;
  const line = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, x += <usize>n * line) {
    for (let j = 0; j < m; j++) {
      for (let i: usize = 0; i < line; i += 4, index += 4, y += 4) {
        store<u32>(y, load<u32>(x + <usize>load<i32>(index) * line + i));
      }
    }
  }
  return -1;
}

/**
 * dx[o, index[o, j, i], i] += dy[o, j, i], j ascending. dy and index int32 [outer, m, inner], each index in 0 .. n - 1; dx [outer, n, inner];
 * values float32. Accumulates into dx, which must not overlap dy. Returns the position of the first index out of range, having written
 * nothing, or -1.
 */
export function scatterAdd(dy: usize, index: usize, dx: usize, outer: i32, n: i32, inner: i32, m: i32): i32 {
  const bad = firstOutside(index, outer * m * inner, n);
  if (bad >= 0) return bad;
  const line = (<usize>inner) << 2;
  for (let o = 0; o < outer; o++, dx += <usize>n * line) {
    for (let j = 0; j < m; j++) {
      for (let i: usize = 0; i < line; i += 4, index += 4, dy += 4) {
        const at = dx + <usize>load<i32>(index) * line + i;
        store<f32>(at, load<f32>(at) + load<f32>(dy));
      }
    }
  }
  return -1;
}

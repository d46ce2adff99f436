import { storeLanes } from "../simd/lanes";
import { loadStrided } from "../simd/strided";

/**
 * y[i0, i1, i2, i3] = x[i0, i1, i2, i3] over [d0, d1, d2, d3]; 4-byte elements of either type. xs*, ys*: strides in elements, of either
 * sign; those of x may be 0. Overwrites those elements of y and no other. x and y do not overlap. No alignment needed.
 * If x is contiguous along another dimension than y, planes are transposed in blocks of 4 x 4.
 */
export function copyStrided(
  x: usize, y: usize,
  d0: i32, d1: i32, d2: i32, d3: i32,
  xs0: i32, xs1: i32, xs2: i32, xs3: i32,
  ys0: i32, ys1: i32, ys2: i32, ys3: i32,
): void {
  // Inner dimensions that both sides walk evenly become one, so that runs are long.
  for (let k = 0; k < 3; k++) {
    if (d3 != 1 && d2 != 1 && (xs2 != d3 * xs3 || ys2 != d3 * ys3)) break;
    if (d3 == 1) {
      xs3 = xs2;
      ys3 = ys2;
    }
    d3 *= d2;
    d2 = d1; xs2 = xs1; ys2 = ys1;
    d1 = d0; xs1 = xs0; ys1 = ys0;
    d0 = 1;
  }
  // The order of the outer loops is free: bring the dimension along which x is contiguous next to the innermost.
  if (xs3 != 1 && xs2 != 1) {
    let d = d2;
    let xs = xs2;
    let ys = ys2;
    if (xs1 == 1) {
      d2 = d1; xs2 = xs1; ys2 = ys1;
      d1 = d; xs1 = xs; ys1 = ys;
    } else if (xs0 == 1) {
      d2 = d0; xs2 = xs0; ys2 = ys0;
      d0 = d; xs0 = xs; ys0 = ys;
    }
  }
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      const from = x + ((<usize>(i0 * xs0 + i1 * xs1)) << 2);
      const to = y + ((<usize>(i0 * ys0 + i1 * ys1)) << 2);
      if (xs2 == 1 && ys3 == 1 && xs3 != 1) transpose(from, xs3, to, ys2, d2, d3);
      else if (xs3 == 1 && ys2 == 1 && ys3 != 1) transpose(from, xs2, to, ys3, d3, d2);
      else for (let i2 = 0; i2 < d2; i2++) copyRun(from + ((<usize>(i2 * xs2)) << 2), xs3, to + ((<usize>(i2 * ys2)) << 2), ys3, d3);
    }
  }
}

function copyRun(x: usize, xs: i32, y: usize, ys: i32, n: i32): void {
  if (ys != 1) {
    for (let i = 0; i < n; i++, x += (<usize>xs) << 2, y += (<usize>ys) << 2) store<u32>(y, load<u32>(x));
  } else if (xs == 1 && n >= 256) memory.copy(y, x, (<usize>n) << 2);
  else if (xs == 1) collect(x, 1, y, n);
  else if (xs == 0) collect(x, 0, y, n);
  else collect(x, xs, y, n);
}

// @ts-ignore: decorator
@inline
function collect(x: usize, xs: i32, y: usize, n: i32): void {
  const xStep = (<usize>xs) << 4;
  let left = n;
  for (; left >= 4; left -= 4, x += xStep, y += 16) v128.store(y, loadStrided(x, xs, 4));
  if (left > 0) storeLanes(y, loadStrided(x, xs, left), left);
}

/** y[i ys + j] = x[j xs + i], i < rows, j < cols. */
function transpose(x: usize, xs: i32, y: usize, ys: i32, rows: i32, cols: i32): void {
  const xStep = (<usize>xs) << 2;
  const yStep = (<usize>ys) << 2;
  // 16 rows at a time: cache lines of x are read whole, and those of y stay near until they are full.
  for (let i0 = 0; i0 < rows; i0 += 16) {
    const end = min(i0 + 16, rows);
    let j = 0;
    for (; j + 4 <= cols; j += 4) {
      let from = x + <usize>j * xStep + ((<usize>i0) << 2);
      let to = y + <usize>i0 * yStep + ((<usize>j) << 2);
      let i = i0;
      for (; i + 4 <= end; i += 4, from += 16, to += 4 * yStep) transpose4x4(from, xStep, to, yStep);
      for (; i < end; i++, from += 4, to += yStep) v128.store(to, loadStrided(from, xs, 4));
    }
    if (j == cols) continue;
    for (let i = i0; i < end; i++) {
      const from = x + <usize>j * xStep + ((<usize>i) << 2);
      storeLanes(y + <usize>i * yStep + ((<usize>j) << 2), loadStrided(from, xs, cols - j), cols - j);
    }
  }
}

// @ts-ignore: decorator
@inline
function transpose4x4(x: usize, xStep: usize, y: usize, yStep: usize): void {
  const r0 = v128.load(x);
  const r1 = v128.load(x + xStep);
  const r2 = v128.load(x + 2 * xStep);
  const r3 = v128.load(x + 3 * xStep);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(y, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(y + yStep, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
  v128.store(y + 2 * yStep, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
  v128.store(y + 3 * yStep, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
}

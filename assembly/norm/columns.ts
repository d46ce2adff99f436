import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";

/** Rows whose contributions are added up in registers before they go to memory. */
export const BLOCK: i32 = 4;

/**
 * dGamma[c] += sum_r dy[r, c] (x[r, c] - mean[r]) rstd[r] and dBeta[c] += sum_r dy[r, c] over a block of n <= BLOCK rows, rows ascending;
 * mean absent: 0. Each of dGamma and dBeta may be absent. x, dy [n, cols]; mean, rstd [n]; dGamma, dBeta [cols]. No aliasing.
 */
export function addParameterSums(
  x: usize, dy: usize, mean: usize, rstd: usize, dGamma: usize, dBeta: usize, n: i32, cols: i32,
): void {
  const stride = (<usize>cols) << 2;
  let c: i32 = 0;
  // A whole line of memory at a time: rows whose distance is a power of two would push it out of the cache before its second half is read.
  for (; c + 16 <= cols; c += 16) {
    const offset = (<usize>c) << 2;
    let px = x + offset, pdy = dy + offset;
    let g0 = f32x4.splat(0), g1 = g0, g2 = g0, g3 = g0, b0 = g0, b1 = g0, b2 = g0, b3 = g0;
    for (let r: usize = 0, end = (<usize>n) << 2; r < end; r += 4, px += stride, pdy += stride) {
      const m = mean ? v128.load32_splat(mean + r) : f32x4.splat(0);
      const s = v128.load32_splat(rstd + r);
      const d0 = v128.load(pdy), d1 = v128.load(pdy, 16), d2 = v128.load(pdy, 32), d3 = v128.load(pdy, 48);
      b0 = f32x4.add(b0, d0);
      b1 = f32x4.add(b1, d1);
      b2 = f32x4.add(b2, d2);
      b3 = f32x4.add(b3, d3);
      g0 = fma(f32x4.mul(d0, s), f32x4.sub(v128.load(px), m), g0);
      g1 = fma(f32x4.mul(d1, s), f32x4.sub(v128.load(px, 16), m), g1);
      g2 = fma(f32x4.mul(d2, s), f32x4.sub(v128.load(px, 32), m), g2);
      g3 = fma(f32x4.mul(d3, s), f32x4.sub(v128.load(px, 48), m), g3);
    }
    if (dGamma) addLine(dGamma + offset, g0, g1, g2, g3);
    if (dBeta) addLine(dBeta + offset, b0, b1, b2, b3);
  }
  for (; c < cols; c += 4) {
    const offset = (<usize>c) << 2;
    addLastSums(x + offset, dy + offset, mean, rstd, dGamma ? dGamma + offset : 0, dBeta ? dBeta + offset : 0, n, stride, cols - c);
  }
}

// @ts-ignore: decorator
@inline
function addLine(sums: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  v128.store(sums, f32x4.add(v128.load(sums), v0));
  v128.store(sums, f32x4.add(v128.load(sums, 16), v1), 16);
  v128.store(sums, f32x4.add(v128.load(sums, 32), v2), 32);
  v128.store(sums, f32x4.add(v128.load(sums, 48), v3), 48);
}

/** As the loop of addParameterSums, for a vector of columns or the `left` of them that there are. */
function addLastSums(
  x: usize, dy: usize, mean: usize, rstd: usize, dGamma: usize, dBeta: usize, n: i32, stride: usize, left: i32,
): void {
  let g = f32x4.splat(0), b = g;
  for (let r: usize = 0, end = (<usize>n) << 2; r < end; r += 4, x += stride, dy += stride) {
    const m = mean ? v128.load32_splat(mean + r) : f32x4.splat(0);
    const d = loadLanes(dy, left);
    g = fma(f32x4.mul(d, v128.load32_splat(rstd + r)), f32x4.sub(loadLanes(x, left), m), g);
    b = f32x4.add(b, d);
  }
  if (dGamma) storeLanes(dGamma, f32x4.add(loadLanes(dGamma, left), g), left);
  if (dBeta) storeLanes(dBeta, f32x4.add(loadLanes(dBeta, left), b), left);
}

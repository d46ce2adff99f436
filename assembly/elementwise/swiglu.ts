import { one, splat } from "../simd/constant";
import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";
import { sigmoidv } from "../simd/sigmoid";

/**
 * The gated unit SwiGLU (Shazeer 2020): y[r, c] = silu(a[r, c]) b[r, c], silu a = a sigmoid(a), where a row of x holds a row of a, then
 * one of b. x [rows, 2 cols], y [rows, cols]. Overwrites y. No aliasing, no alignment needed. Accuracy: sigmoid.ts.
 */
export function swigluForward(x: usize, y: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride << 1, y += stride) gateRow(x, x + stride, y, cols);
}

function gateRow(a: usize, b: usize, y: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, y += 16) v128.store(y, gated(v128.load(a), v128.load(b)));
  if (n > 0) storeLanes(y, gated(loadLanes(a, n), loadLanes(b, n)), n);
}

// @ts-ignore: decorator
@inline
function gated(a: v128, b: v128): v128 {
  return f32x4.mul(f32x4.mul(a, sigmoidv(a)), b);
}

/**
 * da = dy b s (1 + a (1 - s)), s = sigmoid(a), and db = dy silu(a), side by side like a and b. x, dx [rows, 2 cols]; dy [rows, cols].
 * Overwrites dx, which may alias x. No alignment needed.
 */
export function swigluBackward(x: usize, dy: usize, dx: usize, rows: i32, cols: i32): void {
  const stride = (<usize>cols) << 2;
  for (let r: i32 = 0; r < rows; r++, x += stride << 1, dx += stride << 1, dy += stride) {
    gateGradient(x, x + stride, dy, dx, dx + stride, cols);
  }
}

function gateGradient(a: usize, b: usize, dy: usize, da: usize, db: usize, n: i32): void {
  for (; n >= 4; n -= 4, a += 16, b += 16, dy += 16, da += 16, db += 16) {
    const av = v128.load(a);
    const s = sigmoidv(av);
    const upstream = f32x4.mul(v128.load(dy), s);
    v128.store(da, slope(av, s, v128.load(b), upstream));
    v128.store(db, f32x4.mul(upstream, av));
  }
  if (n > 0) {
    const av = loadLanes(a, n);
    const s = sigmoidv(av);
    const upstream = f32x4.mul(loadLanes(dy, n), s);
    storeLanes(da, slope(av, s, loadLanes(b, n), upstream), n);
    storeLanes(db, f32x4.mul(upstream, av), n);
  }
}

/** (dy s) b (1 + a (1 - s)). */
// @ts-ignore: decorator
@inline
function slope(a: v128, s: v128, b: v128, upstream: v128): v128 {
  const unit = splat(one);
  return f32x4.mul(f32x4.mul(upstream, b), fma(a, f32x4.sub(unit, s), unit));
}

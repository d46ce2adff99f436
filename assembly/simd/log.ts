import { fma } from "./fma";

/**
 * ln x on four float32 lanes.
 *
 * Method: x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, ln m = f - f^2 / 2 + f^3 p(f) with p of degree 7, k ln 2 added in two
 * parts. Constants: the parts of ln 2 are its leading 12 bits and the rest; p is a minimax fit of the relative error
 * (Lawson's iteration, float64), 5.9e-9 before rounding.
 * Measured against float64: relative 1.0e-7 for every positive x, denormal numbers too.
 * 0 gives -Infinity, negative numbers NaN; Infinity and NaN stay. Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function logv(x: v128): v128 {
  // A denormal number is brought to the normal ones, and its exponent corrected.
  const tiny = f32x4.lt(x, f32x4.splat(1.1754943508222875e-38));
  const normal = v128.bitselect(f32x4.mul(x, f32x4.splat(8388608)), x, tiny);
  let y = logNormal(normal, v128.and(tiny, i32x4.splat(-23)));
  y = v128.bitselect(y, f32x4.splat(<f32>NaN), f32x4.ge(x, f32x4.splat(0)));
  y = v128.bitselect(f32x4.splat(<f32>-Infinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(x, y, f32x4.eq(x, f32x4.splat(<f32>Infinity)));
}

/** ln x + scale ln 2 for a positive normal x, scale an integer. */
// @ts-ignore: decorator
@inline
function logNormal(x: v128, scale: v128): v128 {
  const sqrtHalf = i32x4.splat(0x3f3504f3);
  const offset = i32x4.sub(x, sqrtHalf);
  const k = f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_s(offset, 23), scale));
  const f = f32x4.sub(i32x4.add(v128.and(offset, i32x4.splat(0x7fffff)), sqrtHalf), f32x4.splat(1));
  let p = fma(f, f32x4.splat(-7.63438418507576e-2), f32x4.splat(0.1276542693376541));
  p = fma(p, f, f32x4.splat(-0.13162004947662354));
  p = fma(p, f, f32x4.splat(0.14201368391513824));
  p = fma(p, f, f32x4.splat(-0.1662314385175705));
  p = fma(p, f, f32x4.splat(0.20001235604286194));
  p = fma(p, f, f32x4.splat(-0.2500082552433014));
  p = fma(p, f, f32x4.splat(0.3333333134651184));
  const square = f32x4.mul(f, f);
  const y = fma(f32x4.mul(p, f), square, f32x4.mul(k, f32x4.splat(-2.12194440e-4)));
  return fma(k, f32x4.splat(0.693359375), f32x4.add(f, fma(square, f32x4.splat(-0.5), y)));
}

/** The same bits as a lane of `logv`. */
// @ts-ignore: decorator
@inline
export function logf(x: f32): f32 {
  return f32x4.extract_lane(logv(f32x4.splat(x)), 0);
}

/** ln(1 + z) for z in [0, 1], NaN for NaN: the rounding of 1 + z is made good, so that a small z keeps its relative accuracy. */
// @ts-ignore: decorator
@inline
export function log1pv(z: v128): v128 {
  const one = f32x4.splat(1);
  const u = f32x4.add(one, z);
  return f32x4.add(logNormal(u, i32x4.splat(0)), f32x4.div(f32x4.sub(z, f32x4.sub(u, one)), u));
}

import { power2, shifter } from "./exp";
import { fma } from "./fma";

/**
 * tanh x on four float32 lanes.
 *
 * Method: for y = |x| <= 9.02, from where tanh rounds to 1: n = round(2 y / ln 2), s = 2^n, r = y - n ln(2) / 2, t = tanh r by an odd
 * polynomial of degree 5, and tanh y = (s (1 + t) - (1 - t)) / (s (1 + t) + (1 - t)), arranged so that s = 1 gives t itself and nothing
 * cancels near 0. Constants: a minimax fit of the relative error (Lawson's iteration, float64) on |r| <= ln(2) / 4, 5.6e-8 there
 * before rounding.
 * Measured against float64: relative 2.1e-7 over all numbers. Odd, within [-1, 1], keeps -0 and denormal numbers; NaN stays NaN.
 * Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function tanhv(x: v128): v128 {
  const y = f32x4.pmin(f32x4.abs(x), f32x4.splat(9.02));
  const n = fma(y, f32x4.splat(2.8853900817779268), f32x4.splat(shifter));
  const r = fma(f32x4.sub(n, f32x4.splat(shifter)), f32x4.splat(-0.34657359027997264), y);
  const square = f32x4.mul(r, r);
  const p = fma(square, f32x4.splat(0.1310979425907135), f32x4.splat(-0.3333125710487366));
  const t = fma(f32x4.mul(square, r), p, r);
  const s = power2(n);
  const above = f32x4.add(s, f32x4.splat(1));
  const below = f32x4.sub(s, f32x4.splat(1));
  const magnitude = f32x4.div(fma(above, t, below), fma(below, t, above));
  return v128.or(magnitude, v128.and(x, i32x4.splat(0x80000000)));
}

/** The same bits as a lane of `tanhv`. */
// @ts-ignore: decorator
@inline
export function tanhf(x: f32): f32 {
  return f32x4.extract_lane(tanhv(f32x4.splat(x)), 0);
}

/** The derivative of tanh from its value: 1 - y^2. */
// @ts-ignore: decorator
@inline
export function tanhDerivative(y: v128): v128 {
  return f32x4.sub(f32x4.splat(1), f32x4.mul(y, y));
}

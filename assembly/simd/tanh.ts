import { one, shifter, signBit, splat } from "./constant";
import { power2 } from "./exp";
import { fma } from "./fma";

const largest = memory.data<f32>([9.02]);
const twoLog2e = memory.data<f32>([2.8853900817779268]);
const minusHalfLn2 = memory.data<f32>([-0.34657359027997264]);
/** t, but for its first term. */
const t3 = memory.data<f32>([-0.3333125710487366]);
const t5 = memory.data<f32>([0.1310979425907135]);

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
  const y = f32x4.pmin(f32x4.abs(x), splat(largest));
  const n = fma(y, splat(twoLog2e), splat(shifter));
  const r = fma(f32x4.sub(n, splat(shifter)), splat(minusHalfLn2), y);
  const square = f32x4.mul(r, r);
  const p = fma(square, splat(t5), splat(t3));
  const t = fma(f32x4.mul(square, r), p, r);
  const s = power2(n);
  const above = f32x4.add(s, splat(one));
  const below = f32x4.sub(s, splat(one));
  const magnitude = f32x4.div(fma(above, t, below), fma(below, t, above));
  return v128.or(magnitude, v128.and(x, splat(signBit)));
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
  return f32x4.sub(splat(one), f32x4.mul(y, y));
}

import { fma } from "./fma";

/**
 * tanh x on four float32 lanes.
 *
 * Method: x P(x^2) / Q(x^2), both of degree 4, x bounded by 9.02, from where tanh rounds to 1; all coefficients are positive,
 * so that nothing cancels. Constants: a minimax fit of the relative error (Lawson's iteration on the linearised
 * quotient, float64), 2.1e-8 before rounding, scaled by the common factor whose rounding to float32 hurts least.
 * Measured against float64: relative 2.95e-7 everywhere. Odd, within [-1, 1], keeps -0 and denormal numbers; NaN stays NaN.
 * Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function tanhv(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, f32x4.splat(9.02)), f32x4.splat(-9.02));
  const u = f32x4.mul(bounded, bounded);
  let p = fma(u, f32x4.splat(1.5526385510611362e-8), f32x4.splat(2.3994756702450104e-5));
  let q = fma(u, f32x4.splat(9.048399078892544e-7), f32x4.splat(3.827199398074299e-4));
  p = fma(p, u, f32x4.splat(4.073102958500385e-3));
  q = fma(q, u, f32x4.splat(3.0158713459968567e-2));
  p = fma(p, u, f32x4.splat(0.15597157180309296));
  q = fma(q, u, f32x4.splat(0.5445485711097717));
  p = fma(p, u, f32x4.splat(1.1657315492630005));
  q = fma(q, u, f32x4.splat(1.1657315492630005));
  const y = f32x4.div(f32x4.mul(bounded, p), q);
  return f32x4.pmax(f32x4.pmin(y, f32x4.splat(1)), f32x4.splat(-1));
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

import { expExponent, expFraction, power2 } from "./exp";

/**
 * 1 / (1 + e^-x) on four float32 lanes.
 *
 * Method: as the formula says; e^-x as in exp.ts, with one scaling, for it need not be exact where the sum swallows it.
 * Measured against float64: relative 1.6e-7 for x >= -87.3, where the result is a normal number; below, it goes on as a
 * denormal number down to -88.3 and is 0 from there. Infinities give 0 and 1, NaN stays NaN.
 * Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function sigmoidv(x: v128): v128 {
  const negated = f32x4.pmax(f32x4.pmin(f32x4.neg(x), f32x4.splat(88.5)), f32x4.splat(-87));
  const n = expExponent(negated);
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, f32x4.mul(expFraction(negated, n), power2(n))));
}

/** The same bits as a lane of `sigmoidv`. */
// @ts-ignore: decorator
@inline
export function sigmoidf(x: f32): f32 {
  return f32x4.extract_lane(sigmoidv(f32x4.splat(x)), 0);
}

/** The derivative of sigmoid from its value: y (1 - y). */
// @ts-ignore: decorator
@inline
export function sigmoidDerivative(y: v128): v128 {
  return f32x4.mul(y, f32x4.sub(f32x4.splat(1), y));
}

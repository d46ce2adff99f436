import { half, one, shifter, splat } from "./constant";
import { power2 } from "./exp";
import { fma } from "./fma";

const largest = memory.data<f32>([87]);
const least = memory.data<f32>([-88.5]);
const minusLog2e = memory.data<f32>([-1.4426950408889634]);
const ln2High = memory.data<f32>([0.693359375]);
const ln2Low = memory.data<f32>([-2.12194440e-4]);
/** t, but for its first term. */
const t3 = memory.data<f32>([-4.1664071381092072e-2]);
const t5 = memory.data<f32>([4.0968107059597969e-3]);

/**
 * 1 / (1 + e^-x) on four float32 lanes.
 *
 * Method: n = round(-x / ln 2), s = 2^n, r = x + n ln 2 in two parts (exp.ts), t = tanh(r / 2) by an odd polynomial of degree 5. As
 * e^-r = (1 - t) / (1 + t), the result is (1 + t) / ((1 + t) + s (1 - t)): one division, no exponential. Constants: those of tanh.ts,
 * for the half argument.
 * Measured against float64: relative 2.0e-7 for x >= -87.3, where the result is a normal number; below, it becomes a
 * denormal number down to -88.3 and is 0 from there. Infinities give 0 and 1, NaN stays NaN.
 * Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function sigmoidv(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, splat(largest)), splat(least));
  const n = fma(bounded, splat(minusLog2e), splat(shifter));
  const integer = f32x4.sub(n, splat(shifter));
  const r = fma(integer, splat(ln2Low), fma(integer, splat(ln2High), bounded));
  const square = f32x4.mul(r, r);
  const p = fma(square, splat(t5), splat(t3));
  const t = f32x4.mul(r, fma(square, p, splat(half)));
  const above = f32x4.add(splat(one), t);
  const below = f32x4.sub(splat(one), t);
  return f32x4.div(above, fma(power2(n), below, above));
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
  return f32x4.mul(y, f32x4.sub(splat(one), y));
}

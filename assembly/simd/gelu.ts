import { half, minusHalf, splat } from "./constant";
import { erfv } from "./erf";
import { expLowv } from "./exp";
import { fma } from "./fma";

const sqrtHalf = memory.data<f32>([0.7071067811865476]);
const densityAt0 = memory.data<f32>([0.3989422804014327]);

/** The standard normal distribution function, (1 + erf(x / sqrt 2)) / 2. */
// @ts-ignore: decorator
@inline
function normalCdf(x: v128): v128 {
  return fma(erfv(f32x4.mul(x, splat(sqrtHalf))), splat(half), splat(half));
}

/**
 * gelu x = x Phi(x), Phi the standard normal distribution function (Hendrycks and Gimpel 2016), on four float32 lanes.
 *
 * Method and constants: erf.ts. Measured against float64: absolute 2.3e-7 max(1, |x|) everywhere.
 * Infinity stays, -Infinity gives NaN (its product with 0), NaN stays NaN. Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function geluv(x: v128): v128 {
  return f32x4.mul(x, normalCdf(x));
}

/** The same bits as a lane of `geluv`. */
// @ts-ignore: decorator
@inline
export function geluf(x: f32): f32 {
  return f32x4.extract_lane(geluv(f32x4.splat(x)), 0);
}

/** The derivative of gelu: Phi(x) + x e^(-x^2 / 2) / sqrt(2 pi). */
// @ts-ignore: decorator
@inline
export function geluDerivative(x: v128): v128 {
  const density = expLowv(f32x4.mul(f32x4.mul(x, x), splat(minusHalf)));
  return fma(f32x4.mul(x, splat(densityAt0)), density, normalCdf(x));
}

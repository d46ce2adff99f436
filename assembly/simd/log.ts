import { minusHalf, one, splat } from "./constant";
import { fma } from "./fma";

const leastNormal = memory.data<f32>([1.1754943508222875e-38]);
const intoNormal = memory.data<f32>([8388608]);
const shift = memory.data<i32>([-23]);
const nan = memory.data<f32>([<f32>NaN]);
const infinity = memory.data<f32>([<f32>Infinity]);
const minusInfinity = memory.data<f32>([<f32>-Infinity]);
const sqrtHalf = memory.data<i32>([0x3f3504f3]);
const fraction = memory.data<i32>([0x7fffff]);
const ln2High = memory.data<f32>([0.693359375]);
const ln2Low = memory.data<f32>([-2.12194440e-4]);
/** p, from its highest power down. */
const p7 = memory.data<f32>([-7.63438418507576e-2]);
const p6 = memory.data<f32>([0.1276542693376541]);
const p5 = memory.data<f32>([-0.13162004947662354]);
const p4 = memory.data<f32>([0.14201368391513824]);
const p3 = memory.data<f32>([-0.1662314385175705]);
const p2 = memory.data<f32>([0.20001235604286194]);
const p1 = memory.data<f32>([-0.2500082552433014]);
const p0 = memory.data<f32>([0.3333333134651184]);

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
  const tiny = f32x4.lt(x, splat(leastNormal));
  const normal = v128.bitselect(f32x4.mul(x, splat(intoNormal)), x, tiny);
  let y = logNormal(normal, v128.and(tiny, splat(shift)));
  y = v128.bitselect(y, splat(nan), f32x4.ge(x, f32x4.splat(0)));
  y = v128.bitselect(splat(minusInfinity), y, f32x4.eq(x, f32x4.splat(0)));
  return v128.bitselect(x, y, f32x4.eq(x, splat(infinity)));
}

/** ln x + scale ln 2 for a positive normal x, scale an integer. */
// @ts-ignore: decorator
@inline
function logNormal(x: v128, scale: v128): v128 {
  const offset = i32x4.sub(x, splat(sqrtHalf));
  const k = f32x4.convert_i32x4_s(i32x4.add(i32x4.shr_s(offset, 23), scale));
  const f = f32x4.sub(i32x4.add(v128.and(offset, splat(fraction)), splat(sqrtHalf)), splat(one));
  return logNear(f, k);
}

/** ln(1 + f) + k ln 2 for 1 + f in [sqrt(1/2), sqrt(2)). */
// @ts-ignore: decorator
@inline
export function logNear(f: v128, k: v128): v128 {
  let p = fma(f, splat(p7), splat(p6));
  p = fma(p, f, splat(p5));
  p = fma(p, f, splat(p4));
  p = fma(p, f, splat(p3));
  p = fma(p, f, splat(p2));
  p = fma(p, f, splat(p1));
  p = fma(p, f, splat(p0));
  const square = f32x4.mul(f, f);
  const y = fma(f32x4.mul(p, f), square, f32x4.mul(k, splat(ln2Low)));
  return fma(k, splat(ln2High), f32x4.add(f, fma(square, splat(minusHalf), y)));
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
  const u = f32x4.add(splat(one), z);
  return f32x4.add(logNormal(u, i32x4.splat(0)), f32x4.div(f32x4.sub(z, f32x4.sub(u, splat(one))), u));
}

const nearLeast = memory.data<f32>([-0.29289322]);
const nearMost = memory.data<f32>([0.41421354]);

/**
 * ln(1 + x) for every x: near 0 by the series of `logv` without forming 1 + x, else with the rounding of 1 + x made good.
 * Measured against float64: 2.8 units of the last digit over all numbers. -1 gives -Infinity, less NaN; Infinity and NaN stay.
 * Held by test/assembly/special.test.ts.
 */
// @ts-ignore: decorator
@inline
export function log1pAllv(x: v128): v128 {
  const u = f32x4.add(splat(one), x);
  const lost = f32x4.div(f32x4.sub(x, f32x4.sub(u, splat(one))), u);
  const finite = v128.and(f32x4.gt(u, f32x4.splat(0)), f32x4.lt(u, splat(infinity)));
  const far = f32x4.add(logv(u), v128.and(lost, finite));
  const isNear = v128.and(f32x4.gt(x, splat(nearLeast)), f32x4.lt(x, splat(nearMost)));
  return v128.bitselect(logNear(x, f32x4.splat(0)), far, isNear);
}

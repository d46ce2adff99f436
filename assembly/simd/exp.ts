import { one, shifter, splat } from "./constant";
import { fma } from "./fma";
import { hsum } from "./hsum";
import { loadLanes, storeLanes } from "./lanes";

const largest = memory.data<f32>([89]);
const least = memory.data<f32>([-104]);
const leastMinusOne = memory.data<f32>([-20]);
const leastLow = memory.data<f32>([-88]);
const log2e = memory.data<f32>([1.4426950408889634]);
const ln2High = memory.data<f32>([-0.693359375]);
const ln2Low = memory.data<f32>([2.12194440e-4]);
/** p, from its highest power down. */
const p4 = memory.data<f32>([1.3814539415761828e-3]);
const p3 = memory.data<f32>([8.36874544620514e-3]);
const p2 = memory.data<f32>([4.166838899254799e-2]);
const p1 = memory.data<f32>([0.1666652113199234]);
const p0 = memory.data<f32>([0.4999999403953552]);
const exponentBias = memory.data<i32>([127 << 23]);

/**
 * e^x on four float32 lanes.
 *
 * Method: n = round(x / ln 2), r = x - n ln 2 in two parts (Cody and Waite 1980), e^r = 1 + r + r^2 p(r) with p of degree 4,
 * then a scaling by 2^n. Constants: the parts of ln 2 are its leading 12 bits and the rest; p is a minimax fit (Lawson's
 * iteration, float64) of the relative error on |r| <= ln(2) / 2, 3.1e-9 there before rounding.
 * Measured against float64: relative 1.0e-7 wherever the result is normal; below, the result is a denormal number or 0, off by
 * at most one unit. Overflow gives Infinity, -Infinity gives 0, NaN stays NaN. Held by test/assembly/vector-math.test.ts.
 */
// @ts-ignore: decorator
@inline
export function expv(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, splat(largest)), splat(least));
  const n = expExponent(bounded);
  // What underflows altogether becomes 0 before the scaling: a masked logit must not cost the processor's slow denormal path.
  const fraction = v128.andnot(expFraction(bounded, n), f32x4.lt(x, splat(least)));
  // 2^n may lie outside the normal numbers, so that the scaling takes two steps.
  const half = i32x4.shr_u(n, 1);
  return f32x4.mul(f32x4.mul(fraction, power2(half)), power2(i32x4.sub(n, half)));
}

/**
 * e^x for x of at most 88, as of a number less the largest of its row, in two thirds of the instructions: what would be below 2^-126 is 0,
 * and x in [-87.68, -87.33] may give either. Above that the bits of `expv`; NaN stays NaN. Held by test/assembly/softmax.test.ts.
 */
// @ts-ignore: decorator
@inline
export function expLowv(x: v128): v128 {
  // n of the bound is -127, whose power is 0.
  const bounded = f32x4.pmax(x, splat(leastLow));
  const n = expExponent(bounded);
  return f32x4.mul(expFraction(bounded, n), power2(n));
}

/** The same by a call, for the last lanes of a row. */
export function expLowLast(x: v128): v128 {
  return expLowv(x);
}

/**
 * y = e^(x - shift) of x[0..n], the bits of `expLowv`; answers their sum. y moves on by `step` bytes a vector: 16, or 0 where the sum alone is
 * needed, and then has room for one. y may be x. The constants lie in registers: to load them where they are used takes 1.6 times as long.
 */
export function expRow(x: usize, y: usize, step: usize, shift: f32, n: i32): f32 {
  const s = f32x4.splat(shift), low = splat(leastLow), scale = splat(log2e), shifts = splat(shifter);
  const high = splat(ln2High), rest = splat(ln2Low);
  const c4 = splat(p4), c3 = splat(p3), c2 = splat(p2), c1 = splat(p1), c0 = splat(p0), unit = splat(one);
  let sum = f32x4.splat(0);
  for (; n >= 4; n -= 4, x += 16, y += step) {
    const bounded = f32x4.pmax(f32x4.sub(v128.load(x), s), low);
    const k = fma(bounded, scale, shifts);
    const e = f32x4.mul(fraction(bounded, f32x4.sub(k, shifts), high, rest, c4, c3, c2, c1, c0, unit), power2(k));
    v128.store(y, e);
    sum = f32x4.add(sum, e);
  }
  if (n > 0) {
    const e = expLowLast(f32x4.sub(loadLanes(x, n, -Infinity), s));
    storeLanes(y, e, n);
    sum = f32x4.add(sum, e);
  }
  return hsum(sum);
}

/** e^x, the same bits as a lane of `expv`. */
// @ts-ignore: decorator
@inline
export function expf(x: f32): f32 {
  return f32x4.extract_lane(expv(f32x4.splat(x)), 0);
}

/**
 * e^x - 1 on four float32 lanes: with x = n ln 2 + r as in `expv`, 2^n (e^r - 1) + (2^n - 1), e^r - 1 without its first term.
 * Measured against float64: 1.6 units of the last digit over all numbers. Infinity stays, -Infinity gives -1, NaN stays NaN, -0 gives 0.
 * Held by test/assembly/special.test.ts.
 */
// @ts-ignore: decorator
@inline
export function expm1v(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.pmin(x, splat(largest)), splat(leastMinusOne));
  const k = expExponent(bounded);
  const n = f32x4.sub(k, splat(shifter));
  const r = fma(n, splat(ln2Low), fma(n, splat(ln2High), bounded));
  const p = fma(fma(fma(fma(r, splat(p4), splat(p3)), r, splat(p2)), r, splat(p1)), r, splat(p0));
  const rest = fma(f32x4.mul(p, r), r, r);
  // 2^n may be too large, so that the scaling takes two steps.
  const half = power2(i32x4.sub(k, i32x4.splat(1)));
  return f32x4.mul(f32x4.splat(2), fma(half, rest, f32x4.sub(half, f32x4.splat(0.5))));
}

/** round(x / ln 2) + `shifter`, as float32: the exponent n in the form that `expFraction` and `power2` take. */
// @ts-ignore: decorator
@inline
function expExponent(x: v128): v128 {
  return fma(x, splat(log2e), splat(shifter));
}

/** e^(x - n ln 2), in [sqrt(1/2), sqrt(2)] or a rounding beyond. */
// @ts-ignore: decorator
@inline
function expFraction(x: v128, exponent: v128): v128 {
  const n = f32x4.sub(exponent, splat(shifter));
  return fraction(x, n, splat(ln2High), splat(ln2Low), splat(p4), splat(p3), splat(p2), splat(p1), splat(p0), splat(one));
}

// @ts-ignore: decorator
@inline
function fraction(
  x: v128, n: v128, high: v128, low: v128, c4: v128, c3: v128, c2: v128, c1: v128, c0: v128, unit: v128,
): v128 {
  const r = fma(n, low, fma(n, high, x));
  const p = fma(fma(fma(fma(r, c4, c3), r, c2), r, c1), r, c0);
  return fma(fma(p, r, unit), r, unit);
}

/** 2^n for n in -127 (gives 0) to 128 (gives Infinity), n in the low bits of the lanes. */
// @ts-ignore: decorator
@inline
export function power2(n: v128): v128 {
  return i32x4.add(i32x4.shl(n, 23), splat(exponentBias));
}

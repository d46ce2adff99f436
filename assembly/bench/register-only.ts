import { fma } from "../simd/fma";

/**
 * An accumulator's next value, in a form from which no compiler can take the product out of the loop. The baseline then waits for the
 * multiplication too, so that its limit is a little higher than what this shows.
 */
// @ts-ignore: decorator
@inline
function step(c: v128, b: v128, s: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? fma(b, s, c) : fma(c, b, s);
}

/** The limit: k steps of 12 multiply-adds in registers, for b = s = 0.6, say. Returns a value that needs them all. */
export function registerOnly(k: i32, bValue: f32, sValue: f32): f32 {
  const b = f32x4.splat(bValue), s = f32x4.splat(sValue);
  let c0 = s, c1 = step(c0, b, s), c2 = step(c1, b, s), c3 = step(c2, b, s), c4 = step(c3, b, s), c5 = step(c4, b, s);
  let c6 = step(c5, b, s), c7 = step(c6, b, s), c8 = step(c7, b, s), c9 = step(c8, b, s), c10 = step(c9, b, s), c11 = step(c10, b, s);
  for (; k > 0; k--) {
    c0 = step(c0, b, s), c1 = step(c1, b, s), c2 = step(c2, b, s), c3 = step(c3, b, s), c4 = step(c4, b, s), c5 = step(c5, b, s);
    c6 = step(c6, b, s), c7 = step(c7, b, s), c8 = step(c8, b, s), c9 = step(c9, b, s), c10 = step(c10, b, s), c11 = step(c11, b, s);
  }
  const low = f32x4.add(f32x4.add(f32x4.add(c0, c1), f32x4.add(c2, c3)), f32x4.add(c4, c5));
  const high = f32x4.add(f32x4.add(f32x4.add(c6, c7), f32x4.add(c8, c9)), f32x4.add(c10, c11));
  return f32x4.extract_lane(f32x4.add(low, high), 0);
}

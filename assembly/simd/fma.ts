/**
 * a * b + c on four float32 lanes: one rounding in the relaxed variant where the processor has FMA, two in the baseline.
 * The only function whose result may differ between variants and machines.
 */
// @ts-ignore: decorator
@inline
export function fma(a: v128, b: v128, c: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(a, b, c);
  return f32x4.add(f32x4.mul(a, b), c);
}

/** 2 for the variant `wide`, 1 for `relaxed`, 0 for `simd`. */
export function variant(): i32 {
  return ASC_WIDE ? 2 : ASC_FEATURE_RELAXED_SIMD ? 1 : 0;
}

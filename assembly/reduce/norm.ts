/**
 * y[0] = sqrt(sum of x[i]^2, i < n). x [n], y [1], float32. Overwrites y. No alignment needed.
 * The squares are added in float64, in an order that depends on n alone: nothing overflows that the result does not.
 */
export function norm(x: usize, y: usize, n: i32): void {
  let s0 = f64x2.splat(0);
  let s1 = s0;
  let s2 = s0;
  let s3 = s0;
  let left = n;
  for (; left >= 8; left -= 8, x += 32) {
    s0 = f64x2.add(s0, squares(x));
    s1 = f64x2.add(s1, squares(x + 8));
    s2 = f64x2.add(s2, squares(x + 16));
    s3 = f64x2.add(s3, squares(x + 24));
  }
  const s = f64x2.add(f64x2.add(s0, s1), f64x2.add(s2, s3));
  let sum = f64x2.extract_lane(s, 0) + f64x2.extract_lane(s, 1);
  for (; left > 0; left--, x += 4) sum += <f64>load<f32>(x) * <f64>load<f32>(x);
  store<f32>(y, <f32>Math.sqrt(sum));
}

/** x[0]^2 and x[1]^2, exact in float64. */
// @ts-ignore: decorator
@inline
function squares(x: usize): v128 {
  const pair = f64x2.promote_low_f32x4(v128.load64_zero(x));
  return f64x2.mul(pair, pair);
}

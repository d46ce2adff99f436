/**
 * y[i] = value, i < n. Overwrites y. No alignment needed.
 */
export function fill(y: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value);
  let i: i32 = 0;
  for (; i + 4 <= n; i += 4) v128.store(y + ((<usize>i) << 2), v);
  for (; i < n; i++) store<f32>(y + ((<usize>i) << 2), value);
}

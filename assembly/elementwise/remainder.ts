/**
 * y[i] = a[i] - b[i] floor(a[i] / b[i]), i < n, with the sign of b: of float32 exact, NaN for b = 0; with integer 1 of int32, and 0 for b = 0.
 * a, b, y [n]. Overwrites y, which may be a or b itself.
 */
export function remainder(a: usize, b: usize, y: usize, integer: i32, n: i32): void {
  for (let i = 0; i < n; i++, a += 4, b += 4, y += 4) {
    if (integer) store<i32>(y, whole(load<i32>(a), load<i32>(b)));
    else store<f32>(y, real(load<f32>(a), load<f32>(b)));
  }
}

function whole(a: i32, b: i32): i32 {
  if (b == 0) return 0;
  const r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

function real(a: f32, b: f32): f32 {
  const r = a % b;
  return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

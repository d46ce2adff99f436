/** Additions that a float32 lane takes before it is emptied into float64: a sum's error does not grow with its length. */
const BLOCK: i32 = 16;

/** The sum of x[0 .. n), in one fixed order, blocks in float32 and their sums in float64. */
export function sumRow(x: usize, n: i32): f64 {
  let total: f64 = 0;
  let left = n;
  while (left >= 16) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const steps = min(left >> 4, BLOCK);
    for (let k = 0; k < steps; k++, x += 64) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    const pair = f64x2.add(low(s), high(s));
    total += f64x2.extract_lane(pair, 0) + f64x2.extract_lane(pair, 1);
    left -= steps << 4;
  }
  for (; left > 0; left--, x += 4) total += <f64>load<f32>(x);
  return total;
}

/** y[i] += scale * sum of x[k * stride + i] over k < n, for i < width, with the error of `sumRow`. */
export function sumColumns(x: usize, y: usize, n: i32, stride: i32, width: i32, scale: f64): void {
  for (; width >= 16; width -= 16, x += 64, y += 64) sum16Columns(x, y, n, stride, scale);
  for (; width >= 4; width -= 4, x += 16, y += 16) sum4Columns(x, y, n, stride, scale);
  for (; width > 0; width--, x += 4, y += 4) store<f32>(y, load<f32>(y) + <f32>(scale * sumColumn(x, n, stride)));
}

/** A cache line of columns. */
function sum16Columns(x: usize, y: usize, n: i32, stride: i32, scale: f64): void {
  const step = (<usize>stride) << 2;
  const zero = f32x4.splat(0);
  let t0 = zero;
  let t1 = zero;
  let t2 = zero;
  let t3 = zero;
  let t4 = zero;
  let t5 = zero;
  let t6 = zero;
  let t7 = zero;
  for (let left = n; left > 0; left -= BLOCK) {
    let s0 = zero;
    let s1 = zero;
    let s2 = zero;
    let s3 = zero;
    for (let k = min(left, BLOCK); k > 0; k--, x += step) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    t0 = f64x2.add(t0, low(s0));
    t1 = f64x2.add(t1, high(s0));
    t2 = f64x2.add(t2, low(s1));
    t3 = f64x2.add(t3, high(s1));
    t4 = f64x2.add(t4, low(s2));
    t5 = f64x2.add(t5, high(s2));
    t6 = f64x2.add(t6, low(s3));
    t7 = f64x2.add(t7, high(s3));
  }
  addTo(y, t0, t1, scale);
  addTo(y + 16, t2, t3, scale);
  addTo(y + 32, t4, t5, scale);
  addTo(y + 48, t6, t7, scale);
}

function sum4Columns(x: usize, y: usize, n: i32, stride: i32, scale: f64): void {
  const step = (<usize>stride) << 2;
  const zero = f32x4.splat(0);
  let t0 = zero;
  let t1 = zero;
  for (let left = n; left > 0; left -= BLOCK) {
    let s = zero;
    for (let k = min(left, BLOCK); k > 0; k--, x += step) s = f32x4.add(s, v128.load(x));
    t0 = f64x2.add(t0, low(s));
    t1 = f64x2.add(t1, high(s));
  }
  addTo(y, t0, t1, scale);
}

function sumColumn(x: usize, n: i32, stride: i32): f64 {
  const step = (<usize>stride) << 2;
  let total: f64 = 0;
  for (let left = n; left > 0; left -= BLOCK) {
    let s: f32 = 0;
    for (let k = min(left, BLOCK); k > 0; k--, x += step) s += load<f32>(x);
    total += <f64>s;
  }
  return total;
}

// @ts-ignore: decorator
@inline
function low(v: v128): v128 {
  return f64x2.promote_low_f32x4(v);
}

// @ts-ignore: decorator
@inline
function high(v: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f32>(v, v, 2, 3, 0, 1));
}

// @ts-ignore: decorator
@inline
function addTo(y: usize, t0: v128, t1: v128, scale: f64): void {
  const factor = f64x2.splat(scale);
  const low = f32x4.demote_f64x2_zero(f64x2.mul(t0, factor));
  const high = f32x4.demote_f64x2_zero(f64x2.mul(t1, factor));
  v128.store(y, f32x4.add(v128.load(y), v128.shuffle<f32>(low, high, 0, 1, 4, 5)));
}

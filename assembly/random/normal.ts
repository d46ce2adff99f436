import { fma } from "../simd/fma";
import { logv } from "../simd/log";
import { storeLanes } from "../simd/lanes";
import { block0, block1, block2, block3, nextBlocks } from "./blocks";

/**
 * Normal numbers by the method of Box and Muller (1958). Elements 2 i and 2 i + 1 are a pair, made of the words a = w[2 i] and
 * b = w[2 i + 1], where w[j] is word j mod 4 of the Philox block at counter + floor(j / 4) (see blocks.ts; the counter's upper 64
 * bits start at 0):
 *
 *   u = (a + 1) / 2^32 in (0, 1],   r = sqrt(-2 ln u),   theta = 2 pi b / 2^32,
 *   y[2 i] = mean + std r cos theta,   y[2 i + 1] = mean + std r sin theta.
 *
 * a is rounded to float32 before 1 is added. |r| <= 6.66. y [n], n any (an odd n drops the last sine). Overwrites y.
 * No alignment needed.
 */
export function randomNormal(
  y: usize, n: i32, key0: u32, key1: u32, counter0: u32, counter1: u32, mean: f32, std: f32,
): void {
  const meanv = f32x4.splat(mean);
  const stdv = f32x4.splat(std);
  for (let i: i32 = 0; i < n; i += 16) {
    nextBlocks(i >> 2, key0, key1, counter0, counter1, 0, 0);
    const p = y + ((<usize>i) << 2);
    storePairs(p, block0, block1, meanv, stdv, n - i);
    if (n - i > 8) storePairs(p + 32, block2, block3, meanv, stdv, n - i - 8);
  }
}

/** Stores the first `left` of the eight normal numbers of the words of two blocks. */
function storePairs(p: usize, first: v128, second: v128, mean: v128, std: v128, left: i32): void {
  const a = i32x4.shuffle(first, second, 0, 2, 4, 6);
  const b = i32x4.shuffle(first, second, 1, 3, 5, 7);
  const u = f32x4.mul(f32x4.add(f32x4.convert_i32x4_u(a), f32x4.splat(1)), f32x4.splat(1.0 / 4294967296));
  const r = f32x4.mul(std, f32x4.sqrt(f32x4.mul(f32x4.splat(-2), logv(u))));

  // The nearest quarter turn, and the rest of the angle, in [-pi/4, pi/4]: exact, as both are integers.
  const quarter = i32x4.shr_u(i32x4.add(b, i32x4.splat(1 << 29)), 30);
  const rest = f32x4.convert_i32x4_s(i32x4.sub(b, i32x4.shl(quarter, 30)));
  const t = f32x4.mul(rest, f32x4.splat(<f32>(Math.PI / 2147483648)));
  const sin = sineNear0(t);
  const cos = cosineNear0(t);
  // An odd quarter swaps sine and cosine; quarters 1, 2 turn the cosine's sign, 2, 3 the sine's.
  const odd = i32x4.ne(v128.and(quarter, i32x4.splat(1)), i32x4.splat(0));
  const cosSign = i32x4.shl(i32x4.add(quarter, i32x4.splat(1)), 30);
  const sinSign = i32x4.shl(quarter, 30);
  const x = fma(r, flip(v128.bitselect(sin, cos, odd), cosSign), mean);
  const y = fma(r, flip(v128.bitselect(cos, sin, odd), sinSign), mean);

  storeLanes(p, i32x4.shuffle(x, y, 0, 4, 1, 5), left);
  if (left > 4) storeLanes(p + 16, i32x4.shuffle(x, y, 2, 6, 3, 7), left - 4);
}

/** v with its sign turned in the lanes whose word in `sign` has the highest bit set. */
// @ts-ignore: decorator
@inline
function flip(v: v128, sign: v128): v128 {
  return v128.xor(v, v128.and(sign, i32x4.splat(i32.MIN_VALUE)));
}

// Taylor series on [-pi/4, pi/4]: the first term left out is below 1.8e-9 (sine) and 2.5e-8 (cosine), less than half a unit in
// the last place of the largest values there. test/assembly/random.test.ts holds the normal numbers to 1e-6 of float64's.

// @ts-ignore: decorator
@inline
function sineNear0(t: v128): v128 {
  const s = f32x4.mul(t, t);
  let q = fma(s, f32x4.splat(<f32>(1.0 / 362880)), f32x4.splat(<f32>(-1.0 / 5040)));
  q = fma(q, s, f32x4.splat(<f32>(1.0 / 120)));
  q = fma(q, s, f32x4.splat(<f32>(-1.0 / 6)));
  return fma(f32x4.mul(q, s), t, t);
}

// @ts-ignore: decorator
@inline
function cosineNear0(t: v128): v128 {
  const s = f32x4.mul(t, t);
  let q = fma(s, f32x4.splat(<f32>(1.0 / 40320)), f32x4.splat(<f32>(-1.0 / 720)));
  q = fma(q, s, f32x4.splat(<f32>(1.0 / 24)));
  q = fma(q, s, f32x4.splat(-0.5));
  return fma(q, s, f32x4.splat(1));
}

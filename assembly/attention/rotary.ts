import { fma } from "../simd/fma";
import { loadLanes, storeLanes } from "../simd/lanes";

const alternating = memory.data<f32>([-0.0, 0, -0.0, 0]);

/**
 * Rotary position embedding (Su et al. 2021, "RoFormer"). In each of the first `heads` stretches of D elements of a row, pair i turns by
 * the angle of its position t,
 *
 *   y1 = x1 cos - x2 sin,   y2 = x2 cos + x1 sin,
 *
 * its members x1, x2 being elements i and D/2 + i of the stretch, or, interleaved, 2 i and 2 i + 1. `inverse` turns back, which is the
 * backward pass. What lies behind the stretches is copied. x, y [B, T, cols], heads D <= cols, D even; table [T, D]: a row holds the
 * cosines of the D/2 angles of a position, then their sines. Overwrites y, which may alias x. No alignment needed.
 */
export function rotary(
  x: usize, table: usize, y: usize, B: i32, T: i32, cols: i32, heads: i32, D: i32, interleaved: i32, inverse: i32,
): void {
  const head = (<usize>D) << 2;
  const rest = (<usize>(cols - heads * D)) << 2;
  const sign = f32x4.splat(inverse ? -1 : 1);
  for (let b: i32 = 0; b < B; b++) {
    let angles = table;
    for (let t: i32 = 0; t < T; t++, angles += head) {
      for (let h: i32 = 0; h < heads; h++, x += head, y += head) {
        if (interleaved) turnNeighbors(x, angles, y, D, sign);
        else turnHalves(x, angles, y, D >> 1, sign);
      }
      if (rest > 0 && x != y) memory.copy(y, x, rest);
      x += rest;
      y += rest;
    }
  }
}

/** One head whose pairs are n apart. */
function turnHalves(x: usize, cos: usize, y: usize, n: i32, sign: v128): void {
  const half = (<usize>n) << 2;
  for (; n >= 4; n -= 4, x += 16, cos += 16, y += 16) turnLanes(x, cos, y, half, sign, 4);
  if (n) turnLanes(x, cos, y, half, sign, n);
}

// @ts-ignore: decorator
@inline
function turnLanes(x: usize, cos: usize, y: usize, half: usize, sign: v128, n: i32): void {
  const x1 = loadLanes(x, n), x2 = loadLanes(x + half, n);
  const c = loadLanes(cos, n), s = f32x4.mul(loadLanes(cos + half, n), sign);
  storeLanes(y, f32x4.sub(f32x4.mul(x1, c), f32x4.mul(x2, s)), n);
  storeLanes(y + half, fma(x2, c, f32x4.mul(x1, s)), n);
}

/** One head of D elements whose pairs are neighbors. */
function turnNeighbors(x: usize, cos: usize, y: usize, D: i32, sign: v128): void {
  const half = (<usize>D) << 1;
  // A minus for the first of each pair.
  const signs = v128.xor(sign, v128.load(alternating));
  for (; D >= 4; D -= 4, x += 16, cos += 8, y += 16) turnPairs(x, cos, y, half, signs, 4);
  if (D) turnPairs(x, cos, y, half, signs, D);
}

// @ts-ignore: decorator
@inline
function turnPairs(x: usize, cos: usize, y: usize, half: usize, signs: v128, n: i32): void {
  const v = loadLanes(x, n);
  const c = n == 4 ? v128.load64_zero(cos) : v128.load32_zero(cos);
  const s = n == 4 ? v128.load64_zero(cos + half) : v128.load32_zero(cos + half);
  const turned = f32x4.mul(i32x4.shuffle(v, v, 1, 0, 3, 2), f32x4.mul(i32x4.shuffle(s, s, 0, 0, 1, 1), signs));
  storeLanes(y, fma(v, i32x4.shuffle(c, c, 0, 0, 1, 1), turned), n);
}

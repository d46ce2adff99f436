import { storeLanes } from "../simd/lanes";
import { loadStrided } from "../simd/strided";

/**
 * y[i] = condition[i] != 0 ? a[i] : b[i], i over the contiguous [d0, d1, d2, d3] of y. condition float32 (NaN is not 0); a, b, y: 4-byte
 * elements of one type. cs*, as*, bs*: strides of the operands in elements, 0 where they repeat, of either sign. Overwrites y, which may
 * be an operand that is contiguous too. No alignment needed.
 */
export function where(
  condition: usize, a: usize, b: usize, y: usize,
  d0: i32, d1: i32, d2: i32, d3: i32,
  cs0: i32, cs1: i32, cs2: i32, cs3: i32,
  as0: i32, as1: i32, as2: i32, as3: i32,
  bs0: i32, bs1: i32, bs2: i32, bs3: i32,
): void {
  // Inner dimensions that all operands walk evenly become one, so that runs are long.
  for (let k = 0; k < 3; k++) {
    if (d3 != 1 && d2 != 1 && (cs2 != d3 * cs3 || as2 != d3 * as3 || bs2 != d3 * bs3)) break;
    if (d3 == 1) {
      cs3 = cs2;
      as3 = as2;
      bs3 = bs2;
    }
    d3 *= d2;
    d2 = d1; cs2 = cs1; as2 = as1; bs2 = bs1;
    d1 = d0; cs1 = cs0; as1 = as0; bs1 = bs0;
    d0 = 1;
  }
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      for (let i2 = 0; i2 < d2; i2++) {
        const cRun = condition + ((<usize>(i0 * cs0 + i1 * cs1 + i2 * cs2)) << 2);
        const aRun = a + ((<usize>(i0 * as0 + i1 * as1 + i2 * as2)) << 2);
        const bRun = b + ((<usize>(i0 * bs0 + i1 * bs1 + i2 * bs2)) << 2);
        select(cRun, cs3, aRun, as3, bRun, bs3, y, d3);
        y += (<usize>d3) << 2;
      }
    }
  }
}

function select(c: usize, cs: i32, a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  if (cs == 1 && as == 1 && bs == 1) loop(c, 1, a, 1, b, 1, y, n);
  else loop(c, cs, a, as, b, bs, y, n);
}

// @ts-ignore: decorator
@inline
function loop(c: usize, cs: i32, a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  const cStep = (<usize>cs) << 4;
  const aStep = (<usize>as) << 4;
  const bStep = (<usize>bs) << 4;
  let left = n;
  for (; left >= 4; left -= 4, c += cStep, a += aStep, b += bStep, y += 16) {
    v128.store(y, choose(loadStrided(c, cs, 4), loadStrided(a, as, 4), loadStrided(b, bs, 4)));
  }
  if (left > 0) storeLanes(y, choose(loadStrided(c, cs, left), loadStrided(a, as, left), loadStrided(b, bs, left)), left);
}

// @ts-ignore: decorator
@inline
function choose(condition: v128, a: v128, b: v128): v128 {
  return v128.bitselect(a, b, f32x4.ne(condition, f32x4.splat(0)));
}

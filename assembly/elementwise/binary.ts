import { storeLanes } from "../simd/lanes";
import { powv } from "../simd/scalar";
import { loadStrided } from "../simd/strided";
import { Binary } from "./ops";

/**
 * y[i0, i1, i2, i3] = f(a[i0, i1, i2, i3], b[i0, i1, i2, i3]), f as `binaryOps` of src/backend/kernels.ts says. y contiguous
 * [d0, d1, d2, d3], float32; as*, bs*: strides of the operands in elements, 0 where they repeat, of either sign. Overwrites y, which may
 * be an operand that is contiguous too. No alignment wanted.
 * maximum and minimum give NaN where an operand is; comparisons give 1 or 0, and of the comparisons only notEqual holds for NaN.
 */
export function binary(
  a: usize, b: usize, y: usize, op: i32,
  d0: i32, d1: i32, d2: i32, d3: i32,
  as0: i32, as1: i32, as2: i32, as3: i32,
  bs0: i32, bs1: i32, bs2: i32, bs3: i32,
): void {
  // Inner dimensions that both operands walk evenly become one, so that runs are long.
  for (let k = 0; k < 3; k++) {
    if (d3 != 1 && d2 != 1 && (as2 != d3 * as3 || bs2 != d3 * bs3)) break;
    if (d3 == 1) {
      as3 = as2;
      bs3 = bs2;
    }
    d3 *= d2;
    d2 = d1; as2 = as1; bs2 = bs1;
    d1 = d0; as1 = as0; bs1 = bs0;
    d0 = 1;
  }
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      for (let i2 = 0; i2 < d2; i2++) {
        const aRun = a + ((<usize>(i0 * as0 + i1 * as1 + i2 * as2)) << 2);
        const bRun = b + ((<usize>(i0 * bs0 + i1 * bs1 + i2 * bs2)) << 2);
        run(op, aRun, as3, bRun, bs3, y, d3);
        y += (<usize>d3) << 2;
      }
    }
  }
}

function run(op: i32, a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  switch (op) {
    case Binary.add: return zip(Binary.add, a, as, b, bs, y, n);
    case Binary.subtract: return zip(Binary.subtract, a, as, b, bs, y, n);
    case Binary.multiply: return zip(Binary.multiply, a, as, b, bs, y, n);
    case Binary.divide: return zip(Binary.divide, a, as, b, bs, y, n);
    case Binary.power: return zip(Binary.power, a, as, b, bs, y, n);
    case Binary.maximum: return zip(Binary.maximum, a, as, b, bs, y, n);
    case Binary.minimum: return zip(Binary.minimum, a, as, b, bs, y, n);
    case Binary.equal: return zip(Binary.equal, a, as, b, bs, y, n);
    case Binary.notEqual: return zip(Binary.notEqual, a, as, b, bs, y, n);
    case Binary.less: return zip(Binary.less, a, as, b, bs, y, n);
    case Binary.lessEqual: return zip(Binary.lessEqual, a, as, b, bs, y, n);
    case Binary.greater: return zip(Binary.greater, a, as, b, bs, y, n);
    case Binary.greaterEqual: return zip(Binary.greaterEqual, a, as, b, bs, y, n);
  }
}

/** Inlined with a constant `op`: a pair of loops for each. */
// @ts-ignore: decorator
@inline
function zip(op: Binary, a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  let left = n;
  if (as == 1 && bs == 1) {
    for (; left >= 4; left -= 4, a += 16, b += 16, y += 16) v128.store(y, value(op, v128.load(a), v128.load(b)));
  }
  const aStep = (<usize>as) << 4;
  const bStep = (<usize>bs) << 4;
  for (; left > 0; left -= 4, a += aStep, b += bStep, y += 16) {
    storeLanes(y, value(op, loadStrided(a, as, left), loadStrided(b, bs, left)), left);
  }
}

// @ts-ignore: decorator
@inline
function value(op: Binary, a: v128, b: v128): v128 {
  if (op == Binary.add) return f32x4.add(a, b);
  if (op == Binary.subtract) return f32x4.sub(a, b);
  if (op == Binary.multiply) return f32x4.mul(a, b);
  if (op == Binary.divide) return f32x4.div(a, b);
  if (op == Binary.power) return powv(a, b);
  if (op == Binary.maximum) return f32x4.max(a, b);
  if (op == Binary.minimum) return f32x4.min(a, b);
  return v128.and(comparison(op, a, b), f32x4.splat(1));
}

// @ts-ignore: decorator
@inline
function comparison(op: Binary, a: v128, b: v128): v128 {
  if (op == Binary.equal) return f32x4.eq(a, b);
  if (op == Binary.notEqual) return f32x4.ne(a, b);
  if (op == Binary.less) return f32x4.lt(a, b);
  if (op == Binary.lessEqual) return f32x4.le(a, b);
  if (op == Binary.greater) return f32x4.gt(a, b);
  return f32x4.ge(a, b);
}

import { storeLanes } from "../simd/lanes";
import { rest } from "../simd/rest";
import { loadStrided } from "../simd/strided";
import * as f from "./binary-ops";

/** The positions in `binaryOps` of src/backend/kernels.ts. */
const enum Binary {
  add,
  sub,
  mul,
  div,
  pow,
  maximum,
  minimum,
  equal,
  notEqual,
  less,
  lessEqual,
  greater,
  greaterEqual,
  addInt32,
  subInt32,
  mulInt32,
  maximumInt32,
  minimumInt32,
  equalInt32,
  notEqualInt32,
  lessInt32,
  lessEqualInt32,
  greaterInt32,
  greaterEqualInt32,
}

/**
 * y[i0, i1, i2, i3] = f(a[i0, i1, i2, i3], b[i0, i1, i2, i3]), f as `binaryOps` of src/backend/kernels.ts says. y contiguous
 * [d0, d1, d2, d3], float32; as*, bs*: strides of the operands in elements, 0 where they repeat, of either sign. Overwrites y, which may
 * be an operand that is contiguous too. No alignment needed.
 * The Int32 forms read int32; they write int32, wrapped around, or the 1 or 0 of a comparison in float32.
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
  const left = d3 & 3, whole = d3 - left;
  const aWhole = (<usize>(whole * as3)) << 2, bWhole = (<usize>(whole * bs3)) << 2, yWhole = (<usize>whole) << 2;
  for (let i0 = 0; i0 < d0; i0++) {
    for (let i1 = 0; i1 < d1; i1++) {
      for (let i2 = 0; i2 < d2; i2++) {
        const aRun = a + ((<usize>(i0 * as0 + i1 * as1 + i2 * as2)) << 2);
        const bRun = b + ((<usize>(i0 * bs0 + i1 * bs1 + i2 * bs2)) << 2);
        run(op, aRun, as3, bRun, bs3, y, d3);
        if (left) {
          v128.store(rest, loadStrided(aRun + aWhole, as3, left)), v128.store(rest, loadStrided(bRun + bWhole, bs3, left), 16);
          run(op, rest, 1, rest + 16, 1, rest, 4);
          storeLanes(y + yWhole, v128.load(rest), left);
        }
        y += (<usize>d3) << 2;
      }
    }
  }
}

/** The whole vectors of a run. */
function run(op: i32, a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  switch (op) {
    case Binary.add: return zip<f.Add>(a, as, b, bs, y, n);
    case Binary.sub: return zip<f.Subtract>(a, as, b, bs, y, n);
    case Binary.mul: return zip<f.Multiply>(a, as, b, bs, y, n);
    case Binary.div: return zip<f.Divide>(a, as, b, bs, y, n);
    case Binary.pow: return zip<f.Power>(a, as, b, bs, y, n);
    case Binary.maximum: return zip<f.Maximum>(a, as, b, bs, y, n);
    case Binary.minimum: return zip<f.Minimum>(a, as, b, bs, y, n);
    case Binary.equal: return zip<f.Equal>(a, as, b, bs, y, n);
    case Binary.notEqual: return zip<f.NotEqual>(a, as, b, bs, y, n);
    case Binary.less: return zip<f.Less>(a, as, b, bs, y, n);
    case Binary.lessEqual: return zip<f.LessEqual>(a, as, b, bs, y, n);
    case Binary.greater: return zip<f.Greater>(a, as, b, bs, y, n);
    case Binary.greaterEqual: return zip<f.GreaterEqual>(a, as, b, bs, y, n);
    case Binary.addInt32: return loop<f.AddInt32>(a, as, b, bs, y, n);
    case Binary.subInt32: return loop<f.SubtractInt32>(a, as, b, bs, y, n);
    case Binary.mulInt32: return loop<f.MultiplyInt32>(a, as, b, bs, y, n);
    case Binary.maximumInt32: return loop<f.MaximumInt32>(a, as, b, bs, y, n);
    case Binary.minimumInt32: return loop<f.MinimumInt32>(a, as, b, bs, y, n);
    case Binary.equalInt32: return loop<f.EqualInt32>(a, as, b, bs, y, n);
    case Binary.notEqualInt32: return loop<f.NotEqualInt32>(a, as, b, bs, y, n);
    case Binary.lessInt32: return loop<f.LessInt32>(a, as, b, bs, y, n);
    case Binary.lessEqualInt32: return loop<f.LessEqualInt32>(a, as, b, bs, y, n);
    case Binary.greaterInt32: return loop<f.GreaterInt32>(a, as, b, bs, y, n);
    case Binary.greaterEqualInt32: return loop<f.GreaterEqualInt32>(a, as, b, bs, y, n);
  }
}

/** The usual strides get loops of their own. */
function zip<F>(a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  if (as == 1 && bs == 1) loop<F>(a, 1, b, 1, y, n);
  else if (as == 1 && bs == 0) loop<F>(a, 1, b, 0, y, n);
  else if (as == 0 && bs == 1) loop<F>(a, 0, b, 1, y, n);
  else loop<F>(a, as, b, bs, y, n);
}

// @ts-ignore: decorator
@inline
function loop<F>(a: usize, as: i32, b: usize, bs: i32, y: usize, n: i32): void {
  const aStep = (<usize>as) << 4;
  const bStep = (<usize>bs) << 4;
  for (; n >= 4; n -= 4, a += aStep, b += bStep, y += 16) {
    v128.store(y, changetype<F>(0).value(loadStrided(a, as, 4), loadStrided(b, bs, 4)));
  }
}

import { one, splat } from "../simd/constant";
import { erfv } from "../simd/erf";
import { expm1v, expv } from "../simd/exp";
import { loadLanes, storeLanes } from "../simd/lanes";
import { log1pAllv } from "../simd/log";

/** The positions in `specialOps` of src/backend/kernels.ts. */
const enum Special {
  round,
  ceil,
  trunc,
  rsqrt,
  log1p,
  expm1,
  erf,
}

/** 2 / sqrt(pi). */
const erfSlope = memory.data<f32>([1.1283791670955126]);

/**
 * y[i] = f(x[i]), i < n, f as `specialOps` of src/backend/kernels.ts says: round takes the even one of two that are as near. x [n], y [n]
 * float32. Overwrites y, which may be x itself. No alignment needed. NaN stays NaN.
 * Accuracy: round, ceil, trunc and rsqrt as their instructions; the others in the headers of assembly/simd.
 */
export function special(x: usize, y: usize, op: i32, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, value(v128.load(x), op));
  if (n > 0) storeLanes(y, value(loadLanes(x, n), op), n);
}

function value(x: v128, op: i32): v128 {
  switch (op) {
    case Special.round: return f32x4.nearest(x);
    case Special.ceil: return f32x4.ceil(x);
    case Special.trunc: return f32x4.trunc(x);
    case Special.rsqrt: return f32x4.div(splat(one), f32x4.sqrt(x));
    case Special.log1p: return log1pAllv(x);
    case Special.expm1: return expm1v(x);
    default: return erfv(x);
  }
}

/**
 * dx[i] = dy[i] f'(x[i]), where y = f(x), i < n. x, y, dy, dx [n], float32. Overwrites dx, which may be dy itself. No alignment needed.
 *
 *     round, ceil, trunc  0            log1p  1 / (1 + x)      erf  2 / sqrt(pi) e^(-x^2)
 *     rsqrt               -y^3 / 2     expm1  1 + y
 */
export function specialBackward(x: usize, y: usize, dy: usize, dx: usize, op: i32, n: i32): void {
  for (; n >= 4; n -= 4, x += 16, y += 16, dy += 16, dx += 16) {
    v128.store(dx, gradient(v128.load(x), v128.load(y), v128.load(dy), op));
  }
  if (n > 0) storeLanes(dx, gradient(loadLanes(x, n), loadLanes(y, n), loadLanes(dy, n), op), n);
}

function gradient(x: v128, y: v128, dy: v128, op: i32): v128 {
  switch (op) {
    case Special.rsqrt: return f32x4.mul(dy, f32x4.mul(f32x4.splat(-0.5), f32x4.mul(y, f32x4.mul(y, y))));
    case Special.log1p: return f32x4.div(dy, f32x4.add(x, splat(one)));
    case Special.expm1: return f32x4.mul(dy, f32x4.add(y, splat(one)));
    case Special.erf: return f32x4.mul(dy, f32x4.mul(splat(erfSlope), expv(f32x4.neg(f32x4.mul(x, x)))));
    default: return f32x4.splat(0);
  }
}

import { fma } from "../simd/fma";
import { geluDerivative } from "../simd/gelu";
import { loadLanes, storeLanes } from "../simd/lanes";
import { cosv, sinv } from "../simd/scalar";
import { sigmoidDerivative, sigmoidv } from "../simd/sigmoid";
import { tanhDerivative, tanhv } from "../simd/tanh";
import { Unary } from "./ops";
import { powerOf, signv, tanhArgument } from "./unary";

/**
 * dx[i] = dy[i] f'(x[i]), where y = f(x), i < n. x, y, dy, dx [n], float32. Overwrites dx, which may be dy itself.
 *
 *     affine      a                      power     a x^(a - 1), 0 for a = 0   leakyRelu  1 where x > 0, else a
 *     abs         sign x, 0 at 0         sin       cos x                      gelu       Phi(x) + x phi(x)
 *     sign        0                      cos       -sin x                     geluTanh   (1 + t) / 2 + x (1 - t^2) u' / 2, t = tanh u
 *     exp         y                      tanh      1 - y^2                    silu       s (1 + x (1 - s)), s = sigmoid x
 *     log         1 / x                  sigmoid   y (1 - y)                  softplus   sigmoid x
 *     sqrt        1 / (2 y)              relu      0 where x <= 0, else 1     clamp      1 where a <= x <= b, else 0
 *     square      2 x                    floor     0
 *     reciprocal  -y^2
 *
 * The conversions have no derivative and write nothing. Source: the derivatives PyTorch takes at the corners.
 */
export function unaryBackward(x: usize, y: usize, dy: usize, dx: usize, op: i32, n: i32, a: f32, b: f32): void {
  switch (op) {
    case Unary.affine: return map(Unary.affine, x, y, dy, dx, n, a, b);
    case Unary.abs: return map(Unary.abs, x, y, dy, dx, n, a, b);
    case Unary.sign:
    case Unary.floor: return map(Unary.sign, x, y, dy, dx, n, a, b);
    case Unary.exp: return map(Unary.exp, x, y, dy, dx, n, a, b);
    case Unary.log: return map(Unary.log, x, y, dy, dx, n, a, b);
    case Unary.sqrt: return map(Unary.sqrt, x, y, dy, dx, n, a, b);
    case Unary.square: return map(Unary.square, x, y, dy, dx, n, a, b);
    case Unary.reciprocal: return map(Unary.reciprocal, x, y, dy, dx, n, a, b);
    case Unary.power: return map(Unary.power, x, y, dy, dx, n, a, b);
    case Unary.sin: return map(Unary.sin, x, y, dy, dx, n, a, b);
    case Unary.cos: return map(Unary.cos, x, y, dy, dx, n, a, b);
    case Unary.tanh: return map(Unary.tanh, x, y, dy, dx, n, a, b);
    case Unary.sigmoid: return map(Unary.sigmoid, x, y, dy, dx, n, a, b);
    case Unary.relu: return map(Unary.relu, x, y, dy, dx, n, a, b);
    case Unary.leakyRelu: return map(Unary.leakyRelu, x, y, dy, dx, n, a, b);
    case Unary.gelu: return map(Unary.gelu, x, y, dy, dx, n, a, b);
    case Unary.geluTanh: return map(Unary.geluTanh, x, y, dy, dx, n, a, b);
    case Unary.silu: return map(Unary.silu, x, y, dy, dx, n, a, b);
    case Unary.softplus: return map(Unary.softplus, x, y, dy, dx, n, a, b);
    case Unary.clamp: return map(Unary.clamp, x, y, dy, dx, n, a, b);
  }
}

/** Inlined with a constant `op`, of which the compiler keeps one branch: a loop for each. */
// @ts-ignore: decorator
@inline
function map(op: Unary, x: usize, y: usize, dy: usize, dx: usize, n: i32, a: f32, b: f32): void {
  const a4 = f32x4.splat(a);
  const b4 = f32x4.splat(b);
  for (let left = n; left > 0; left -= 4, x += 16, y += 16, dy += 16, dx += 16) {
    const operand = usesValue(op) ? loadLanes(y, left) : loadLanes(x, left);
    storeLanes(dx, gradient(op, operand, loadLanes(dy, left), a4, b4), left);
  }
}

/** Whether f' is computed from y rather than from x. */
// @ts-ignore: decorator
@inline
function usesValue(op: Unary): bool {
  return op == Unary.exp || op == Unary.sqrt || op == Unary.reciprocal || op == Unary.tanh || op == Unary.sigmoid;
}

/** dy f', from v: y where `usesValue` says so, else x. */
// @ts-ignore: decorator
@inline
function gradient(op: Unary, v: v128, dy: v128, a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (op == Unary.affine) return f32x4.mul(dy, a);
  if (op == Unary.sign) return zero;
  if (op == Unary.log) return f32x4.div(dy, v);
  if (op == Unary.sqrt) return f32x4.div(dy, f32x4.add(v, v));
  if (op == Unary.relu) return v128.andnot(dy, f32x4.le(v, zero));
  if (op == Unary.leakyRelu) return v128.bitselect(dy, f32x4.mul(a, dy), f32x4.gt(v, zero));
  if (op == Unary.clamp) return v128.and(dy, v128.and(f32x4.ge(v, a), f32x4.le(v, b)));
  return f32x4.mul(dy, derivative(op, v, a, one));
}

// @ts-ignore: decorator
@inline
function derivative(op: Unary, v: v128, a: v128, one: v128): v128 {
  if (op == Unary.abs) return signv(v);
  if (op == Unary.exp) return v;
  if (op == Unary.square) return f32x4.add(v, v);
  if (op == Unary.reciprocal) return f32x4.neg(f32x4.mul(v, v));
  if (op == Unary.power) return powerDerivative(v, a);
  if (op == Unary.sin) return cosv(v);
  if (op == Unary.cos) return f32x4.neg(sinv(v));
  if (op == Unary.tanh) return tanhDerivative(v);
  if (op == Unary.sigmoid) return sigmoidDerivative(v);
  if (op == Unary.gelu) return geluDerivative(v);
  if (op == Unary.geluTanh) return geluTanhDerivative(v);
  const s = sigmoidv(v);
  if (op == Unary.silu) return f32x4.mul(s, fma(v, f32x4.sub(one, s), one));
  return s;
}

/** a x^(a - 1); of x^0, 0 even where x is 0. */
function powerDerivative(x: v128, a: v128): v128 {
  if (f32x4.extract_lane(a, 0) == 0) return a;
  return f32x4.mul(a, powerOf(x, f32x4.sub(a, f32x4.splat(1))));
}

function geluTanhDerivative(x: v128): v128 {
  const half = f32x4.splat(0.5);
  const t = tanhv(tanhArgument(x));
  const slope = fma(f32x4.mul(x, x), f32x4.splat(3 * 0.7978845608028654 * 0.044715), f32x4.splat(0.7978845608028654));
  const inner = f32x4.mul(f32x4.mul(x, half), f32x4.mul(tanhDerivative(t), slope));
  return f32x4.add(fma(t, half, half), inner);
}

import { expv } from "../simd/exp";
import { fma } from "../simd/fma";
import { geluv } from "../simd/gelu";
import { loadLanes, storeLanes } from "../simd/lanes";
import { log1pv, logv } from "../simd/log";
import { cosv, powv, sinv } from "../simd/scalar";
import { sigmoidv } from "../simd/sigmoid";
import { tanhv } from "../simd/tanh";
import { Unary } from "./ops";

/**
 * y[i] = f(x[i]), i < n, f and its constants a, b as `unaryOps` of src/backend/kernels.ts says. x [n], y [n]: float32, but int32 for the
 * input of toFloat32 and the output of toInt32 (toward zero, saturating, NaN gives 0). Overwrites y, which may be x itself.
 * NaN stays NaN, save in sign, which gives 0 as in PyTorch. Accuracy: the headers of assembly/simd.
 */
export function unary(x: usize, y: usize, op: i32, n: i32, a: f32, b: f32): void {
  switch (op) {
    case Unary.affine: return map(Unary.affine, x, y, n, a, b);
    case Unary.abs: return map(Unary.abs, x, y, n, a, b);
    case Unary.sign: return map(Unary.sign, x, y, n, a, b);
    case Unary.exp: return map(Unary.exp, x, y, n, a, b);
    case Unary.log: return map(Unary.log, x, y, n, a, b);
    case Unary.sqrt: return map(Unary.sqrt, x, y, n, a, b);
    case Unary.square: return map(Unary.square, x, y, n, a, b);
    case Unary.reciprocal: return map(Unary.reciprocal, x, y, n, a, b);
    case Unary.power: return map(Unary.power, x, y, n, a, b);
    case Unary.sin: return map(Unary.sin, x, y, n, a, b);
    case Unary.cos: return map(Unary.cos, x, y, n, a, b);
    case Unary.tanh: return map(Unary.tanh, x, y, n, a, b);
    case Unary.sigmoid: return map(Unary.sigmoid, x, y, n, a, b);
    case Unary.relu: return map(Unary.relu, x, y, n, a, b);
    case Unary.leakyRelu: return map(Unary.leakyRelu, x, y, n, a, b);
    case Unary.gelu: return map(Unary.gelu, x, y, n, a, b);
    case Unary.geluTanh: return map(Unary.geluTanh, x, y, n, a, b);
    case Unary.silu: return map(Unary.silu, x, y, n, a, b);
    case Unary.softplus: return map(Unary.softplus, x, y, n, a, b);
    case Unary.clamp: return map(Unary.clamp, x, y, n, a, b);
    case Unary.floor: return map(Unary.floor, x, y, n, a, b);
    case Unary.toInt32: return map(Unary.toInt32, x, y, n, a, b);
    case Unary.toFloat32: return map(Unary.toFloat32, x, y, n, a, b);
  }
}

/** Inlined with a constant `op`, of which the compiler keeps one branch: a loop for each. */
// @ts-ignore: decorator
@inline
function map(op: Unary, x: usize, y: usize, n: i32, a: f32, b: f32): void {
  const a4 = f32x4.splat(a);
  const b4 = f32x4.splat(b);
  for (let left = n; left > 0; left -= 4, x += 16, y += 16) {
    storeLanes(y, value(op, loadLanes(x, left), a4, b4), left);
  }
}

// @ts-ignore: decorator
@inline
function value(op: Unary, x: v128, a: v128, b: v128): v128 {
  const zero = f32x4.splat(0);
  const one = f32x4.splat(1);
  if (op == Unary.affine) return fma(a, x, b);
  if (op == Unary.abs) return f32x4.abs(x);
  if (op == Unary.sign) return signv(x);
  if (op == Unary.exp) return expv(x);
  if (op == Unary.log) return logv(x);
  if (op == Unary.sqrt) return f32x4.sqrt(x);
  if (op == Unary.square) return f32x4.mul(x, x);
  if (op == Unary.reciprocal) return f32x4.div(one, x);
  if (op == Unary.power) return powerOf(x, a);
  if (op == Unary.sin) return sinv(x);
  if (op == Unary.cos) return cosv(x);
  if (op == Unary.tanh) return tanhv(x);
  if (op == Unary.sigmoid) return sigmoidv(x);
  // pmax and pmin keep their first operand where it is NaN.
  if (op == Unary.relu) return f32x4.pmax(x, zero);
  if (op == Unary.leakyRelu) return v128.bitselect(x, f32x4.mul(a, x), f32x4.gt(x, zero));
  if (op == Unary.gelu) return geluv(x);
  if (op == Unary.geluTanh) return f32x4.mul(x, tanhCdf(x));
  if (op == Unary.silu) return f32x4.mul(x, sigmoidv(x));
  if (op == Unary.softplus) return f32x4.add(f32x4.pmax(x, zero), log1pv(expv(f32x4.neg(f32x4.abs(x)))));
  if (op == Unary.clamp) return f32x4.pmin(f32x4.pmax(x, a), b);
  if (op == Unary.floor) return f32x4.floor(x);
  if (op == Unary.toInt32) return i32x4.trunc_sat_f32x4_s(x);
  return f32x4.convert_i32x4_s(x);
}

/** 1, 0 or -1. */
// @ts-ignore: decorator
@inline
export function signv(x: v128): v128 {
  const zero = f32x4.splat(0);
  return f32x4.sub(v128.and(f32x4.gt(x, zero), f32x4.splat(1)), v128.and(f32x4.lt(x, zero), f32x4.splat(1)));
}

/** x^a, a the same in every lane; the usual exponents quickly, 1/2 as the square root. */
export function powerOf(x: v128, a: v128): v128 {
  const exponent = f32x4.extract_lane(a, 0);
  if (exponent == 1) return x;
  if (exponent == 2) return f32x4.mul(x, x);
  if (exponent == 3) return f32x4.mul(f32x4.mul(x, x), x);
  if (exponent == 0.5) return f32x4.sqrt(x);
  if (exponent == -1) return f32x4.div(f32x4.splat(1), x);
  return powv(x, a);
}

/** sqrt(2 / pi) (x + 0.044715 x^3), the argument of the tanh approximation of gelu. */
// @ts-ignore: decorator
@inline
export function tanhArgument(x: v128): v128 {
  const cubic = fma(f32x4.mul(x, x), f32x4.splat(0.7978845608028654 * 0.044715), f32x4.splat(0.7978845608028654));
  return f32x4.mul(x, cubic);
}

/** (1 + tanh(argument)) / 2, which stands for the normal distribution function in the tanh approximation of gelu. */
// @ts-ignore: decorator
@inline
function tanhCdf(x: v128): v128 {
  return fma(tanhv(tanhArgument(x)), f32x4.splat(0.5), f32x4.splat(0.5));
}

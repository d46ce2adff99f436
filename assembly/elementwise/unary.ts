import { geluGradientRow, geluRow } from "../simd/gelu";
import { loadLanes, storeLanes } from "../simd/lanes";
import { rest } from "../simd/rest";
import * as f from "./unary-ops";

/** The positions in `unaryOps` of src/backend/kernels.ts. */
const enum Unary {
  affine,
  abs,
  sign,
  exp,
  log,
  sqrt,
  square,
  reciprocal,
  power,
  sin,
  cos,
  tanh,
  sigmoid,
  relu,
  leakyRelu,
  gelu,
  geluTanh,
  silu,
  softplus,
  clamp,
  floor,
  toInt32,
  toFloat32,
}

/**
 * y[i] = f(x[i]), i < n, f and its constants a, b as `unaryOps` of src/backend/kernels.ts says. x [n], y [n]: float32, but int32 for the
 * input of toFloat32 and the output of toInt32. Overwrites y, which may be x itself. No alignment needed.
 * NaN stays NaN, save in sign, which gives 0 as in PyTorch. Accuracy: the headers of assembly/simd.
 */
export function unary(x: usize, y: usize, op: i32, n: i32, a: f32, b: f32): void {
  apply(x, y, op, n, a, b);
  const left = n & 3;
  if (!left) return;
  const at = (<usize>(n - left)) << 2;
  v128.store(rest, loadLanes(x + at, left));
  apply(rest, rest, op, 4, a, b);
  storeLanes(y + at, v128.load(rest), left);
}

/** The whole vectors of unary. */
function apply(x: usize, y: usize, op: i32, n: i32, a: f32, b: f32): void {
  switch (op) {
    case Unary.affine: return map<f.Affine>(x, y, n, a, b);
    case Unary.abs: return map<f.Abs>(x, y, n, a, b);
    case Unary.sign: return map<f.Sign>(x, y, n, a, b);
    case Unary.exp: return map<f.Exp>(x, y, n, a, b);
    case Unary.log: return map<f.Log>(x, y, n, a, b);
    case Unary.sqrt: return map<f.Sqrt>(x, y, n, a, b);
    case Unary.square: return map<f.Square>(x, y, n, a, b);
    case Unary.reciprocal: return map<f.Reciprocal>(x, y, n, a, b);
    case Unary.power: return map<f.Power>(x, y, n, a, b);
    case Unary.sin: return map<f.Sin>(x, y, n, a, b);
    case Unary.cos: return map<f.Cos>(x, y, n, a, b);
    case Unary.tanh: return map<f.Tanh>(x, y, n, a, b);
    case Unary.sigmoid: return map<f.Sigmoid>(x, y, n, a, b);
    case Unary.relu: return map<f.Relu>(x, y, n, a, b);
    case Unary.leakyRelu: return map<f.LeakyRelu>(x, y, n, a, b);
    case Unary.gelu:
    case Unary.geluTanh: return geluRow(x, y, n, op == Unary.geluTanh);
    case Unary.silu: return map<f.Silu>(x, y, n, a, b);
    case Unary.softplus: return map<f.Softplus>(x, y, n, a, b);
    case Unary.clamp: return map<f.Clamp>(x, y, n, a, b);
    case Unary.floor: return map<f.Floor>(x, y, n, a, b);
    case Unary.toInt32: return map<f.ToInt32>(x, y, n, a, b);
    case Unary.toFloat32: return map<f.ToFloat32>(x, y, n, a, b);
  }
}

function map<F>(x: usize, y: usize, n: i32, a: f32, b: f32): void {
  const a4 = f32x4.splat(a);
  const b4 = f32x4.splat(b);
  for (; n >= 4; n -= 4, x += 16, y += 16) v128.store(y, changetype<F>(0).value(v128.load(x), a4, b4));
}

/**
 * dx[i] = dy[i] f'(x[i]), where y = f(x), i < n. x, y, dy, dx [n], float32. Overwrites dx, which may be dy itself. No alignment needed.
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
  applyGradient(x, y, dy, dx, op, n, a, b);
  const left = n & 3;
  if (!left || op > Unary.floor) return;
  const at = (<usize>(n - left)) << 2;
  v128.store(rest, loadLanes(x + at, left)), v128.store(rest, loadLanes(y + at, left), 16), v128.store(rest, loadLanes(dy + at, left), 32);
  applyGradient(rest, rest + 16, rest + 32, rest, op, 4, a, b);
  storeLanes(dx + at, v128.load(rest), left);
}

/** The whole vectors of unaryBackward. */
function applyGradient(x: usize, y: usize, dy: usize, dx: usize, op: i32, n: i32, a: f32, b: f32): void {
  switch (op) {
    case Unary.affine: return mapGradient<f.Affine>(x, dy, dx, n, a, b);
    case Unary.abs: return mapGradient<f.Abs>(x, dy, dx, n, a, b);
    case Unary.sign:
    case Unary.floor: return mapGradient<f.Sign>(x, dy, dx, n, a, b);
    case Unary.exp: return mapGradient<f.Exp>(y, dy, dx, n, a, b);
    case Unary.log: return mapGradient<f.Log>(x, dy, dx, n, a, b);
    case Unary.sqrt: return mapGradient<f.Sqrt>(y, dy, dx, n, a, b);
    case Unary.square: return mapGradient<f.Square>(x, dy, dx, n, a, b);
    case Unary.reciprocal: return mapGradient<f.Reciprocal>(y, dy, dx, n, a, b);
    case Unary.power: return mapGradient<f.Power>(x, dy, dx, n, a, b);
    case Unary.sin: return mapGradient<f.Sin>(x, dy, dx, n, a, b);
    case Unary.cos: return mapGradient<f.Cos>(x, dy, dx, n, a, b);
    case Unary.tanh: return mapGradient<f.Tanh>(y, dy, dx, n, a, b);
    case Unary.sigmoid: return mapGradient<f.Sigmoid>(y, dy, dx, n, a, b);
    case Unary.relu: return mapGradient<f.Relu>(x, dy, dx, n, a, b);
    case Unary.leakyRelu: return mapGradient<f.LeakyRelu>(x, dy, dx, n, a, b);
    case Unary.gelu:
    case Unary.geluTanh: return geluGradientRow(x, dy, dx, n, op == Unary.geluTanh);
    case Unary.silu: return mapGradient<f.Silu>(x, dy, dx, n, a, b);
    case Unary.softplus: return mapGradient<f.Softplus>(x, dy, dx, n, a, b);
    case Unary.clamp: return mapGradient<f.Clamp>(x, dy, dx, n, a, b);
  }
}

/** v: x or y, whichever F's gradient is computed from. */
function mapGradient<F>(v: usize, dy: usize, dx: usize, n: i32, a: f32, b: f32): void {
  const a4 = f32x4.splat(a);
  const b4 = f32x4.splat(b);
  for (; n >= 4; n -= 4, v += 16, dy += 16, dx += 16) {
    v128.store(dx, changetype<F>(0).gradient(v128.load(v), v128.load(dy), a4, b4));
  }
}

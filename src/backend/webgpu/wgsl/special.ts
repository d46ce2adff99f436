import { nth } from "../../../util/nth.js";
import { type SpecialOp, specialOps } from "../../kernels.js";
import { type Arguments, each, line, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

const values: Record<SpecialOp, string> = {
  round: "round(x)",
  ceil: "ceil(x)",
  trunc: "trunc(x)",
  rsqrt: "1 / sqrt(x)",
  log1p: "log1pAll(x)",
  expm1: "expm1f(x)",
  erf: "erfNear(x)",
};

/** dy f'(x) in terms of x or of y = f(x). */
const gradients: Record<SpecialOp, string> = {
  round: "0.0",
  ceil: "0.0",
  trunc: "0.0",
  rsqrt: "dy * (-0.5 * (y * (y * y)))",
  log1p: "dy / (x + 1)",
  expm1: "dy * (y + 1)",
  erf: "dy * (1.1283791670955126 * expf(-(x * x)))",
};

/** Methods and constants are the same as in assembly/simd, where their errors are measured. */
const parts = /* wgsl */ `
fn log1pAll(x: f32) -> f32 {
  if (x > -0.29289322 && x < 0.41421354) { return logParts(Split(0, x)); }
  let u = rounded(1 + x);
  if (!(u > 0) || !isFinite(u)) { return logf(u); }
  return logf(u) + (x - rounded(u - 1)) / u;
}
fn expm1f(x: f32) -> f32 {
  let e = expParts(clamp(x, -20.0, 89.0));
  let half = power2(e.n - 1);
  return 2 * (half * (e.p * e.r * e.r + e.r) + (half - 0.5));
}
fn erfNear(x: f32) -> f32 {
  let t = min(abs(x), 4.0);
  let square = t * t;
  if (t <= 0.927734375) {
    var s = square * -5.96761703e-4 + 4.99119423e-3;
    s = s * square - 2.67681349e-2;
    s = s * square + 0.112819925;
    s = s * square - 0.376125336;
    s = s * square + 0.128379166;
    return s * x + x;
  }
  var e = (t * -1.7285347e-5 + 3.83197126e-4) * square + (t * -3.88396438e-3 + 2.42546219e-2);
  e = e * t - 0.106777877;
  e = e * t - 0.634846687;
  e = e * t - 0.128717512;
  let y = 1 - expf(e * t - t);
  return select(y, -y, x < 0);
}
`;

/** The exact remainder of a division toward zero, bit by bit: WGSL's own is off by as much as its quotient is large. */
const remainder = /* wgsl */ `
fn mantissa(bits: u32) -> u32 { return select((bits & 0x7fffffu) | 0x800000u, bits & 0x7fffffu, (bits >> 23u) == 0u); }
fn fmodf(a: f32, b: f32) -> f32 {
  let x = bitcast<u32>(a) & 0x7fffffffu;
  let y = bitcast<u32>(b) & 0x7fffffffu;
  if (x >= 0x7f800000u || y > 0x7f800000u || y == 0u) { return nan(); }
  if (x < y) { return a; }
  let unit = mantissa(y);
  let last = max(i32(y >> 23u), 1);
  var rest = mantissa(x);
  for (var e = max(i32(x >> 23u), 1); e > last && rest != 0u; e--) {
    if (rest >= unit) { rest -= unit; }
    rest <<= 1u;
  }
  if (rest >= unit) { rest -= unit; }
  let exponent = last - 150;
  let magnitude = f32(rest) * power2(max(exponent, -126)) * power2(min(exponent + 126, 0));
  return select(magnitude, -magnitude, a < 0);
}
fn remainderOf(a: f32, b: f32) -> f32 {
  let r = fmodf(a, b);
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}
fn remainderOfWhole(a: i32, b: i32) -> i32 {
  if (b == 0 || b == -1) { return 0; }
  let r = a % b;
  return select(r, r + b, r != 0 && (r < 0) != (b < 0));
}
`;

function valueText(op: SpecialOp): string {
  const value = `let x = bitcast<f32>(heap[c.x + i]); heap[c.y + i] = bitcast<u32>(select(${values[op]}, x, isNan(x)));`;
  return math + parts + each("main", "c.n", value);
}

function gradientText(op: SpecialOp): string {
  const gradient = gradients[op];
  const operand = /\by\b/.test(gradient) ? "let y = bitcast<f32>(heap[c.y + i]);" : "let x = bitcast<f32>(heap[c.x + i]);";
  const body = `${operand} let dy = bitcast<f32>(heap[c.dy + i]); heap[c.dx + i] = bitcast<u32>(${gradient});`;
  return math + parts + each("main", "c.n", body);
}

function remainderText(integer: number): string {
  const [type, f] = integer ? ["i32", "remainderOfWhole"] : ["f32", "remainderOf"];
  const operand = (name: string) => `bitcast<${type}>(heap[c.${name} + i])`;
  return math + remainder + each("main", "c.n", `heap[c.y + i] = bitcast<u32>(${f}(${operand("a")}, ${operand("b")}));`);
}

const passes = (c: Arguments) => [{ entry: "main", groups: line(c.n) }];

/** Elementwise kernels, a thread an element, as their rows in kernels.ts say; numerically as assembly/elementwise. */
export const specialKernels = {
  special: { heap: "u32", code: (c) => valueText(nth(specialOps, c.op)), passes },
  specialBackward: { heap: "u32", code: (c) => gradientText(nth(specialOps, c.op)), passes },
  remainder: { heap: "u32", code: (c) => remainderText(c.integer), passes },
} satisfies WgslKernels;

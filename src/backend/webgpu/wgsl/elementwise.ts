import { nth } from "../../../util/nth.js";
import { type BinaryOp, binaryOps, type UnaryOp, unaryOps } from "../../kernels.js";
import { type Arguments, each, line, lineKernel, type WgslKernels } from "../kernel.js";
import { math } from "./math.js";

/** f(x) in terms of x and the scalars c.a, c.b; NaN stays NaN without their help. */
const values: Record<Exclude<UnaryOp, "sign" | "toInt32" | "toFloat32">, string> = {
  affine: "c.a * x + c.b",
  abs: "abs(x)",
  exp: "expf(x)",
  log: "logf(x)",
  sqrt: "sqrt(x)",
  square: "x * x",
  reciprocal: "1 / x",
  power: "power(x, c.a)",
  sin: "sinf(x)",
  cos: "cosf(x)",
  tanh: "tanhf(x)",
  sigmoid: "sigmoidf(x)",
  relu: "select(x, 0, x <= 0)",
  leakyRelu: "select(c.a * x, x, x > 0)",
  gelu: "x * normalCdf(x)",
  geluTanh: "x * geluTanhGate(x)",
  silu: "x * sigmoidf(x)",
  softplus: "max(x, 0) + log1pf(expf(-abs(x)))",
  clamp: "min(max(x, c.a), c.b)",
  floor: "floor(x)",
};

/** dy f'(x) in terms of x or of y = f(x); the conversions have none. */
const gradients: Record<Exclude<UnaryOp, "toInt32" | "toFloat32">, string> = {
  affine: "dy * c.a",
  abs: "dy * signOf(x)",
  sign: "0.0",
  exp: "dy * y",
  log: "dy / x",
  sqrt: "dy / (y + y)",
  square: "dy * (x + x)",
  reciprocal: "dy * -(y * y)",
  power: "dy * powerSlope(x)",
  sin: "dy * cosf(x)",
  cos: "dy * -sinf(x)",
  tanh: "dy * (1 - y * y)",
  sigmoid: "dy * (y * (1 - y))",
  relu: "select(dy, 0, x <= 0)",
  leakyRelu: "select(c.a * dy, dy, x > 0)",
  gelu: "dy * geluSlope(bounded(x))",
  geluTanh: "dy * geluTanhSlope(bounded(x))",
  silu: "dy * siluSlope(x)",
  softplus: "dy * sigmoidf(x)",
  clamp: "select(0, dy, x >= c.a && x <= c.b)",
  floor: "0.0",
};

/** Building blocks of some functions: x^a takes the usual exponents quickly, 1/2 as the square root; (1 + tanh u) / 2 is sigmoid(2 u). */
const parts = /* wgsl */ `
fn signOf(x: f32) -> f32 { return f32(x > 0) - f32(x < 0); }
fn power(x: f32, a: f32) -> f32 {
  if (a == 1) { return x; }
  if (a == 2) { return x * x; }
  if (a == 3) { return x * x * x; }
  if (a == 0.5) { return sqrt(x); }
  if (a == -1) { return 1 / x; }
  return powf(x, a);
}
fn powerSlope(x: f32) -> f32 {
  if (c.a == 0) { return 0; }
  return c.a * power(x, c.a - 1);
}
/** From there on the slopes are 0 or 1. */
fn bounded(x: f32) -> f32 { return select(clamp(x, -20.0, 20.0), x, isNan(x)); }
fn geluSlope(x: f32) -> f32 { return x * 0.3989422804014327 * expf(-0.5 * x * x) + normalCdf(x); }
fn geluTanhGate(x: f32) -> f32 { return sigmoidf(1.5957691216057308 * (x + 0.044715 * x * x * x)); }
fn geluTanhSlope(x: f32) -> f32 {
  let s = geluTanhGate(x);
  return s + x * s * (1 - s) * (1.5957691216057308 + 0.2140644488 * x * x);
}
fn siluSlope(x: f32) -> f32 {
  let s = sigmoidf(x);
  return s * (1 + x * (1 - s));
}
`;

function unaryBody(op: UnaryOp): string {
  if (op === "toFloat32") return "heap[c.y + i] = bitcast<u32>(f32(bitcast<i32>(heap[c.x + i])));";
  const load = "let x = bitcast<f32>(heap[c.x + i]);";
  if (op === "sign") return `${load} heap[c.y + i] = bitcast<u32>(select(signOf(x), 0, isNan(x)));`;
  if (op === "toInt32") {
    // Saturating; the largest float32 below 2^31 is 2^31 - 128.
    const integer = "select(i32(clamp(x, -2147483648.0, 2147483520.0)), 2147483647, x >= 2147483648.0)";
    return `${load} heap[c.y + i] = select(bitcast<u32>(${integer}), 0u, isNan(x));`;
  }
  const value = op === "power" ? values.power : `select(${values[op]}, x, isNan(x))`;
  return `${load} heap[c.y + i] = bitcast<u32>(${value});`;
}

function gradientBody(op: UnaryOp): string {
  if (op === "toInt32" || op === "toFloat32") return "";
  const gradient = gradients[op];
  const operand = /\by\b/.test(gradient) ? "let y = bitcast<f32>(heap[c.y + i]);" : "let x = bitcast<f32>(heap[c.x + i]);";
  return `${operand} let dy = bitcast<f32>(heap[c.dy + i]); heap[c.dx + i] = bitcast<u32>(${gradient});`;
}

const binaryValues: Record<BinaryOp, string> = {
  add: "a + b",
  sub: "a - b",
  mul: "a * b",
  div: "a / b",
  pow: "powf(a, b)",
  maximum: "select(select(max(a, b), b, isNan(b)), a, isNan(a))",
  minimum: "select(select(min(a, b), b, isNan(b)), a, isNan(a))",
  equal: "f32(a == b && !unordered)",
  notEqual: "f32(a != b || unordered)",
  less: "f32(a < b && !unordered)",
  lessEqual: "f32(a <= b && !unordered)",
  greater: "f32(a > b && !unordered)",
  greaterEqual: "f32(a >= b && !unordered)",
  addInt32: "a + b",
  subInt32: "a - b",
  mulInt32: "a * b",
  maximumInt32: "max(a, b)",
  minimumInt32: "min(a, b)",
  equalInt32: "f32(a == b)",
  notEqualInt32: "f32(a != b)",
  lessInt32: "f32(a < b)",
  lessEqualInt32: "f32(a <= b)",
  greaterInt32: "f32(a > b)",
  greaterEqualInt32: "f32(a >= b)",
};

const size = (c: Arguments) => c.d0 * c.d1 * c.d2 * c.d3;
const SIZE = "c.d0 * c.d1 * c.d2 * c.d3";

/** How an operand's elements lie, by its strides `s`: one number, in order, or by four indices. */
function layout(c: Arguments, s: "as" | "bs" | "cs" | "xs" | "ys"): "one" | "inOrder" | "strided" {
  let step = 1;
  let inOrder = true;
  let one = true;
  for (const d of [3, 2, 1, 0] as const) {
    const [n, stride] = [c[`d${d}`], c[`${s}${d}`]];
    if (n > 1) {
      inOrder &&= stride === step;
      one &&= stride === 0;
    }
    step *= n;
  }
  return one ? "one" : inOrder ? "inOrder" : "strided";
}

type Layout = ReturnType<typeof layout>;

/** The word of the heap that is element i of an operand. */
function word(operand: string, s: string, lies: Layout): string {
  if (lies === "one") return `heap[c.${operand}]`;
  if (lies === "inOrder") return `heap[c.${operand} + i]`;
  return `heap[u32(i32(c.${operand}) + i0 * c.${s}0 + i1 * c.${s}1 + i2 * c.${s}2 + i3 * c.${s}3)]`;
}

/** The four indices of element i; a text that does not use them loses them in the compiler. */
const indices = `
  let i3 = i32(i) % c.d3; let r2 = i32(i) / c.d3;
  let i2 = r2 % c.d2; let r1 = r2 / c.d2;
  let i1 = r1 % c.d1; let i0 = r1 / c.d1;`;

const grid = (c: Arguments) => [{ entry: "main", groups: line(size(c)) }];

const unaryText = (op: UnaryOp) => math + parts + each("main", "c.n", unaryBody(op));
const gradientText = (op: UnaryOp) => math + parts + each("main", "c.n", gradientBody(op));
const copyText = (x: Layout, y: Layout) => each("main", SIZE, `${indices}\n  ${word("y", "ys", y)} = ${word("x", "xs", x)};`);

function binaryText(op: BinaryOp, a: Layout, b: Layout): string {
  const [type, unordered] = op.endsWith("Int32") ? ["i32", "false"] : ["f32", "isNan(a) || isNan(b)"];
  const body = `${indices}
  let a = bitcast<${type}>(${word("a", "as", a)});
  let b = bitcast<${type}>(${word("b", "bs", b)});
  let unordered = ${unordered};
  heap[c.y + i] = bitcast<u32>(${binaryValues[op]});`;
  return math + each("main", SIZE, body);
}

function whereText(condition: Layout, a: Layout, b: Layout): string {
  const body = `${indices}
  let condition = ${word("condition", "cs", condition)} & 0x7fffffffu;
  heap[c.y + i] = select(${word("b", "bs", b)}, ${word("a", "as", a)}, condition != 0u);`;
  return each("main", SIZE, body);
}

const inLine = (c: Arguments) => [{ entry: "main", groups: line(c.n) }];

/**
 * Elementwise kernels, a thread an element, as their rows in kernels.ts say; numerically as assembly/elementwise: NaN stays NaN (sign
 * gives 0), corners have PyTorch's derivatives. All but fill overwrite and move 4-byte words, so that int32 survives. A pipeline holds one
 * op, and of the strided kernels one pattern of operands.
 */
export const elementwiseKernels = {
  fill: lineKernel((c) => c.n, each("main", "c.n", "heap[c.y + i] = c.value;")),

  copyStrided: { heap: "u32", code: (c) => copyText(layout(c, "xs"), layout(c, "ys")), passes: grid },
  unary: { heap: "u32", code: (c) => unaryText(nth(unaryOps, c.op)), passes: inLine },
  unaryBackward: {
    heap: "u32",
    code: (c) => gradientText(nth(unaryOps, c.op)),
    passes: (c) => (nth(unaryOps, c.op) in gradients ? inLine(c) : []),
  },
  binary: { heap: "u32", code: (c) => binaryText(nth(binaryOps, c.op), layout(c, "as"), layout(c, "bs")), passes: grid },
  where: { heap: "u32", code: (c) => whereText(layout(c, "cs"), layout(c, "as"), layout(c, "bs")), passes: grid },
} satisfies WgslKernels;

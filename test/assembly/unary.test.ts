import { afterEach, describe, expect, it } from "vitest";
import { type UnaryOp, unaryOps } from "../../src/backend/kernels.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { erf } from "../helpers/erf.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { lengths } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

interface Case {
  f: (x: number, a: number, b: number) => number;
  /** f'(x), where y = f(x). */
  df?: (x: number, y: number, a: number, b: number) => number;
  a?: number;
  b?: number;
  low?: number;
  high?: number;
}

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const tanhGelu = (x: number) => Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));
const tanhSlope = (x: number) => Math.sqrt(2 / Math.PI) * (1 + 3 * 0.044715 * x ** 2);

const power = (a: number, low: number, high: number): Case => ({ f: (x) => x ** a, df: (x) => a * x ** (a - 1), a, low, high });

const cases: [UnaryOp, Case][] = [
  ["affine", { f: (x, a, b) => a * x + b, df: (_x, _y, a) => a, a: -1.5, b: 0.25 }],
  ["abs", { f: Math.abs, df: Math.sign }],
  ["sign", { f: Math.sign, df: () => 0 }],
  ["exp", { f: Math.exp, df: Math.exp }],
  ["log", { f: Math.log, df: (x) => 1 / x, low: 0.01, high: 9 }],
  ["sqrt", { f: Math.sqrt, df: (x) => 0.5 / Math.sqrt(x), low: 0.01, high: 9 }],
  ["square", { f: (x) => x * x, df: (x) => 2 * x }],
  ["reciprocal", { f: (x) => 1 / x, df: (x) => -1 / (x * x), low: 0.1, high: 4 }],
  ["power", power(2, -4, 4)],
  ["power", power(3, -4, 4)],
  ["power", power(5, -4, 4)],
  ["power", power(1, -4, 4)],
  ["power", power(0, -4, 4)],
  ["power", power(-1, 0.2, 4)],
  ["power", power(-2, -4, -0.2)],
  ["power", power(0.5, 0.1, 4)],
  ["power", power(1.7, 0.1, 4)],
  ["sin", { f: Math.sin, df: Math.cos, low: -50, high: 50 }],
  ["cos", { f: Math.cos, df: (x) => -Math.sin(x), low: -50, high: 50 }],
  ["tanh", { f: Math.tanh, df: (x) => 1 - Math.tanh(x) ** 2 }],
  ["sigmoid", { f: sigmoid, df: (x) => sigmoid(x) * (1 - sigmoid(x)) }],
  ["relu", { f: (x) => Math.max(x, 0), df: (x) => (x > 0 ? 1 : 0) }],
  ["leakyRelu", { f: (x, a) => (x > 0 ? x : a * x), df: (x, _y, a) => (x > 0 ? 1 : a), a: 0.01 }],
  [
    "gelu",
    {
      f: (x) => (x * (1 + erf(x / Math.SQRT2))) / 2,
      df: (x) => (1 + erf(x / Math.SQRT2)) / 2 + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
    },
  ],
  ["geluTanh", { f: (x) => (x * (1 + tanhGelu(x))) / 2, df: (x) => (1 + tanhGelu(x) + x * (1 - tanhGelu(x) ** 2) * tanhSlope(x)) / 2 }],
  ["silu", { f: (x) => x * sigmoid(x), df: (x) => sigmoid(x) * (1 + x * (1 - sigmoid(x))) }],
  ["softplus", { f: (x) => Math.log1p(Math.exp(x)), df: sigmoid }],
  ["clamp", { f: (x, a, b) => Math.min(Math.max(x, a), b), df: (x, _y, a, b) => (x >= a && x <= b ? 1 : 0), a: -1, b: 2 }],
  ["floor", { f: Math.floor, df: () => 0 }],
];

await forEachDevice(variants, "unary", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  function forward(op: UnaryOp, data: Float32Array, a = 0, b = 0, inPlace = false): Float32Array {
    const x = memory.put(data);
    const y = inPlace ? x : memory.put(new Float32Array(data.length).fill(Number.NaN));
    backend.dispatch("unary", { x, y, op: unaryOps.indexOf(op), n: data.length, a, b });
    return memory.floats(y, data.length);
  }

  function backward(op: UnaryOp, data: Float32Array, gradient: Float32Array, a = 0, b = 0, inPlace = false): Float32Array {
    const x = memory.put(data);
    const y = memory.put(forward(op, data, a, b));
    const dy = memory.put(gradient);
    const dx = inPlace ? dy : memory.put(new Float32Array(data.length).fill(Number.NaN));
    backend.dispatch("unaryBackward", { x, y, dy, dx, op: unaryOps.indexOf(op), n: data.length, a, b });
    return memory.floats(dx, data.length);
  }

  function expectClose(actual: Float32Array, expected: (i: number) => number): void {
    actual.forEach((value, i) => {
      const exact = expected(i);
      if (!(Math.abs(value - exact) <= 1e-6 * Math.max(1, Math.abs(exact)))) expect.fail(`element ${i} is ${value}, not ${exact}`);
    });
  }

  const titled = cases.map(([op, c]) => ({ ...c, op, title: c.a === undefined ? op : `${op}(${c.a})` }));
  describe.each(titled)("$title", ({ op, f, df, a = 0, b = 0, low = -4, high = 4 }) => {
    const [a32, b32] = [Math.fround(a), Math.fround(b)];

    it.each([false, true])("agrees with float64 at every length, in place: %s", (inPlace) => {
      for (const n of lengths) {
        const x = uniform(n, low, high, n);
        expectClose(forward(op, x, a, b, inPlace), (i) => f(x[i]!, a32, b32));
      }
    });

    it.each([false, true])("has the derivative of float64, in place: %s", (inPlace) => {
      for (const n of lengths) {
        const x = uniform(n, low, high, n);
        const dy = uniform(n, -1, 1, n + 7);
        expectClose(backward(op, x, dy, a, b, inPlace), (i) => dy[i]! * df!(x[i]!, f(x[i]!, a32, b32), a32, b32));
      }
    });
  });

  it("takes the derivatives of PyTorch at the corners", () => {
    const at = (op: UnaryOp, x: number[], a = 0, b = 0) => [
      ...backward(op, Float32Array.from(x), new Float32Array(x.length).fill(3), a, b),
    ];
    expect(at("abs", [-0, 0, -1, 2])).toEqual([0, 0, -3, 3]);
    expect(at("relu", [-0, 0, -1, 2])).toEqual([0, 0, 0, 3]);
    expect(at("leakyRelu", [0, -1, 2], 0.5)).toEqual([1.5, 1.5, 3]);
    expect(at("clamp", [-1, 2, -1.1, 2.1, 0], -1, 2)).toEqual([3, 3, 0, 0, 3]);
    expect(at("power", [0, 0, 0, 0, -2])).toEqual([0, 0, 0, 0, 0]);
    expect(at("power", [0, -2], 1)).toEqual([3, 3]);
    expect(at("power", [0, -2], 2)).toEqual([0, -12]);
    expect(at("sqrt", [0, 4])).toEqual([Infinity, 0.75]);
    expect(at("sign", [5, 0])).toEqual([0, 0]);
  });

  it("keeps NaN and infinities as PyTorch does", () => {
    const of = (op: UnaryOp, x: number[], a = 0, b = 0) => [...forward(op, Float32Array.from(x), a, b)];
    const special = [Number.NaN, Infinity, -Infinity];
    expect(of("relu", special)).toEqual([Number.NaN, Infinity, 0]);
    expect(of("clamp", special, -1, 2)).toEqual([Number.NaN, 2, -1]);
    expect(of("leakyRelu", special, 0.5)).toEqual([Number.NaN, Infinity, -Infinity]);
    expect(of("sign", special)).toEqual([0, 1, -1]);
    expect(of("abs", special)).toEqual([Number.NaN, Infinity, Infinity]);
    expect(of("floor", [...special, -0.5, 2.5])).toEqual([Number.NaN, Infinity, -Infinity, -1, 2]);
    expect(of("sqrt", [...special, -1])).toEqual([Number.NaN, Infinity, Number.NaN, Number.NaN]);
    expect(of("log", [...special, -1, 0])).toEqual([Number.NaN, Infinity, Number.NaN, Number.NaN, -Infinity]);
    expect(of("sin", special)).toEqual([Number.NaN, Number.NaN, Number.NaN]);
    expect(of("softplus", special)).toEqual([Number.NaN, Infinity, 0]);
  });

  it("raises negative numbers to integers", () => {
    const x = Float32Array.of(-2, -0.5, 3, -1);
    for (const a of [-3, -2, -1, 0, 1, 2, 3, 4, 7]) expect([...forward("power", x, a)]).toEqual([...x.map((v) => v ** a)]);
    expect([...forward("power", x, 1.5)].map(Number.isNaN)).toEqual([true, true, false, true]);
  });

  it("converts toward zero, saturating, and back", () => {
    const x = memory.put(Float32Array.of(1.9, -1.9, 3e9, -3e9, Number.NaN, 16777216, -0));
    const y = memory.put(new Int32Array(7));
    backend.dispatch("unary", { x, y, op: unaryOps.indexOf("toInt32"), n: 7, a: 0, b: 0 });
    expect([...memory.ints(y, 7)]).toEqual([1, -1, 2 ** 31 - 1, -(2 ** 31), 0, 16777216, 0]);
    backend.dispatch("unary", { x: y, y: x, op: unaryOps.indexOf("toFloat32"), n: 7, a: 0, b: 0 });
    expect([...memory.floats(x, 7)]).toEqual([1, -1, 2 ** 31, -(2 ** 31), 0, 16777216, 0]);
  });
});

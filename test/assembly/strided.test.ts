import { afterEach, describe, expect, it } from "vitest";
import { type BinaryOp, binaryOps } from "../../src/backend/kernels.js";
import { forEachDevice, kernelDevices } from "../helpers/devices.js";
import { GuardedMemory } from "../helpers/kernel.js";
import { lengths } from "../helpers/numbers.js";
import { uniform } from "../helpers/uniform.js";

type Four = readonly [number, number, number, number];

/** How an operand lies in memory: strides in elements, and the extent that they span. */
interface Layout {
  readonly strides: Four;
  readonly base: number;
  readonly size: number;
}

function layout(shape: Four, strides: Four): Layout {
  let base = 0;
  let size = 1;
  for (let d = 0; d < 4; d++) {
    const span = (shape[d]! - 1) * strides[d]!;
    if (span < 0) base -= span;
    size += Math.abs(span);
  }
  return { strides, base, size };
}

function contiguous([, d1, d2, d3]: Four): Four {
  return [d1 * d2 * d3, d2 * d3, d3, 1];
}

/** Strides of a contiguous tensor whose dimensions are stored in another order. */
function permuted(shape: Four, order: readonly number[]): Four {
  const strides = [0, 0, 0, 0];
  let stride = 1;
  for (const d of [...order].reverse()) {
    strides[d] = stride;
    stride *= shape[d]!;
  }
  return strides as unknown as Four;
}

const layouts: Record<string, (shape: Four) => Four> = {
  contiguous,
  scalar: () => [0, 0, 0, 0],
  row: () => [0, 0, 0, 1],
  column: ([, d1, d2]) => [d1 * d2, d2, 1, 0],
  "middle repeated": ([, , , d3]) => [d3, 0, 0, 1],
  transposed: (shape) => permuted(shape, [0, 1, 3, 2]),
  "channels first": (shape) => permuted(shape, [0, 3, 1, 2]),
  "heads swapped": (shape) => permuted(shape, [0, 2, 1, 3]),
  reversed: (shape) => permuted(shape, [3, 2, 1, 0]),
  flipped: (shape) => contiguous(shape).map((s) => -s) as unknown as Four,
  "inner flipped": (shape) => contiguous(shape).map((s, d) => (d === 3 ? -s : s)) as unknown as Four,
  stepped: (shape) => contiguous(shape).map((s) => 3 * s) as unknown as Four,
  padded: ([, d1, d2, d3]) => [d1 * (d2 * (d3 + 2) + 1), d2 * (d3 + 2) + 1, d3 + 2, 1],
};
const named = (names = Object.keys(layouts)) => names.map((name) => [name, layouts[name]!] as const);

const shapes: Four[] = [
  ...[...lengths, 1000].map((n): Four => [1, 1, 1, n]),
  [1, 1, 9, 1],
  [2, 1, 1, 5],
  [1, 1, 5, 7],
  [2, 3, 4, 5],
  [3, 1, 17, 4],
  [1, 2, 33, 19],
  [2, 16, 3, 16],
];

const names = (prefix: string, values: Four) => Object.fromEntries(values.map((v, d) => [prefix + d, v])) as Record<string, number>;

/** Visits the elements in row-major order, with the position of each in the layouts. */
function visit(shape: Four, of: readonly Layout[], see: (i: number, positions: readonly number[]) => void): void {
  const [d0, d1, d2, d3] = shape;
  let i = 0;
  for (let i0 = 0; i0 < d0; i0++)
    for (let i1 = 0; i1 < d1; i1++)
      for (let i2 = 0; i2 < d2; i2++)
        for (let i3 = 0; i3 < d3; i3++) {
          const at = ({ base, strides: [s0, s1, s2, s3] }: Layout) => base + i0 * s0 + i1 * s1 + i2 * s2 + i3 * s3;
          see(i++, of.map(at));
        }
}

const count = (shape: Four) => shape.reduce((p, d) => p * d, 1);

type FloatOp = Exclude<BinaryOp, `${string}Int32`>;
const floatOps = binaryOps.filter((op): op is FloatOp => !op.endsWith("Int32"));
const functions: Record<FloatOp, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  pow: (a, b) => a ** b,
  maximum: Math.max,
  minimum: Math.min,
  equal: (a, b) => +(a === b),
  notEqual: (a, b) => +(a !== b),
  less: (a, b) => +(a < b),
  lessEqual: (a, b) => +(a <= b),
  greater: (a, b) => +(a > b),
  greaterEqual: (a, b) => +(a >= b),
};

await forEachDevice(kernelDevices, "strided kernels", ({ backend }) => {
  const memory = new GuardedMemory(backend);
  afterEach(() => memory.close());

  describe("binary", () => {
    function check(op: FloatOp, shape: Four, aLayout: Layout, bLayout: Layout, low = -3): void {
      // Quarters, so that equal operands occur.
      const a = uniform(aLayout.size, low, 3, 5).map((v) => Math.round(v * 4) / 4);
      const b = uniform(bLayout.size, low, 3, 9).map((v) => Math.round(v * 4) / 4);
      const y = memory.put(new Float32Array(count(shape)).fill(Number.NaN));
      const call = { ...names("d", shape), ...names("as", aLayout.strides), ...names("bs", bLayout.strides) };
      const addresses = { a: memory.put(a) + 4 * aLayout.base, b: memory.put(b) + 4 * bLayout.base, y };
      backend.dispatch("binary", { ...addresses, ...call, op: binaryOps.indexOf(op) } as never);
      const actual = memory.floats(y, count(shape));
      visit(shape, [aLayout, bLayout], (i, [p, q]) => {
        const exact = Math.fround(functions[op](a[p!]!, b[q!]!));
        const right = op === "pow" ? Math.abs(actual[i]! - exact) <= 2e-7 * Math.abs(exact) : Object.is(actual[i]! + 0, exact + 0);
        if (!right) expect.fail(`${op} of ${shape}: element ${i} is ${actual[i]}, not ${exact}`);
      });
      memory.close();
    }

    it.each(floatOps)("computes %s at every length", (op) => {
      for (const n of lengths)
        check(op, [1, 1, 1, n], layout([1, 1, 1, n], [0, 0, 0, 1]), layout([1, 1, 1, n], [0, 0, 0, 1]), op === "pow" ? 0.25 : -3);
    });

    it.each(named())("follows strides: %s", (_, a) => {
      for (const shape of shapes) {
        for (const [, b] of named(["contiguous", "scalar", "flipped"])) {
          check("sub", shape, layout(shape, a(shape)), layout(shape, b(shape)));
          check("less", shape, layout(shape, b(shape)), layout(shape, a(shape)));
        }
      }
    });

    it("may write over an operand", () => {
      const data = uniform(11, -1, 1);
      const a = memory.put(data);
      const shape = { ...names("d", [1, 1, 1, 11]), ...names("as", [0, 0, 0, 1]), ...names("bs", [0, 0, 0, 1]) };
      backend.dispatch("binary", { a, b: a, y: a, ...shape, op: binaryOps.indexOf("add") } as never);
      expect(memory.floats(a, 11)).toEqual(data.map((v) => v + v));
    });

    it("propagates NaN in maximum and minimum; of the comparisons only notEqual holds for it", () => {
      const a = Float32Array.of(Number.NaN, 1, Number.NaN, -0, Infinity);
      const b = Float32Array.of(1, Number.NaN, Number.NaN, 0, -Infinity);
      const shape = { ...names("d", [1, 1, 1, 5]), ...names("as", [0, 0, 0, 1]), ...names("bs", [0, 0, 0, 1]) };
      const of = (op: BinaryOp) => {
        const y = memory.put(new Float32Array(5));
        backend.dispatch("binary", { a: memory.put(a), b: memory.put(b), y, ...shape, op: binaryOps.indexOf(op) } as never);
        return [...memory.floats(y, 5)];
      };
      const nan = Number.NaN;
      expect(of("maximum")).toEqual([nan, nan, nan, 0, Infinity]);
      expect(of("minimum")).toEqual([nan, nan, nan, -0, -Infinity]);
      expect(of("equal")).toEqual([0, 0, 0, 1, 0]);
      expect(of("notEqual")).toEqual([1, 1, 1, 0, 1]);
      for (const op of ["lessEqual", "greaterEqual"] as const) expect(of(op).slice(0, 4)).toEqual([0, 0, 0, 1]);
      for (const op of ["less", "greater"] as const) expect(of(op).slice(0, 4)).toEqual([0, 0, 0, 0]);
    });
  });

  it.each(named())("where follows strides: %s", (_, strides) => {
    for (const shape of shapes) {
      const c = layout(shape, strides(shape));
      const a = layout(shape, contiguous(shape));
      for (const [, other] of named(["contiguous", "scalar"])) {
        const b = layout(shape, other(shape));
        const condition = uniform(c.size, -1, 1, 3).map((v) => (v < -0.9 ? Number.NaN : v < 0 ? -0 : v < 0.2 ? 0 : v));
        const av = Int32Array.from(uniform(a.size, -1e9, 1e9, 4));
        const bv = Int32Array.from(uniform(b.size, -1e9, 1e9, 5));
        const y = memory.put(new Int32Array(count(shape)));
        const call = { ...names("d", shape), ...names("cs", c.strides), ...names("as", a.strides), ...names("bs", b.strides) };
        const addresses = { condition: memory.put(condition) + 4 * c.base, a: memory.put(av), b: memory.put(bv) + 4 * b.base, y };
        backend.dispatch("where", { ...addresses, ...call } as never);
        const actual = memory.ints(y, count(shape));
        visit(shape, [c, a, b], (i, [p, q, r]) => {
          const expected = condition[p!] !== 0 ? av[q!] : bv[r!];
          if (actual[i] !== expected) expect.fail(`${shape}: element ${i} is ${actual[i]}, not ${expected}`);
        });
        memory.close();
      }
    }
  });

  describe.each(named())("copyStrided from %s", (_, from) => {
    it.each(named(["contiguous", "transposed", "channels first", "flipped", "stepped", "padded"]))("to %s", (_, to) => {
      for (const shape of shapes) {
        const source = layout(shape, from(shape));
        const target = layout(shape, to(shape));
        const x = Int32Array.from({ length: source.size }, (_, i) => i + 1);
        const y = memory.put(new Int32Array(target.size).fill(-7));
        const call = { ...names("d", shape), ...names("xs", source.strides), ...names("ys", target.strides) };
        backend.dispatch("copyStrided", { x: memory.put(x) + 4 * source.base, y: y + 4 * target.base, ...call } as never);
        const expected = new Int32Array(target.size).fill(-7);
        visit(shape, [source, target], (_, [p, q]) => {
          expected[q!] = x[p!]!;
        });
        const actual = memory.ints(y, target.size);
        const wrong = actual.findIndex((v, i) => v !== expected[i]);
        if (wrong >= 0) expect.fail(`${shape}: element ${wrong} is ${actual[wrong]}, not ${expected[wrong]}`);
        memory.close();
      }
    });
  });
});

import fc from "fast-check";
import { expect, test } from "vitest";
import * as sg from "../../src/ops/index.js";
import { tensor } from "../../src/tensor/create.js";
import { withDevice } from "../../src/tensor/device.js";
import { scope } from "../../src/tensor/scope.js";
import type { Tensor } from "../../src/tensor/tensor.js";
import { forEachDevice, variants } from "../helpers/devices.js";
import { broadcastPairs, indicesOf, numbersFor, positionOf, shapes, sizeOf } from "../helpers/naive.js";
import { expectClose } from "../helpers/numbers.js";

type Shape = readonly number[];

interface Binary {
  readonly op: (a: Tensor, b: Tensor) => Tensor;
  readonly f: (a: number, b: number) => number;
  /** The derivatives. */
  readonly df: (a: number, b: number) => readonly [number, number];
}

const binary: Record<string, Binary> = {
  add: { op: sg.add, f: (a, b) => a + b, df: () => [1, 1] },
  sub: { op: sg.sub, f: (a, b) => a - b, df: () => [1, -1] },
  mul: { op: sg.mul, f: (a, b) => a * b, df: (a, b) => [b, a] },
  div: { op: sg.div, f: (a, b) => a / b, df: (a, b) => [1 / b, -a / (b * b)] },
  pow: { op: sg.pow, f: (a, b) => a ** b, df: (a, b) => [b * a ** (b - 1), a ** b * Math.log(a)] },
  maximum: { op: sg.maximum, f: Math.max, df: (a, b) => [Number(a > b), Number(b > a)] },
  minimum: { op: sg.minimum, f: Math.min, df: (a, b) => [Number(a < b), Number(b < a)] },
  where: { op: (a, b) => sg.where(sg.greater(a, 1), a, b), f: (a, b) => (a > 1 ? a : b), df: (a) => [Number(a > 1), Number(a <= 1)] },
};

const total = (x: number[]) => x.reduce((s, v) => s + v, 0);
const reductions: Record<string, { op: typeof sg.sum; f: (x: number[]) => number }> = {
  sum: { op: sg.sum, f: total },
  mean: { op: sg.mean, f: (x) => total(x) / x.length },
  max: { op: sg.max, f: (x) => Math.max(...x) },
  min: { op: sg.min, f: (x) => Math.min(...x) },
};

/** Positive, so that each function is defined, and not near 0. */
const positive = (shape: Shape, seed: number) => numbersFor(shape, seed).map((v) => 0.5 + Math.abs(v));

/** The same tensor as a view with strides of its own: turned around twice, once in memory. */
function twisted(data: Float32Array, shape: Shape, twist: boolean): { leaf: Tensor; view: Tensor; position: (at: number) => number } {
  const leaf = tensor(data, shape, { requiresGrad: true });
  if (!twist || shape.length === 0) return { leaf, view: leaf, position: (at) => at };
  const last = shape.length - 1;
  const order = [last, ...shape.keys()].slice(0, shape.length);
  const turned = tensor(data, shape, { requiresGrad: true });
  const inMemory = sg.copyOf(sg.permute(sg.flip(turned, { axis: 0 }), order)).detach();
  inMemory.requiresGrad = true;
  const back = shape.map((_, i) => order.indexOf(i));
  const positions = indicesOf(order.map((axis) => shape[axis]!)).map((index) => {
    const original = back.map((i) => index[i]!);
    return positionOf(shape, original.with(0, shape[0]! - 1 - original[0]!));
  });
  return { leaf: inMemory, view: sg.flip(sg.permute(inMemory, back), { axis: 0 }), position: (at) => positions[at]! };
}

await forEachDevice(variants, "broadcasting", (device) => {
  test.each(Object.entries(binary))("%s has the values and gradients of a loop", (_, { op, f, df }) => {
    fc.assert(
      fc.property(broadcastPairs(6), fc.nat(1000), fc.boolean(), fc.boolean(), (pair, seed, twistA, twistB) => {
        withDevice(device, () =>
          scope(() => {
            const a = positive(pair.a, seed);
            const b = positive(pair.b, seed + 1);
            const x = twisted(a, pair.a, twistA);
            const z = twisted(b, pair.b, twistB);
            const y = op(x.view, z.view);
            expect(y.shape).toEqual(pair.shape);
            const indices = indicesOf(pair.shape);
            const at = indices.map((index) => [positionOf(pair.a, index), positionOf(pair.b, index)] as const);
            expectClose(
              y.dataSync(),
              at.map(([i, j]) => f(a[i]!, b[j]!)),
              2e-6,
            );

            const dy = numbersFor(pair.shape, seed + 2);
            sg.sum(sg.mul(y, tensor(dy, pair.shape))).backward();
            const da = new Float64Array(a.length);
            const db = new Float64Array(b.length);
            for (const [k, [i, j]] of at.entries()) {
              const [fa, fb] = df(a[i]!, b[j]!);
              da[i]! += dy[k]! * fa;
              db[j]! += dy[k]! * fb;
            }
            expectClose(
              x.leaf.grad!.dataSync(),
              Array.from(da.keys(), (i) => da[x.position(i)]!),
              1e-5,
            );
            expectClose(
              z.leaf.grad!.dataSync(),
              Array.from(db.keys(), (i) => db[z.position(i)]!),
              1e-5,
            );
          }),
        );
      }),
      { numRuns: 100 },
    );
  });

  test("reductions over any axes have the values and gradients of a loop", () => {
    const cases = fc.record({
      shape: shapes(5),
      picks: fc.array(fc.nat(9), { maxLength: 3 }),
      keepDims: fc.boolean(),
      twist: fc.boolean(),
      seed: fc.nat(1000),
      name: fc.constantFrom(...Object.keys(reductions)),
    });
    fc.assert(
      fc.property(cases, ({ shape, picks, keepDims, twist, seed, name }) => {
        const axes = shape.length === 0 ? [] : [...new Set(picks.map((k) => k % shape.length))];
        const all = axes.length === 0;
        const reduced = (i: number) => all || axes.includes(i);
        const extremum = name === "max" || name === "min";
        const { op, f } = reductions[name]!;
        if (extremum && shape.some((n, i) => n === 0 && reduced(i))) return;
        withDevice(device, () =>
          scope(() => {
            const data = numbersFor(shape, seed);
            const { leaf, view, position } = twisted(data, shape, twist);
            const y = op(view, all ? { keepDims } : { axis: axes.map((i) => i - shape.length), keepDims });
            const kept = shape.map((n, i) => (reduced(i) ? 1 : n));
            expect(y.shape).toEqual(keepDims ? kept : shape.filter((_, i) => !reduced(i)));

            const groups: number[][] = Array.from({ length: sizeOf(kept) }, () => []);
            for (const [i, index] of indicesOf(shape).entries()) groups[positionOf(kept, index)]!.push(i);
            const of = (group: number[]) => group.map((i) => data[i]!);
            const values = groups.map((group) => f(of(group)));
            expectClose(y.dataSync(), values, 2e-6);

            const dy = numbersFor(y.shape, seed + 1);
            sg.sum(sg.mul(y, tensor(dy, y.shape))).backward();
            const dx = new Float64Array(data.length);
            for (const [k, group] of groups.entries()) {
              for (const i of group) dx[i] = dy[k]! * (extremum ? Number(data[i] === values[k]) : name === "mean" ? 1 / group.length : 1);
            }
            expectClose(
              leaf.grad!.dataSync(),
              Array.from(dx.keys(), (i) => dx[position(i)]!),
              1e-5,
            );
          }),
        );
      }),
      { numRuns: 200 },
    );
  });

  test("matmul reads repeated rows and columns", () => {
    withDevice(device, () =>
      scope(() => {
        const row = tensor([1, 2, 3], [1, 3], { requiresGrad: true });
        const column = tensor([4, 5, 6], [3, 1], { requiresGrad: true });
        const y = sg.matmul(sg.expand(row, [2, 3]), sg.expand(column, [3, 2]));
        expect(Array.from(y.dataSync())).toEqual([32, 32, 32, 32]);
        sg.sum(y).backward();
        expect(Array.from(row.grad!.dataSync())).toEqual([16, 20, 24]);
        expect(Array.from(column.grad!.dataSync())).toEqual([4, 8, 12]);
      }),
    );
  });

  test("matmul of batches has the values and gradients of a loop", () => {
    const size = fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 1, max: 9 }) }, { weight: 1, arbitrary: fc.constant(0) });
    const cases = fc.record({
      batch: broadcastPairs(3),
      m: size,
      k: size,
      n: size,
      twistA: fc.boolean(),
      twistB: fc.boolean(),
      turned: fc.boolean(),
      seed: fc.nat(1000),
    });
    fc.assert(
      fc.property(cases, ({ batch, m, k, n, twistA, twistB, turned, seed }) => {
        withDevice(device, () =>
          scope(() => {
            const aShape = [...batch.a, m, k];
            const bShape = [...batch.b, k, n];
            const a = numbersFor(aShape, seed);
            const b = numbersFor(bShape, seed + 1);
            const x = twisted(a, aShape, twistA);
            const z = twisted(b, bShape, twistB);
            // Transposed in memory, read by its strides.
            const right = turned ? sg.transpose(sg.contiguous(sg.transpose(z.view.detach()))) : z.view;
            const y = sg.matmul(x.view, right);
            expect(y.shape).toEqual([...batch.shape, m, n]);
            const values = new Float64Array(y.size);
            const dy = numbersFor(y.shape, seed + 2);
            const da = new Float64Array(a.length);
            const db = new Float64Array(b.length);
            for (const [at, index] of indicesOf(y.shape).entries()) {
              const [i, j] = index.slice(-2) as [number, number];
              const p = positionOf(batch.a, index.slice(0, -2)) * m * k + i * k;
              const q = positionOf(batch.b, index.slice(0, -2)) * k * n + j;
              for (let l = 0; l < k; l++) {
                values[at]! += a[p + l]! * b[q + l * n]!;
                da[p + l]! += dy[at]! * b[q + l * n]!;
                db[q + l * n]! += dy[at]! * a[p + l]!;
              }
            }
            expectClose(y.dataSync(), values, 1e-5);
            sg.sum(sg.mul(y, tensor(dy, y.shape))).backward();
            expectClose(
              x.leaf.grad!.dataSync(),
              Array.from(da.keys(), (i) => da[x.position(i)]!),
              1e-5,
            );
            if (!turned)
              expectClose(
                z.leaf.grad!.dataSync(),
                Array.from(db.keys(), (i) => db[z.position(i)]!),
                1e-5,
              );
          }),
        );
      }),
      { numRuns: 200 },
    );
  });
});

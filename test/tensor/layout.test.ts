import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { internal } from "../../src/tensor/internal.js";
import { planStrided, viewStrides } from "../../src/tensor/layout.js";
import { forEachDevice, immediate } from "../helpers/devices.js";
import { indicesOf, positionOf, sizeOf } from "../helpers/naive.js";

const counting = (shape: readonly number[]) =>
  sg.tensor(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => i),
    shape,
  );

/** What lies at each index of a permuted tensor that counts its elements. */
function permuted(shape: readonly number[], order: readonly number[]): number[] {
  const to = order.map((axis) => shape[axis]!);
  return indicesOf(to).map((index) =>
    positionOf(
      shape,
      shape.map((_, axis) => index[order.indexOf(axis)]!),
    ),
  );
}

/** Views of a tensor [2, 3, 4], and shapes that are views of those. */
const reshapes: [string, (x: sg.Tensor) => sg.Tensor, number[][]][] = [
  [
    "a transpose",
    (x) => sg.permute(x, [2, 0, 1]),
    [
      [4, 6],
      [4, 1, 6],
      [1, 4, 2, 1, 3, 1],
      [4, 1, 1, 6],
      [1, 4, 6],
    ],
  ],
  [
    "a transpose with dimensions of 1",
    (x) => sg.unsqueeze(sg.unsqueeze(sg.permute(x, [1, 2, 0]), { axis: 0 }), { axis: 2 }),
    [
      [3, 4, 2],
      [3, 1, 4, 1, 2, 1],
    ],
  ],
  ["a slice of one column", (x) => sg.slice(x, { axis: 2, start: 1, end: 2 }), [[2, 3], [6], [1, 6, 1], [3, 2], [1, 1, 6]]],
  [
    "a slice of one row",
    (x) => sg.slice(x, { axis: 1, start: 2, end: 3 }),
    [
      [2, 4],
      [1, 2, 1, 4],
      [2, 2, 2],
      [2, 1, 1, 2, 2, 1],
    ],
  ],
  [
    "a dimension of 1 that stood first and now stands within",
    (x) => sg.permute(sg.reshape(x, [1, 6, 4]), [1, 0, 2]),
    [[24], [2, 12], [3, 1, 8]],
  ],
  ["every second column", (x) => sg.slice(x, { axis: 2, end: 4, step: 2 }), [[12], [6, 2], [1, 12, 1], [3, 1, 4]]],
  [
    "one element",
    (x) => sg.slice(sg.slice(sg.slice(x, { start: 1 }), { axis: 1, start: 2 }), { axis: 2, start: 3 }),
    [[], [1], [1, 1, 1, 1, 1]],
  ],
];

const apart: [string, (x: sg.Tensor) => sg.Tensor, number[]][] = [
  ["a transpose", (x) => sg.permute(x, [2, 0, 1]), [24]],
  ["a transpose with dimensions of 1", (x) => sg.unsqueeze(sg.permute(x, [2, 0, 1]), { axis: 1 }), [2, 1, 12]],
  ["a slice of rows", (x) => sg.slice(x, { axis: 1, end: 2 }), [16]],
];

await forEachDevice(immediate, "a reshape", (device) => {
  test.each(reshapes)("of %s is a view where one stride leads through", (_, view, shapes) => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const x = view(counting([2, 3, 4]));
        const expected = Array.from(x.dataSync());
        for (const shape of shapes) {
          const y = sg.reshape(x, shape);
          expect(internal(y).address, `[${shape}] shares memory`).toBe(internal(x).address);
          expect(y.shape).toEqual(shape);
          expect(Array.from(y.dataSync()), `[${shape}]`).toEqual(expected);
        }
      }),
    );
  });

  test.each(apart)("of %s is a copy where none does", (_, view, shape) => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const x = view(counting([2, 3, 4]));
        const y = sg.reshape(x, shape);
        expect(internal(y).address).not.toBe(internal(x).address);
        expect(Array.from(y.dataSync())).toEqual(Array.from(x.dataSync()));
      }),
    );
  });
});

test("the strides of a reshape pass over dimensions of 1, wherever they stand", () => {
  expect(viewStrides([2, 1, 3], [1, 77, 2], [2, 3])).toEqual([1, 2]);
  expect(viewStrides([1, 2, 1, 3, 1], [5, 1, 77, 2, 99], [2, 3])).toEqual([1, 2]);
  expect(viewStrides([2, 3], [1, 2], [1, 2, 1, 3, 1])?.filter((_, i) => i % 2 === 1)).toEqual([1, 2]);
  expect(viewStrides([4, 6], [6, 1], [2, 2, 1, 3, 2])).toEqual([12, 6, expect.any(Number), 2, 1]);
  expect(viewStrides([2, 1, 3], [3, 77, 1], [6])).toEqual([1]);
  expect(viewStrides([1, 2, 1, 1, 3, 1], [5, 6, 77, 88, 2, 99], [3, 2])).toEqual([4, 2]);
  expect(viewStrides([2, 3], [1, 2], [6])).toBeUndefined();
  expect(viewStrides([2, 3], [1, 2], [1, 6, 1])).toBeUndefined();
});

/** Shapes of many dimensions, and orders in which no two neighbors stay together. */
const deep: [readonly number[], readonly number[]][] = [
  [
    [2, 3, 2, 2, 3],
    [4, 2, 0, 3, 1],
  ],
  [
    [2, 3, 2, 2, 3, 2],
    [5, 3, 1, 4, 2, 0],
  ],
  [
    [2, 3, 2, 4, 3, 2, 2],
    [6, 4, 2, 0, 5, 3, 1],
  ],
  [
    [3, 2, 2, 3, 2, 2, 2, 3],
    [7, 5, 3, 1, 6, 4, 2, 0],
  ],
  [
    [2, 3, 2, 2, 2, 2, 3, 2],
    [6, 4, 2, 0, 7, 5, 3, 1],
  ],
];

await forEachDevice(immediate, "more dimensions than a kernel takes", (device) => {
  test.each(deep)("[%s] in the order %s are copied to their places", (shape, order) => {
    sg.withDevice(device, () =>
      sg.scope(() => {
        const view = sg.permute(counting(shape), order);
        const expected = permuted(shape, order);
        expect(Array.from(sg.copyOf(view).dataSync())).toEqual(expected);
        // And an operation of two operands that lie apart.
        const twice = sg.add(view, sg.copyOf(view));
        expect(Array.from(twice.dataSync())).toEqual(expected.map((v) => 2 * v));
      }),
    );
  });
});

test.each(deep)("the plan of [%s] in the order %s leads to every element once", (shape, order) => {
  const to = order.map((axis) => shape[axis]!);
  const contiguous = (of: readonly number[]) => of.map((_, i) => sizeOf(of.slice(i + 1)));
  const strides = order.map((axis) => contiguous(shape)[axis]!);
  const plan = planStrided(to, [strides, contiguous(to)]);
  const [from, into] = [plan.strides[0]!, plan.strides[1]!];
  const found: number[] = new Array(sizeOf(shape)).fill(-1);
  for (const [x, y] of plan.blocks as [number, number][]) {
    for (const index of indicesOf(plan.dims)) {
      const at = (start: number, by: readonly number[]) => index.reduce((sum, n, i) => sum + n * by[i]!, start);
      found[at(y, into)] = at(x, from);
    }
  }
  expect(found).toEqual(permuted(shape, order));
});

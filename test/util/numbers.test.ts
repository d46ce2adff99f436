import { expect, test } from "vitest";
import { maxOf, normOf } from "../../src/util/numbers.js";

test("maxOf takes a list of any length", () => {
  const list = new Float32Array(300_000);
  list[299_999] = 2;
  expect(maxOf(list)).toBe(2);
  expect(maxOf([])).toBe(Number.NEGATIVE_INFINITY);
  expect(maxOf([-3, -1, -2], 1)).toBe(1);
  expect(maxOf([-3, -1, -2])).toBe(-1);
  expect(maxOf([1, Number.NaN, 2])).toBeNaN();
});

const infinity = Number.POSITIVE_INFINITY;

test.each([
  [[3, -4], 5],
  [[], 0],
  [[0, 0], 0],
  [[1, infinity], infinity],
  [[1, -infinity, 1e200], infinity],
  [[1, Number.NaN], Number.NaN],
])("normOf(%j) is %d", (list, norm) => {
  expect(normOf(list)).toBe(norm);
});

test("normOf neither overflows nor vanishes", () => {
  expect(normOf([3e200, 4e200]) / 5e200).toBeCloseTo(1, 14);
  expect(normOf([3e-200, 4e-200]) / 5e-200).toBeCloseTo(1, 14);
  expect(normOf(new Float64Array(250_000).fill(0.5))).toBe(250);
});

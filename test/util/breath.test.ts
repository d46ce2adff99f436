import { describe, expect, test } from "vitest";
import { finish, inOrder, inTurns, mapInTurns, type Pieces } from "../../src/util/breath.js";
import { turnsOf } from "../helpers/turns.js";

function* sumOf(numbers: readonly number[]): Pieces<number> {
  let sum = 0;
  for (const n of numbers) {
    if (n < 0) throw new RangeError("a negative number");
    sum += n;
    yield;
  }
  return sum;
}

describe("work in pieces", () => {
  test("comes to the same at once and in turns", async () => {
    expect(finish(sumOf([1, 2, 3]))).toBe(6);
    expect(await inTurns(sumOf([1, 2, 3]))).toBe(6);
  });

  test("lets other tasks run between its pieces", async () => {
    const { result, turns } = await turnsOf(() => inTurns(sumOf(new Array<number>(20).fill(1))));
    expect(result).toBe(20);
    expect(turns).toBeGreaterThanOrEqual(19);
  });

  test("throws at once, and rejects in turns", async () => {
    expect(() => finish(sumOf([1, -1]))).toThrow(RangeError);
    await expect(inTurns(sumOf([1, -1]))).rejects.toThrow(RangeError);
  });
});

test("a list is mapped in order, and other tasks run between its items", async () => {
  const { result, turns } = await turnsOf(() => mapInTurns(["a", "b", "c", "d", "e"], async (item, i) => item.repeat(i)));
  expect(result).toEqual(["", "b", "cc", "ddd", "eeee"]);
  expect(turns).toBeGreaterThanOrEqual(4);
});

describe("a sort in pieces", () => {
  const items = (n: number) => Array.from({ length: n }, (_, i) => ({ key: (i * 7919) % 1013, i }));
  const compare = (a: { key: number }, b: { key: number }) => a.key - b.key;

  test.each([0, 1, 2047, 2048, 2049, 4096, 4097, 10_000])("of %i items is the sort, stable", (n) => {
    const given = items(n);
    expect(finish(inOrder(given, compare))).toEqual(given.toSorted(compare));
    expect(given).toEqual(items(n));
  });

  test("pauses after each run that it sorts, and while it merges", () => {
    expect([...inOrder(items(2048), compare)].length).toBe(1);
    // Five runs, which are merged three times, each time with a pause after 2048 of the 10,000 items.
    expect([...inOrder(items(10_000), compare)].length).toBe(5 + 3 * 4);
  });
});

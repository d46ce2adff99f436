import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DataLoader, lengthStatistics, padRows, splitItems } from "../../src/data/index.js";
import { expectError } from "../helpers/errors.js";

const items = Array.from({ length: 23 }, (_, i) => "x".repeat(1 + ((i * 7) % 11)) + i);

describe("DataLoader", () => {
  test("goes through the items in their order, in batches", () => {
    const loader = new DataLoader([5, 6, 7, 8, 9], { batch: 2 });
    expect([...loader]).toEqual([[5, 6], [7, 8], [9]]);
    expect([...loader.epoch(3)]).toEqual([...loader]);
    expect(loader.length).toBe(3);
    const whole = new DataLoader([5, 6, 7, 8, 9], { batch: 2, dropLast: true });
    expect([...whole]).toEqual([
      [5, 6],
      [7, 8],
    ]);
    expect(whole.length).toBe(2);
  });

  test("shuffles again each epoch, the same whenever it is asked for", () => {
    const make = (seed: number) => new DataLoader(items, { batch: 4, shuffle: true, seed });
    const [first, second] = [[...make(1).epoch(0)], [...make(1).epoch(1)]];
    expect([...make(1).epoch(0)]).toEqual(first);
    expect(second).not.toEqual(first);
    expect([...make(2).epoch(0)]).not.toEqual(first);
    expect(first.flat().sort()).toEqual(items.toSorted());
    expect([...make(1).epoch(1, 3)]).toEqual(second.slice(3));
  });

  test.each([false, true])("puts items of like length together, dropLast %s", (dropLast) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 7 }), (seed, batch) => {
        const loader = new DataLoader(items, { batch, bucketBy: (item) => item.length, shuffle: true, seed, dropLast });
        const batches = [...loader.epoch(seed)];
        expect(batches).toHaveLength(loader.length);
        expect(batches.every(({ length }, i) => length === batch || (!dropLast && i === batches.length - 1))).toBe(true);
        expect(new Set(batches.flat()).size).toBe(dropLast ? loader.length * batch : items.length);
        const spans = batches.map((batch) => batch.map((item) => item.length)).sort((a, b) => a[0]! - b[0]!);
        // Batches are neighbors in the order of lengths: they overlap at most at their ends.
        for (const [i, span] of spans.entries()) if (i) expect(Math.min(...span)).toBeGreaterThanOrEqual(Math.min(...spans[i - 1]!));
      }),
    );
  });

  test("collates, and waits for a dataset that answers promises", async () => {
    const dataset = { length: 3, at: async (i: number) => 10 * i };
    const loader = new DataLoader(dataset, { batch: 2, collate: (batch) => batch.reduce((a, b) => a + b) });
    const sums: number[] = [];
    for await (const sum of loader.epoch(0)) sums.push(sum);
    expect(sums).toEqual([10, 20]);
    expectError("value", () => [...loader], "for await");
    expectError("value", () => [...new DataLoader(dataset, { batch: 2, bucketBy: () => 1 })], "bucketBy");
  });

  test("refuses a dataset that lacks an item below its length", async () => {
    const loader = new DataLoader({ length: 3, at: (i: number) => (i < 2 ? i : undefined) }, { batch: 2 });
    expectError("value", () => [...loader], "at(2) is undefined");
    const waiting = async () => {
      for await (const _ of loader.epoch(0));
    };
    await expect(waiting()).rejects.toThrow("at(2) is undefined");
  });

  test("refuses what has no batches", () => {
    expectError("range", () => new DataLoader([1], { batch: 0 }), "batch");
    expectError("value", () => new DataLoader([], { batch: 1 }), "empty");
    expectError("range", () => new DataLoader([1], { batch: 1 }).epoch(-1), "n is -1");
  });
});

test("splitItems keeps every item once, in order or shuffled by a seed", () => {
  const numbers = Array.from({ length: 20 }, (_, i) => i);
  const plain = splitItems(numbers, { validation: 0.1, test: 0.25 });
  expect([plain.train.length, plain.validation, plain.test]).toEqual([13, [13, 14], [15, 16, 17, 18, 19]]);
  const { train, validation, test: tested } = splitItems(numbers, { validation: 0.1, test: 0.25, seed: 1 });
  expect([...train, ...validation, ...tested].sort((a, b) => a - b)).toEqual(numbers);
  expect(train).not.toEqual(plain.train);
  expectError("range", () => splitItems([1, 2], { validation: 0.5, test: 0.5 }), "none to train on");
  expectError("range", () => splitItems([1, 2], { validation: -1 }), "validation");
});

test("padRows fills up to the longest row, or cuts", () => {
  expect(padRows([[1], [2, 3, 4]], { value: -1 })).toEqual({ data: Int32Array.from([1, -1, -1, 2, 3, 4]), shape: [2, 3], lengths: [1, 3] });
  expect(padRows([[1, 2, 3], []], { truncate: 2 })).toEqual({ data: Int32Array.from([1, 2, 0, 0]), shape: [2, 2], lengths: [2, 0] });
  expectError("value", () => padRows([[]]), "no token");
  expectError("value", () => padRows([]), "0 rows");
});

test("lengthStatistics", () => {
  const rows = Array.from({ length: 100 }, (_, i) => ({ length: i + 1 }));
  expect(lengthStatistics(rows)).toEqual({ count: 100, least: 1, most: 100, mean: 50.5, median: 50, p95: 95 });
  // The middle of an odd count, the lower middle of an even one; p95 is the least that 95 % do not pass.
  const ofCount = (n: number) => lengthStatistics(rows.slice(0, n));
  const expected = [
    [1, 1, 1],
    [2, 1, 2],
    [3, 2, 3],
    [4, 2, 4],
    [5, 3, 5],
    [20, 10, 19],
    [21, 11, 20],
    [40, 20, 38],
    [41, 21, 39],
  ];
  expect(expected.map(([n]) => [n, ofCount(n!).median, ofCount(n!).p95])).toEqual(expected);
  expectError("value", () => lengthStatistics([]), "the list of sequences is empty");
});

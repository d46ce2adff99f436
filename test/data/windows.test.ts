import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ContinuousWindows, consecutiveWindows, RandomWindows, splitTokens } from "../../src/data/windows.js";
import { expectError } from "../helpers/errors.js";

const counting = (n: number) => Int32Array.from({ length: n }, (_, i) => i);

describe("RandomWindows", () => {
  const options = { batch: 3, context: 5, seed: 1 };

  test("rows are stretches of the text, and y is x one token on", () => {
    const { x, y, shape } = new RandomWindows(counting(50), options).batch(0);
    expect(shape).toEqual([3, 5]);
    expect([x.length, y.length]).toEqual([15, 15]);
    for (let i = 0; i < 15; i++) {
      expect(y[i]).toBe(x[i]! + 1);
      if (i % 5 > 0) expect(x[i]).toBe(x[i - 1]! + 1);
    }
  });

  test("a batch is the same in whatever order it is asked for, and whoever asks", () => {
    const windows = new RandomWindows(counting(1000), options);
    const batches = [0, 1, 2, 3].map((step) => windows.batch(step));
    for (const step of [3, 1, 2, 0]) expect(new RandomWindows(counting(1000), options).batch(step)).toEqual(batches[step]);
    expect(windows.batch(2)).toEqual(batches[2]);
    expect(windows.batch(2).x).not.toBe(batches[2]!.x);
    expect(new Set(batches.map((batch) => batch.x.join())).size).toBe(4);
    expect(new RandomWindows(counting(1000), { ...options, seed: 2 }).batch(0)).not.toEqual(batches[0]);
    const unseeded = new RandomWindows(counting(1000), { batch: 3, context: 5 });
    expect(unseeded.batch(0)).toEqual(new RandomWindows(counting(1000), { ...options, seed: 0 }).batch(0));
  });

  test("every place is as likely, the first and the last included", () => {
    const windows = new RandomWindows(counting(14), { batch: 100, context: 4 });
    const found = new Array<number>(10).fill(0);
    for (let step = 0; step < 100; step++) {
      const { x } = windows.batch(step);
      for (let row = 0; row < 100; row++) found[x[4 * row]!]!++;
    }
    for (const count of found) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(900));
  });

  test("a text with room for one window", () => {
    const { x, y } = new RandomWindows(counting(6), options).batch(9);
    expect(Array.from(x)).toEqual([0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 3, 4]);
    expect(Array.from(y)).toEqual([1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2, 3, 4, 5]);
  });

  test("refuses a text that is too short, and invalid sizes and steps", () => {
    expectError("range", () => new RandomWindows(counting(5), options), "5 tokens", "text of 5", "longer text");
    expectError("range", () => new RandomWindows(counting(0), options), "text of 0");
    expectError("range", () => new RandomWindows(counting(50), { ...options, batch: 0 }), "batch is 0");
    expectError("range", () => new RandomWindows(counting(50), { ...options, batch: 1e9 }), "batch");
    expectError("range", () => new RandomWindows(counting(50), { ...options, context: 1.5 }), "context is 1.5");
    expectError("value", () => new RandomWindows(counting(50), { ...options, seed: -1 }), "seed");
    const windows = new RandomWindows(counting(50), options);
    for (const step of [-1, 0.5, 2 ** 32 - 1, Number.NaN]) expectError("range", () => windows.batch(step), `step is ${step}`);
    windows.batch(2 ** 32 - 2);
  });
});

describe("consecutiveWindows", () => {
  test("cuts whole windows into batches, then a smaller batch, then what remains", () => {
    const batches = [...consecutiveWindows(counting(24), { batch: 2, context: 4 })];
    expect(batches.map(({ shape }) => shape)).toEqual([
      [2, 4],
      [2, 4],
      [1, 4],
      [1, 3],
    ]);
    expect(Array.from(batches[1]!.x)).toEqual([8, 9, 10, 11, 12, 13, 14, 15]);
    expect(Array.from(batches[3]!.y)).toEqual([21, 22, 23]);
  });

  test("a text shorter than a window", () => {
    const batches = [...consecutiveWindows(counting(3), { batch: 8, context: 64 })];
    expect(batches).toEqual([{ x: new Int32Array([0, 1]), y: new Int32Array([1, 2]), shape: [1, 2] }]);
  });

  test("every token but the first is a target once, after the one before it", () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 200 }), size, size, (n, batch, context) => {
        const targets: number[] = [];
        for (const { x, y, shape } of consecutiveWindows(counting(n), { batch, context })) {
          expect(x.length).toBe(shape[0] * shape[1]);
          expect(shape[0]).toBeLessThanOrEqual(batch);
          expect(shape[1]).toBeLessThanOrEqual(context);
          expect(Array.from(y)).toEqual(Array.from(x, (token) => token + 1));
          targets.push(...y);
        }
        expect(targets).toEqual(Array.from(counting(n)).slice(1));
      }),
    );
  });

  test("refuses a text with nothing to predict, and invalid sizes, at once", () => {
    expectError("range", () => consecutiveWindows(counting(1), { batch: 1, context: 1 }), "1 tokens");
    expectError("range", () => consecutiveWindows(counting(9), { batch: 0, context: 1 }), "batch");
    expectError("range", () => consecutiveWindows(counting(9), { batch: 1, context: -1 }), "context");
  });
});

describe("splitTokens", () => {
  test.each([
    [10, 0.1, 1],
    [10, 0.9, 9],
    [10, 0, 0],
    [10, 1, 10],
    [7, 0.5, 4],
    [0, 0.5, 0],
  ])("%d tokens with the share %d: %d for validation", (n, share, expected) => {
    const { train, validation } = splitTokens(counting(n), share);
    expect(validation.length).toBe(expected);
    expect([...train, ...validation]).toEqual(Array.from(counting(n)));
  });

  test.each([-0.1, 1.1, Number.NaN])("refuses the share %d", (share) => {
    expectError("range", () => splitTokens(counting(10), share), `share is ${share}`);
  });
});

describe("ContinuousWindows", () => {
  test("each row continues where it ended, and the text starts again after its end", () => {
    const windows = new ContinuousWindows(counting(26), { batch: 2, context: 4 });
    expect(windows.length).toBe(3);
    const batches = [0, 1, 2, 3].map((step) => windows.batch(step));
    expect(batches.map(({ continues }) => continues)).toEqual([false, true, true, false]);
    expect([...batches[0]!.x]).toEqual([0, 1, 2, 3, 12, 13, 14, 15]);
    expect([...batches[1]!.x]).toEqual([4, 5, 6, 7, 16, 17, 18, 19]);
    expect([...batches[2]!.y]).toEqual([9, 10, 11, 12, 21, 22, 23, 24]);
    expect(batches[3]!.x).toEqual(batches[0]!.x);
  });

  test("a text that is too short is refused", () => {
    expectError("range", () => new ContinuousWindows(counting(8), { batch: 2, context: 4 }), "2 streams of 4 tokens", "a text of 8");
    expect(new ContinuousWindows(counting(9), { batch: 2, context: 4 }).length).toBe(1);
  });
});

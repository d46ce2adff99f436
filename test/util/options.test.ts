import { expect, test } from "vitest";
import { optionsAmong, refuseExtra } from "../../src/util/options.js";
import { expectError } from "../helpers/errors.js";

test("refuses extra arguments, except those that an array's map() adds", () => {
  const one = (x: number, ...extra: unknown[]) => {
    refuseExtra("one", extra, "give one number");
    return x + 1;
  };
  expect(one(1)).toBe(2);
  expect([1, 2].map(one)).toEqual([2, 3]);
  for (const extra of [[2], [undefined], [2, 3], [2, [1], 4], ["2", [1]], [2, "[1]"], [[1], 2]])
    expectError("value", () => one(1, ...extra), "one: got ", " behind its last argument; give one number.");
});

test("the options of some names are those that are given", () => {
  expect(optionsAmong({ a: 1, b: undefined, c: 3 } as Record<string, number | undefined>, ["a", "b", "d"])).toEqual({ a: 1, b: undefined });
});

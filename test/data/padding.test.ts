import { expect, test } from "vitest";
import { padRows } from "../../src/data/index.js";
import { checkRows } from "../../src/data/padding.js";
import { expectError } from "../helpers/errors.js";

test("rows are what padRows() makes, and nothing less", () => {
  const rows = padRows([[5, 6], [7]]);
  expect(checkRows("op", rows)).toBe(rows);
  const bad: object[] = [
    { data: [5, 6, 7, 0] },
    { data: new Int32Array(3) },
    { shape: [2, 2.5] },
    { shape: [2.5, 2] },
    { shape: "22" },
    { lengths: Int32Array.of(2, 1) },
    { lengths: [2] },
    { lengths: [2, 3] },
    { lengths: [2, -1] },
    { lengths: [2, 0.5] },
    { lengths: undefined },
  ];
  for (const part of bad) expectError("value", () => checkRows("op", { ...rows, ...part } as never), "op: the rows", "padRows()");
  for (const all of [undefined, null, 5, {}]) expectError("value", () => checkRows("op", all as never), "op: the rows");
});

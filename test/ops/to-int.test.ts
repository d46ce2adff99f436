import { expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { forEachDevice, immediate, startOn } from "../helpers/devices.js";
import { expectError } from "../helpers/errors.js";

await forEachDevice(immediate, "toInt", (device) => {
  const cast = (...data: number[]) => startOn(device, () => sg.toInt(sg.tensor(data)));

  test("rounds toward zero up to the ends of int32", () => {
    expect(Array.from(cast(1.7, -1.7, 2147483520, -(2 ** 31), 0).dataSync())).toEqual([1, -1, 2147483520, -(2 ** 31), 0]);
  });

  test.each([Number.NaN, Infinity, -Infinity, 2 ** 31, -2147483904])("refuses %d, wherever it stands", (bad) => {
    for (const data of [[bad], [1, bad, 2], [1, 2, 3, 4, bad]]) expectError("range", () => cast(...data), "toInt: x holds", "clamp()");
  });

  test("takes nothing, and what is int32 already as it is", () => {
    expect(cast().size).toBe(0);
    const x = startOn(device, () => sg.tensor(Int32Array.of(2 ** 31 - 1)));
    expect(sg.toInt(x)).toBe(x);
  });
});

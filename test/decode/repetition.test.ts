import { describe, expect, test } from "vitest";
import { penalizeRepetition } from "../../src/decode/repetition.js";
import { expectError } from "../helpers/errors.js";

describe("penalizeRepetition", () => {
  const logits = new Float32Array([3, -1, 0, 2, Number.NEGATIVE_INFINITY]);

  test("lowers what was seen, on either side of 0, in a copy", () => {
    expect([...(penalizeRepetition(logits, [0, 1, 2, 4], 2) as Float64Array)]).toEqual([1.5, -2, 0, 2, Number.NEGATIVE_INFINITY]);
    expect([...(penalizeRepetition(logits, [0, 1], 0.5) as Float64Array)]).toEqual([6, -0.5, 0, 2, Number.NEGATIVE_INFINITY]);
    expect(logits[0]).toBe(3);
  });

  test("with a penalty of 1 does nothing", () => {
    expect(penalizeRepetition(logits, [0, 1], 1)).toBe(logits);
  });

  test("refuses a penalty that is not over 0", () => {
    for (const penalty of [0, -2, Number.NaN, Number.POSITIVE_INFINITY])
      expectError("range", () => penalizeRepetition(logits, [0], penalty), "repetitionPenalty", String(penalty));
  });
});

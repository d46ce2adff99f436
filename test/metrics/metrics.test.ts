import fc from "fast-check";
import { describe, expect, test } from "vitest";
import * as metrics from "../../src/metrics/index.js";
import { expectError } from "../helpers/errors.js";

describe("classification", () => {
  const predictions = ["a", "b", "b", "c", "a", "a"];
  const targets = ["a", "b", "c", "c", "b", "a"];

  test("counts pairs by target and prediction", () => {
    expect(metrics.confusionMatrix(predictions, targets)).toEqual({
      labels: ["a", "b", "c"],
      counts: [
        [2, 0, 0],
        [1, 1, 0],
        [0, 1, 1],
      ],
    });
    expect(metrics.confusionMatrix([1], [1], [0, 1, 2]).counts).toEqual([
      [0, 0, 0],
      [0, 1, 0],
      [0, 0, 0],
    ]);
    expect(metrics.accuracy(predictions, targets)).toBe(4 / 6);
  });

  test("reports precision, recall and F1 by label and over all", () => {
    const report = metrics.classificationReport(predictions, targets);
    expect(report.labels.get("a")).toEqual({ precision: 2 / 3, recall: 1, f1: 0.8, support: 2 });
    expect(report.labels.get("c")).toEqual({ precision: 1, recall: 0.5, f1: 2 / 3, support: 2 });
    expect(report.macro.f1).toBeCloseTo((0.8 + 0.5 + 2 / 3) / 3, 12);
    expect(report.micro).toEqual({ precision: 4 / 6, recall: 4 / 6, f1: 4 / 6 });
    expect(metrics.classificationReport([0], [0], [0, 1]).labels.get(1)).toEqual({ precision: 0, recall: 0, f1: 0, support: 0 });
  });

  test("refuses what cannot be compared", () => {
    expectError("shape", () => metrics.accuracy([1], [1, 2]), "1 predictions", "2 targets");
    expectError("value", () => metrics.accuracy([], []), "nothing");
    expectError("range", () => metrics.confusionMatrix(["x"], ["a"], ["a"]), '"x"');
  });
});

describe("entities", () => {
  test.each([
    ["B-x I-x O B-y", "x 0 2, y 3 4"],
    ["I-x I-x I-y", "x 0 2, y 2 3"], // as IOB1, and another type begins another entity
    ["B-x B-x I-y", "x 0 1, x 1 2, y 2 3"],
    ["O S-x B-y I-y E-y I-y", "x 1 2, y 2 5, y 5 6"],
    ["B-x-1 I-x-1", "x-1 0 2"],
    ["O O", ""],
    ["", ""],
  ])("of %j", (tags, expected) => {
    const spans = metrics.entitySpans(tags === "" ? [] : tags.split(" "));
    expect(spans.map(({ type, start, end }) => `${type} ${start} ${end}`).join(", ")).toBe(expected);
  });

  test("are right only as a whole", () => {
    const report = metrics.entityF1(
      [
        ["B-person", "I-person", "O", "B-place"],
        ["O", "B-person"],
      ],
      [
        ["B-person", "O", "O", "B-place"],
        ["B-person", "O"],
      ],
    );
    expect(report).toMatchObject({ precision: 1 / 3, recall: 1 / 3 });
    expect(report.types.get("place")).toEqual({ precision: 1, recall: 1, f1: 1, support: 1 });
    expect(report.types.get("person")).toEqual({ precision: 0, recall: 0, f1: 0, support: 2 });
    expect(metrics.entityF1([["O"]], [["O"]]).f1).toBe(0);
    expectError("shape", () => metrics.entityF1([["O"]], [["O", "O"]]), "sentence 0", "1 predictions");
  });
});

describe("edit distance", () => {
  test.each([
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["flaw", "lawn", 2],
    ["abc", "abc", 0],
  ])("of %j and %j", (a, b, expected) => {
    expect(metrics.editDistance(a, b)).toBe(expected);
  });

  test("is a metric", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 8 });
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        const ab = metrics.editDistance(a, b);
        expect(ab).toBe(metrics.editDistance(b, a));
        expect(ab === 0).toBe(a === b);
        expect(metrics.editDistance(a, c)).toBeLessThanOrEqual(ab + metrics.editDistance(b, c));
      }),
    );
  });

  test("makes error rates of words and symbols", () => {
    expect(metrics.wordErrorRate(["the cat  sat", "yes"], ["the cat sat down", "no"])).toEqual({ rate: 2 / 5, unit: "words" });
    expect(metrics.symbolErrorRate([[1, 2]], [[1, 2]])).toBe(0);
    expect(metrics.symbolErrorRate([[1]], [[]])).toBe(Number.POSITIVE_INFINITY);
    expect([
      metrics.symbolErrorRate([[]], [[]]),
      metrics.symbolErrorRate(["", ""], ["", ""]),
      metrics.wordErrorRate([" "], [""]).rate,
    ]).toEqual([0, 0, 0]);
  });
});

describe("numbers", () => {
  test("errors of forecasts", () => {
    expect(metrics.meanAbsoluteError([1, 5], [2, 3])).toBe(1.5);
    expect(metrics.rootMeanSquareError([1, 5], [2, 3])).toBe(Math.sqrt(2.5));
    expect(metrics.smape([0, 3], [0, 1])).toBe(50);
    expect(metrics.mase([3, 5], [4, 7], [1, 2, 4, 1, 3, 5], 3)).toBe(1.5 / (2 / 3));
    expectError("range", () => metrics.mase([1], [1], [1, 2], 2), "season");
    expectError("shape", () => metrics.smape([1], [1, 2]), "smape");
  });

  test("of a language model", () => {
    expect(metrics.perplexity(0)).toBe(1);
    expect(metrics.bitsPerCharacter(Math.LN2 * 6, 3)).toBeCloseTo(2, 12);
    expectError("value", () => metrics.perplexity(Number.NaN), "perplexity");
  });
});

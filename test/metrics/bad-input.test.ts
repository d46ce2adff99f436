import { describe, expect, test } from "vitest";
import { metrics } from "../../src/index.js";
import { expectError } from "../helpers/errors.js";

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

describe("lists", () => {
  const pairs: Record<string, (a: never, b: never) => unknown> = {
    accuracy: metrics.accuracy,
    confusionMatrix: (a, b) => metrics.confusionMatrix<number>(a, b),
    entityF1: metrics.entityF1,
    bleu: (a, b) => metrics.bleu(a, b),
    chrf: (a, b) => metrics.chrf(a, b),
    rouge: metrics.rouge,
    symbolErrorRate: metrics.symbolErrorRate,
    wordErrorRate: metrics.wordErrorRate,
    meanAbsoluteError: metrics.meanAbsoluteError,
    smape: metrics.smape,
  };
  test.each(Object.entries(pairs))("%s expects two", (name, measure) => {
    expectError("value", () => measure(wrong(null), wrong([1])), `${name}: one of the two lists`, "null");
    expectError("value", () => measure(wrong("ab"), wrong("ab")), `${name}: one of the two lists`, "a string");
    expectError("value", () => measure(wrong([]), wrong([])), `${name}: there is nothing to compare`);
    expectError("shape", () => measure(wrong(["a"]), wrong(["a", "b"])), `${name}: 1 predictions for 2 targets`);
  });

  test("of sentences are lists of lists of tags", () => {
    expectError("value", () => metrics.entityF1(wrong(["O"]), wrong(["O"])), "entityF1: sentence 0: one of the two lists", "a string");
  });

  test.each([
    ["bleu", (a, b) => metrics.bleu(a, b)],
    ["chrf", (a, b) => metrics.chrf(a, b)],
    ["rouge", metrics.rouge],
    ["wordErrorRate", metrics.wordErrorRate],
  ] as [string, (a: string[], b: string[]) => unknown][])("of texts for %s hold no others", (name, measure) => {
    expectError("value", () => measure(wrong([null]), ["a"]), `${name}: text 0: the text is null`);
    expectError("value", () => measure(["a"], wrong([5])), name, "text 0: the text is a number");
    expectError("value", () => measure(wrong({ length: 1, 0: "a" }), ["a"]), `${name}: one of the lists is an object`);
    expectError("value", () => measure(["a"], wrong(new Int32Array(1))), `${name}: one of the lists`, "a list of texts");
  });
});

test("labels are a list, each once", () => {
  expectError("value", () => metrics.confusionMatrix([0], [0], wrong(2)), "confusionMatrix: labels are a number; give a list");
  expectError("value", () => metrics.confusionMatrix([0], [0], [0, 0]), "the labels 0, 0 are not all different");
});

test("BLEU's options are what they may be", () => {
  expectError("value", () => metrics.bleu(["a"], ["a"], { smooth: wrong("floor") }), 'bleu: smooth is "floor"; use exp, none');
  expectError(
    "value",
    () => metrics.bleu(["a"], ["a"], { tokenize: wrong("ja") }),
    'bleu: tokenize is "ja"; use 13a, intl, zh, char, none',
  );
  expectError("range", () => metrics.bleuByLength(["a"], ["a"], [Number.NaN]), "bleuByLength: lengths[0] is NaN");
});

test("numbers are finite, and no text", () => {
  for (const measure of [metrics.meanAbsoluteError, metrics.rootMeanSquareError, metrics.smape])
    for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, "1", undefined]) {
      expectError("not-finite", () => measure([1, wrong(bad)], [1, 2]), "pair 1 is ", "give finite numbers");
      expectError("not-finite", () => measure([1, 2], [1, wrong(bad)]), "pair 1 is 2 and ");
    }
  expectError("range", () => metrics.bitsPerCharacter(1, 0), "charactersPerToken is 0");
  expectError("value", () => metrics.editDistance(wrong<string>(5), "a"), "editDistance: an argument is a number; give texts or lists");
});

test("MASE has nothing to divide by where the training part repeats itself", () => {
  expectError("value", () => metrics.mase([2], [1], [5, 5, 5]), "mase: the training part is the same after each season of 1");
  expectError("value", () => metrics.mase([2], [1], [1, 2, 1, 2], 2), "after each season of 2", "meanAbsoluteError()");
  expectError("not-finite", () => metrics.mase([2], [1], [1, Number.NaN, 3]), "mase: the training part: pair 0 is 1 and NaN");
  expect(metrics.mase([2], [1], [1, 2, 1, 2])).toBe(1);
});

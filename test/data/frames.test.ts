import { expect, test } from "vitest";
import { frameScaler, padFrames, parseFrames } from "../../src/data/index.js";
import { expectError } from "../helpers/errors.js";

test("frames are read from text, and a line that is not a frame is refused", () => {
  expect(parseFrames(" 0 1.5;2,-3e1 ; 4, 5")).toEqual([
    [0, 1.5],
    [2, -30],
    [4, 5],
  ]);
  expectError("format", () => parseFrames("1 2; 3 x", "a.tsv, line 4"), "a.tsv, line 4", '"x" in vector 2');
  expectError("format", () => parseFrames("1 2;"), '"" in vector 2');
  expectError("format", () => parseFrames("1 2; 3"), "vector 2 has 1 numbers, the first 2");
  expectError("format", () => parseFrames("1e999"), '"1e999"');
});

test("frames are padded and scaled", () => {
  const rows = [
    [
      [1, 10],
      [3, 10],
    ],
    [[2, 10]],
  ];
  expect(padFrames(rows)).toEqual({ data: Float32Array.of(1, 10, 3, 10, 2, 10, 0, 0), shape: [2, 2, 2], lengths: [2, 1] });
  const scaler = frameScaler(rows.slice(0, 1));
  expect(Array.from(padFrames(rows, { scaler }).data)).toEqual([-1, 0, 1, 0, 0, 0, 0, 0]);
  expectError("value", () => padFrames([]), "the list of sequences is empty");
  expectError("value", () => padFrames([[[1]], []]), "sequence 1");
  expectError("shape", () => padFrames([[[1, 2], [3]]]), "vector 1 of sequence 0", "expected [2]");
  expectError("shape", () => padFrames([[[1]]], { scaler }), "expected [2]");
  expectError("not-finite", () => padFrames([[[Number.NaN]]]), "[NaN]");
});

import { expect, test } from "vitest";
import { currentOptions } from "../../src/cli/recorded.js";

// The options that version 0.1 recorded, by its flags, have other names now.

test("every name of a flag has its name of today, in the list of files too", () => {
  const flags = {
    cell: "gru",
    seq: 9,
    val: 0.1,
    "val-file": "held.txt",
    clip: 5,
    tie: true,
    vocabulary: 70,
    "max-length": 8,
    "eval-every": 3,
  };
  const now = {
    arch: "gru",
    context: 9,
    validation: 0.1,
    validationFile: "held.txt",
    clipNorm: 5,
    tieWeights: true,
    vocab: 70,
    evaluateEvery: 3,
  };
  expect(currentOptions(flags)).toEqual({ ...now, context: 8 });
  expect(currentOptions({ val: 0, "min-count": 2, files: { "val-file": "a", data: "b" } })).toEqual({
    ...{ validation: 0, minCount: 2, files: { validationFile: "a", data: "b" } },
  });
  expect(currentOptions({ val: 0, files: null })).toEqual({ validation: 0 });
  expect(currentOptions({ val: 0, betas: "0.9,0.99" })).toEqual({ validation: 0, betas: [0.9, 0.99] });
});

test("a way to read is a direction, which attention by products has not", () => {
  expect(currentOptions({ val: 0, "one-way": false })).toEqual({ validation: 0, bidirectional: true });
  expect(currentOptions({ val: 0, "one-way": true })).toEqual({ validation: 0, bidirectional: false });
  expect(currentOptions({ val: 0, "one-way": false, attention: "dot" })).toMatchObject({ bidirectional: false });
});

test("the width of a Transformer was its embedding's", () => {
  expect(currentOptions({ val: 0, arch: "transformer", embed: 64 })).toEqual({ validation: 0, arch: "transformer", hidden: 64 });
  expect(currentOptions({ val: 0, cell: "lstm", embed: 64 })).toEqual({ validation: 0, arch: "lstm", embed: 64 });
});

test("options of this version stay as they are", () => {
  const json = { validation: 0.1, arch: "gru", files: { validationFile: "a" } };
  expect(currentOptions(json)).toBe(json);
});

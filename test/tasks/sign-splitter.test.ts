import { expect, test } from "vitest";
import { signsOf, splitSigns } from "../../src/tasks/sign-splitter.js";
import { finish } from "../../src/util/breath.js";

const split = (text: string, ...words: string[]) => splitSigns(text, finish(signsOf([{ words }])), (word) => words.includes(word));

test("signs are split off as the data to train on has them", () => {
  expect(split("(Bob flew to Rome.)", "Bob", "flew", ".")).toEqual(["(", "Bob", "flew", "to", "Rome", ".", ")"]);
  expect(split("3.5 a.b Rome,", "Rome", ",")).toEqual(["3.5", "a.b", "Rome", ","]);
  expect(split("Eve flew.", "Bob", "flew.")).toEqual(["Eve", "flew."]);
  expect(split("Eve ran, he stops.", "flew.", "stops.", "a", ",")).toEqual(["Eve", "ran", ",", "he", "stops."]);
});

test("a word that is known with its sign stays whole", () => {
  expect(split("Mr. Bob.", "Mr.", "Bob", ".", ".")).toEqual(["Mr.", "Bob", "."]);
});

test("a sign alone stays, and a hashtag is not cut where signs are glued", () => {
  expect(split(". #rome !", "#paris", ".")).toEqual([".", "#rome", "!"]);
  expect(split("", ".")).toEqual([]);
});

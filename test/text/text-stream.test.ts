import { expect, test } from "vitest";
import { BpeTokenizer, CharTokenizer, TextStream, type Tokenizer, trainTokenizer } from "../../src/text/index.js";
import { expectError } from "../helpers/errors.js";

const text = "Say “no”, (or 😀😀) — नमस्ते: it’s 3.14! The end.";

/** The pieces of the second half of a text, after the first as a prompt. */
function pieces(tokenizer: Tokenizer, half: number): [pieces: string[], whole: string] {
  const ids = tokenizer.encode(text);
  const stream = new TextStream(tokenizer, ids.subarray(0, half));
  const whole = tokenizer.decode(ids).slice(tokenizer.decode(ids.subarray(0, half)).length);
  return [Array.from(ids.subarray(half), (id) => stream.push(id)), whole];
}

test.each([
  ["characters", CharTokenizer.fromText(text)],
  ["words", trainTokenizer([text], { unit: "words" })],
  ["bytes", BpeTokenizer.train([text], { vocabularySize: 260, special: [] })],
] as const)("%s one by one make the text", (_, tokenizer) => {
  for (const half of [0, 1, 5]) {
    const [parts, whole] = pieces(tokenizer, half);
    expect(parts.join("")).toBe(whole);
    expect(parts.join("")).not.toContain("\uFFFD");
  }
});

test("a character's bytes are given out together", () => {
  const tokenizer = BpeTokenizer.train(["ab"], { vocabularySize: 256, special: [] });
  const stream = new TextStream(tokenizer, tokenizer.encode("a"));
  expect(Array.from(tokenizer.encode("😀b"), (id) => stream.push(id))).toEqual(["", "", "", "😀", "b"]);
});

test("trainTokenizer refuses what is no unit", () => {
  expectError("value", () => trainTokenizer(["a"], { unit: "letters" as "words" }), '"letters"', "words, characters, bpe");
  expect(trainTokenizer(["a b b c c"], { unit: "words", vocabularySize: 2 }).size).toBe(2);
});

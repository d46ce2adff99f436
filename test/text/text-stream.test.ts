import { describe, expect, test } from "vitest";
import { BpeTokenizer, CharTokenizer, TextStream, type Tokenizer, tokenizerFromJSON, trainTokenizer } from "../../src/text/index.js";
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
  ["bytes", BpeTokenizer.train([text], { vocab: 260, special: [] })],
] as const)("%s one by one make the text", (_, tokenizer) => {
  for (const half of [0, 1, 5]) {
    const [parts, whole] = pieces(tokenizer, half);
    expect(parts.join("")).toBe(whole);
    expect(parts.join("")).not.toContain("\uFFFD");
  }
});

test("a character's bytes are given out together", () => {
  const tokenizer = BpeTokenizer.train(["ab"], { vocab: 256, special: [] });
  const stream = new TextStream(tokenizer, tokenizer.encode("a"));
  expect(Array.from(tokenizer.encode("😀b"), (id) => stream.push(id))).toEqual(["", "", "", "😀", "b"]);
});

test("trainTokenizer refuses an unknown unit", () => {
  expectError("value", () => trainTokenizer(["a"], { unit: "letters" as "words" }), '"letters"', '"words", "characters", "bpe"');
  expect(trainTokenizer(["a b b c c"], { unit: "words", vocab: 2 }).size).toBe(2);
});

describe("U+FFFD and U+FEFF are characters like others", () => {
  const sample = "\ufeffa\ufffd\ufffd\ufffd\ufffdb\ufeff\ufffd\ufffd";
  test.each([
    ["characters", CharTokenizer.fromText(sample)],
    ["bytes", BpeTokenizer.train(["ab"], { vocab: 256, special: [] })],
  ] as const)("%s", (_, tokenizer) => {
    expect(tokenizer.decode(tokenizer.encode(sample))).toBe(sample);
    const stream = new TextStream(tokenizer);
    const text = Array.from(tokenizer.encode(sample), (id) => stream.push(id)).join("");
    expect(text + stream.flush()).toBe(sample);
    expect(stream.flush()).toBe("");
  });

  test("a tokenizer of characters holds nothing back", () => {
    const tokenizer = CharTokenizer.fromText(sample);
    const stream = new TextStream(tokenizer);
    expect(Array.from(tokenizer.encode("a\ufffd\ufffdb"), (id) => stream.push(id))).toEqual(["a", "\ufffd", "\ufffd", "b"]);
  });

  test("bytes that never become a character are given out, at the end by flush", () => {
    const tokenizer = BpeTokenizer.train(["ab"], { vocab: 256, special: [] });
    const lead = tokenizer.encode("😀")[0]!;
    const stream = new TextStream(tokenizer, tokenizer.encode("a"));
    const pieces = Array.from({ length: 10 }, () => stream.push(lead));
    expect(pieces.join("")).toBe("\ufffd".repeat(7));
    expect(stream.flush()).toBe("\ufffd".repeat(3));
    expect(stream.push(tokenizer.encode("b")[0]!)).toBe("b");
  });

  test("bytes as tokens of their own, each of which comes as U+FFFD alone", async () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`);
    const tokenizer = await tokenizerFromJSON({
      ...{ version: "1.0", added_tokens: [], decoder: { type: "ByteFallback" } },
      model: {
        type: "BPE",
        unk_token: null,
        byte_fallback: true,
        vocab: Object.fromEntries(bytes.map((byte, i) => [byte, i])),
        merges: [],
      },
    });
    const stream = new TextStream(tokenizer, tokenizer.encode("é"));
    expect(Array.from(tokenizer.encode("😀é"), (id) => stream.push(id))).toEqual(["", "", "", "😀", "", "é"]);
    for (const text of ["\ufeffa", "a\ufeff", "é\ufeff\ufffd"]) expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { CharTokenizer } from "../../src/text/char-tokenizer.js";
import { expectError } from "../helpers/errors.js";

describe("CharTokenizer", () => {
  const tokenizer = CharTokenizer.fromText("hello, wörld 😀!");

  test("numbers the characters by code point", () => {
    expect(tokenizer.size).toBe(12);
    expect(Object.keys(tokenizer.toJSON())).toEqual([" ", "!", ",", "d", "e", "h", "l", "o", "r", "w", "ö", "😀"]);
    expect(tokenizer.encode("!d😀 ")).toEqual(new Int32Array([1, 3, 11, 0]));
    expect(tokenizer.decode([1, 3, 11, 0])).toBe("!d😀 ");
    expect(tokenizer.decode(new Int32Array([11]))).toBe("😀");
    expect(tokenizer.encode("")).toEqual(new Int32Array(0));
    expect(tokenizer.decode([])).toBe("");
  });

  test("gives any text back, also through JSON, whatever its characters", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.string({ unit: fc.constantFrom("a", "1", "\ud83d", "\ude00", "😀", "\uffff") }),
    );
    fc.assert(
      fc.property(
        text.filter((t) => t !== ""),
        (t) => {
          const made = CharTokenizer.fromText(t);
          const read = CharTokenizer.fromJSON(JSON.parse(JSON.stringify(made)));
          const ids = made.encode(t);
          expect(ids).toEqual(read.encode(t));
          expect(ids.length).toBe([...t].length);
          expect(Math.max(...ids)).toBe(made.size - 1);
          expect(read.decode(ids)).toBe(t);
        },
      ),
    );
  });

  test("names a character that it does not know", () => {
    expectError("range", () => tokenizer.encode("held z"), '"z"', "U+007A", "position 5", "12 characters");
    expectError("range", () => tokenizer.encode("😀😁"), '"😁"', "U+1F601", "position 2");
    expectError("range", () => tokenizer.encode("h\ud83d"), "\\ud83d", "position 1");
  });

  test.each([12, -1, 0.5, Number.NaN, 2 ** 40])("names the id %d, which it does not know", (id) => {
    expectError("range", () => tokenizer.decode([0, id]), `${id} at position 1`, "0 to 11");
  });

  test("cannot be made of nothing", () => {
    expectError("value", () => CharTokenizer.fromText(""));
    expectError("value", () => CharTokenizer.fromText(undefined as unknown as string));
    expectError("format", () => CharTokenizer.fromJSON({}), "empty");
  });

  test.each<[Record<string, number>, ...string[]]>([
    [{ a: 0, b: 2 }, '"b"', "0 to 1"],
    [{ a: 0, b: 0 }, '"b"', '"a" too'],
    [{ a: 0, bc: 1 }, '"bc"', "one character"],
    [{ "": 0 }, '""', "one character"],
    [{ a: -1 }, '"a"', "-1"],
    [{ a: 0.5 }, '"a"', "0.5"],
    [{ a: "0" as unknown as number }, '"a"', 'id "0"'],
  ])("refuses the vocabulary %j", (vocabulary, ...parts) => {
    expectError("format", () => CharTokenizer.fromJSON(vocabulary), ...parts);
  });
});

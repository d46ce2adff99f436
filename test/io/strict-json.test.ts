import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJson } from "../../src/io/strict-json.js";
import { expectError } from "../helpers/errors.js";

test("any JSON is parsed as JSON.parse does, however it is spaced", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (text, space) => {
      const spaced = JSON.stringify(JSON.parse(text), null, space);
      expect(parseJson("x", spaced)).toEqual(JSON.parse(spaced));
    }),
  );
});

test("any other text is refused, as JSON.parse does", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'{}[]":,\\ u01-e') }), (text) => {
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        expectError("format", () => parseJson("the file", text), "the file");
        return;
      }
      expect(parseJson("x", text)).toEqual(value);
    }),
    { numRuns: 1000 },
  );
});

test("a key twice in one object is refused; in two, or as a value, it is not", () => {
  expectError("format", () => parseJson("x", '{"a":[{"b":1,"c":2,"b" \n: 3}]}'), 'x has the key "b" twice');
  expectError("format", () => parseJson("x", '{"\\"":1,"\\u0022":2}'), "twice");
  expectError("format", () => parseJson("x", '{"":1,"":2}'), '"" twice');
  expect(parseJson("x", '[{"a":"a"},{"a":["a","a"],"b":{"a":"b"}}]')).toEqual([{ a: "a" }, { a: ["a", "a"], b: { a: "b" } }]);
});

test("64 levels are allowed, 65 are not", () => {
  const nested = (levels: number) => "[".repeat(levels) + "]".repeat(levels);
  parseJson("x", nested(64));
  expectError("format", () => parseJson("x", nested(65)), "64 levels");
});

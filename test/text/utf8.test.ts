import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeText } from "../../src/text/utf8.js";
import { SeqgradError } from "../../src/util/errors.js";
import { expectError } from "../helpers/errors.js";

const encode = (text: string) => new TextEncoder().encode(text);

test("reads UTF-8, without a byte order mark", () => {
  expect(decodeText(encode("grüß 😀\r\n"))).toBe("grüß 😀\r\n");
  expect(decodeText(encode("\ufeffa\ufeff"))).toBe("a\ufeff");
});

test("refuses what is empty, and says whose fault", () => {
  expectError("format", () => decodeText(encode(""), "a.txt"), "a.txt is empty");
  expectError("format", () => decodeText(encode("\ufeff"), "a.txt"), "a.txt is empty");
});

test("refuses binary files and UTF-16", () => {
  expectError("format", () => decodeText(new Uint8Array([65, 66, 0, 67]), "a.bin"), "a.bin", "byte 2 is 0");
  expectError("format", () => decodeText(new Uint8Array([0xff, 0xfe, 65, 0])), "byte 3 is 0", "UTF-16");
});

test.each([
  ["a byte on its own", [0x80], 0],
  ["a Latin-1 letter", [0x67, 0x72, 0xfc, 0xdf], 2],
  ["a sequence cut short", [0x61, 0xe2, 0x82], 1],
  ["a sequence broken off", [0xe2, 0x82, 0x61], 0],
  ["two bytes where one would do", [0xc0, 0xaf], 0],
  ["three bytes where two would do", [0xe0, 0x9f, 0xbf], 0],
  ["four bytes where three would do", [0xf0, 0x8f, 0xbf, 0xbf], 0],
  ["a surrogate", [0x61, 0x61, 0xed, 0xa0, 0x80], 2],
  ["a code point over U+10FFFF", [0xf4, 0x90, 0x80, 0x80], 0],
  ["a byte that never occurs", [0xc3, 0xbc, 0xfe], 2],
])("finds %s", (_, bytes, position) => {
  expectError("format", () => decodeText(new Uint8Array(bytes), "a.txt"), `a.txt: byte ${position} (0x${bytes[position]!.toString(16)})`);
});

test("the position is that of the first byte which no text can have there", () => {
  const bytes = fc.array(fc.constantFrom(0x41, 0x80, 0x9f, 0xa0, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xef, 0xf0, 0xf4), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(bytes, (list) => {
      const all = Uint8Array.from(list);
      try {
        decodeText(all);
      } catch (error) {
        if (!(error instanceof SeqgradError && error.code === "format")) throw error;
        const position = Number(/byte (\d+)/.exec(error.message)![1]);
        const decode = (end: number) => new TextDecoder("utf-8", { fatal: true }).decode(all.subarray(0, end));
        decode(position); // what comes before is sound
        for (let end = position + 1; end <= all.length; end++) expect(() => decode(end)).toThrow();
      }
    }),
    { numRuns: 1000 },
  );
});

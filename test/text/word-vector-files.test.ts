import { describe, expect, test } from "vitest";
import { WordVectors } from "../../src/text/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

const words = ["king", "new york", "<unk>", "東京", "a\tb", "12", "__proto__", "\u00a0"];
const vectors = new WordVectors(
  words,
  3,
  Float32Array.from({ length: 24 }, (_, i) => Math.fround((i - 7) / 3)),
);
const single = new WordVectors(["a", "naïve", "__proto__"], 2, Float32Array.of(1, 2, -3.5, 1e-38, 5, 3.4e38));

/** Bytes in pieces of one length. */
function* cut(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let i = 0; i < bytes.length; i += size) yield bytes.subarray(i, i + size);
}
const joined = (chunks: Iterable<Uint8Array>) => Uint8Array.from([...chunks].flatMap((chunk) => [...chunk]));
const bytesOf = (text: string) => new TextEncoder().encode(text);
const parts = ({ words, dimension, data }: WordVectors) => ({ words, dimension, data });

describe.each(["text", "binary"] as const)("a %s file", (format) => {
  const table = format === "text" ? vectors : single;
  const bytes = joined(table.chunks({ format }));

  test.each([1, 7, 64, 1 << 20])("comes back from pieces of %d bytes", async (size) => {
    const again = await WordVectors.read(cut(bytes, size), { format });
    expect(again.words).toEqual(table.words);
    for (const [i, value] of again.data.entries()) expect(value / table.data[i]! || 1).toBeCloseTo(1, 6);
    expect(again.warnings).toEqual([]);
  });

  test("comes from bytes, a stream and a web stream alike", async () => {
    const whole = parts(await WordVectors.read(bytes, { format }));
    async function* stream() {
      yield* cut(bytes, 5);
    }
    expect(parts(await WordVectors.read(stream(), { format }))).toEqual(whole);
    expect(parts(await WordVectors.read(new Response(bytes).body!, { format }))).toEqual(whole);
    const { body } = new Response(bytes);
    const plain = { getReader: () => body!.getReader() };
    expect(parts(await WordVectors.read(plain, { format }))).toEqual(whole);
  });

  test("that is cut off is refused, wherever it ends", async () => {
    for (let end = 0; end < bytes.length - 1; end += 3) {
      const part = bytes.subarray(0, end);
      // A number may lose its last digits and be one still.
      if (format === "text" && part.filter((byte) => byte === 10).length >= table.words.length) continue;
      await expectRejection("format", WordVectors.read(part, { format, name: "v" }), "v");
    }
  });

  test("says which source and which options it takes", async () => {
    for (const source of [null, 3, "a 1", {}, { getReader: 1 }]) {
      await expectRejection("value", WordVectors.read(source as never, { format }), "the source is");
    }
    await expectRejection("value", WordVectors.read([1] as never, { format }), "a piece is a number");
    await expectRejection("value", WordVectors.read(bytes, { format, binary: true } as never), '"binary" is not an option');
  });
});

test("the binary format is word2vec's", async () => {
  const bytes = joined(single.chunks({ format: "binary" }));
  expect(bytes.subarray(0, 6)).toEqual(bytesOf("3 2\na "));
  expect(bytes.subarray(6, 15)).toEqual(Uint8Array.of(0, 0, 0x80, 0x3f, 0, 0, 0, 0x40, 10));
  // Some tools write no line break after a row.
  const bare = Uint8Array.of(...bytesOf("2 1\na "), 0, 0, 0x80, 0x3f, ...bytesOf("b "), 0, 0, 0, 0x40);
  expect(parts(await WordVectors.read(bare, { format: "binary" }))).toEqual({
    words: ["a", "b"],
    dimension: 1,
    data: Float32Array.of(1, 2),
  });
});

test("sizes in a header take no memory", async () => {
  const read = (text: string, format: "text" | "binary") => WordVectors.read(bytesOf(text), { format, name: "v" });
  await expectRejection("format", read("99999999999 300\na 1 2\n", "text"), "v, line 2, column 4: the line has 2 numbers; expected 300");
  await expectRejection("format", read("99999999999 2\na 1 2\n", "text"), "1 words; the first line says 99999999999");
  await expectRejection("format", read("99999999999 300\na 1234", "binary"), "0 words and 6 bytes; the first line says 99999999999");
  await expectRejection("format", read("1 99999999999\na 1234", "binary"), "the first line");
  await expectRejection("format", read("1 1\na 1234\nb 1234", "binary"), "there is more after the 1 words");
  await expectRejection("format", read(`1 1\n${"a".repeat(70_000)}`, "binary"), "no word ends within");
  await expectRejection("format", read("a 1 2\n", "binary"), 'read text with { format: "text" }');
  await expectRejection("format", read("3 0\n", "text"), "the dimension is 0");
  await expectRejection("format", WordVectors.read(Uint8Array.of(...bytesOf("1 1\na "), 0, 0, 0xc0, 0x7f), { format: "binary" }), "is NaN");
});

describe("text", () => {
  const read = (text: string, options = {}) => WordVectors.fromText(text, { name: "v.txt", ...options });

  test.each([
    ["a tab after the word", "new york\t1 2\nking\t3 4\n"],
    ["tabs everywhere", "new york\t1\t2\nking\t3\t4"],
    ["blanks", "2 2\nnew york 1 2\nking 3 4"],
    ["a header with a tab", "2\t2\r\nnew york\t1\t2\r\nking 3 4\r\n"],
  ])("%s", (_, text) => {
    expect(parts(read(text))).toEqual({ words: ["new york", "king"], dimension: 2, data: Float32Array.of(1, 2, 3, 4) });
  });

  test("of a word that is there twice the first counts, with a warning", () => {
    const table = read("3 1\na 1\nb 2\na 3");
    expect(parts(table)).toEqual({ words: ["a", "b"], dimension: 1, data: Float32Array.of(1, 2) });
    expect(table.warnings).toEqual(['v.txt, line 4: "a" is on line 2 already; the first one counts.']);
    const many = read("a 1\n".repeat(100));
    expect(many.warnings).toHaveLength(6);
    expect(many.warnings[5]).toContain("94 more words");
  });

  test("a line break in a word is refused when written, in the binary format a blank too", () => {
    for (const word of ["a\nb", "a\rb"]) {
      const bad = new WordVectors(["x", word], 1, Float32Array.of(1, 2));
      expectError("value", () => bad.toText(), "word 1", JSON.stringify(word), "a line break");
      expectError("value", () => [...bad.chunks()], "a line break");
      expectError("value", () => [...bad.chunks({ format: "binary" })], "a blank or a line break");
    }
    expectError("value", () => [...vectors.chunks({ format: "binary" })], '"new york"');
  });

  test("refuses options and arguments of other kinds", () => {
    expectError("value", () => read("a 1", { size: 1 }), '"size" is not an option');
    expectError("value", () => vectors.toText({ heading: true } as never), '"heading" is not an option');
    expectError("value", () => vectors.chunks({ format: "json" } as never), '"json"');
    expectError("value", () => new WordVectors([1] as never, 1, Float32Array.of(1)), "words[0] is 1");
    expectError("value", () => new WordVectors(null as never, 1, Float32Array.of(1)), "words is null");
    expectError("range", () => vectors.vectorOf(Symbol("s") as never), "Symbol(s)");
    expectError("range", () => vectors.vectorOf("constructor"), '"constructor"');
    expectError("value", () => vectors.nearest("king", 1, null as never), "except is null");
    expect(vectors.has("toString")).toBe(false);
  });
});

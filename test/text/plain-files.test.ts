import { describe, expect, test } from "vitest";
import { BpeTokenizer, WordPieceTokenizer } from "../../src/text/index.js";

type Json = { readonly [name: string]: unknown };

/** A copy of a file with a value in place of the one at a path. A value of undefined takes it away. */
function changed(file: Json, path: readonly string[], value: unknown): Json {
  const [name = "", ...rest] = path;
  const { [name]: own, ...others } = file;
  if (rest.length > 0) return { ...others, [name]: changed((own ?? {}) as Json, rest, value) };
  return value === undefined ? others : { ...others, [name]: value };
}

type Row = [path: string, taken: readonly unknown[], others: readonly unknown[]];
const gone = undefined;

describe("a tokenizer.json is read here with these values, and left to the general reader with others", () => {
  const post = { type: "ByteLevel", add_prefix_space: false, trim_offsets: false, use_regex: true };
  const bpe = { ...BpeTokenizer.train(["low lower"], { vocab: 260 }).toJSON(), post_processor: post };
  const piece = { ...WordPieceTokenizer.train(["low lower"], { vocab: 60, minCount: 1 }).toJSON() };
  const check = (reads: (file: never) => boolean, whole: Json, [path, taken, others]: Row) => {
    const isRead = (value: unknown) => reads(changed(whole, path.split("."), value) as never);
    expect(reads(whole as never)).toBe(true);
    expect(taken.map(isRead)).toEqual(taken.map(() => true));
    expect(others.map(isRead)).toEqual(others.map(() => false));
  };

  test.each<Row>([
    ["version", ["1.0", gone], ["2.0"]],
    ["truncation", [null, gone], [{}]],
    ["padding", [null, gone], [{}]],
    ["normalizer", [null, gone], [{ type: "NFC" }]],
    ["extra", [gone], [1, null]],
    ["model.type", ["BPE"], ["WordPiece", gone]],
    ["model.dropout", [0, null, gone, false], [0.1, true]],
    ["model.unk_token", [null, gone], ["<unk>", ""]],
    ["model.continuing_subword_prefix", [null, gone, ""], ["##"]],
    ["model.end_of_word_suffix", [null, gone, ""], ["</w>"]],
    ["model.fuse_unk", [null, gone, false], [true]],
    ["model.byte_fallback", [null, gone, false], [true]],
    ["model.ignore_merges", [null, gone, false], [true]],
    ["model.extra", [gone], [1]],
    ["pre_tokenizer", [], [null, gone, { type: "Whitespace" }]],
    ["pre_tokenizer.add_prefix_space", [false], [true, gone]],
    ["pre_tokenizer.trim_offsets", [true, false], [gone, 1]],
    ["pre_tokenizer.use_regex", [true, gone], [false]],
    ["post_processor", [null, gone, post], [{ type: "BertProcessing" }]],
    ["post_processor.add_prefix_space", [true, false], [gone]],
    ["post_processor.trim_offsets", [true, false], [gone]],
    ["post_processor.use_regex", [true, false, gone], [null]],
    ["decoder", [null, gone, { type: "ByteLevel" }], [{ type: "WordPiece" }]],
  ])("BPE, %s", (...row) => check(BpeTokenizer.reads, bpe, row));

  test.each<Row>([
    ["version", ["1.0", gone], ["2.0"]],
    ["truncation", [null, gone], [{}]],
    ["padding", [null, gone], [{}]],
    ["extra", [gone], [1, null]],
    ["model.type", ["WordPiece"], ["BPE", gone]],
    ["model.continuing_subword_prefix", ["##"], ["", gone, null]],
    ["model.max_input_chars_per_word", [100], [99, 101, gone]],
    ["model.unk_token", ["[UNK]"], ["[CLS]", "<unk>", gone]],
    ["model.extra", [gone], [1]],
    ["normalizer", [], [null, gone]],
    ["normalizer.type", ["BertNormalizer"], ["NFC"]],
    ["normalizer.clean_text", [true], [false, gone]],
    ["normalizer.handle_chinese_chars", [true], [false, gone]],
    ["normalizer.strip_accents", [true, false, null, gone], [1]],
    ["normalizer.lowercase", [true, false], [null, gone]],
    ["pre_tokenizer", [{ type: "BertPreTokenizer" }], [null, gone, { type: "Whitespace" }]],
    ["pre_tokenizer.extra", [gone], [1]],
    ["post_processor", [null, gone], [{ type: "ByteLevel" }]],
    ["decoder", [null, gone], [{ type: "ByteLevel" }]],
    ["decoder.prefix", ["##"], ["", gone]],
    ["decoder.cleanup", [true], [false, gone]],
    ["added_tokens", [], [null, gone, [], 1, [null]]],
  ])("WordPiece, %s", (...row) => check(WordPieceTokenizer.reads, piece, row));

  test.each([
    ["BPE", BpeTokenizer.reads, bpe],
    ["WordPiece", WordPieceTokenizer.reads, piece],
  ] as const)("%s, its added tokens", (_, reads, whole) => {
    const [first, ...others] = (whole as unknown as { added_tokens: Json[] }).added_tokens;
    const isRead = (flags: Json) => reads({ ...whole, added_tokens: [{ ...first, ...flags }, ...others] } as never);
    for (const name of ["single_word", "lstrip", "rstrip"])
      expect([false, undefined, true].map((value) => isRead({ [name]: value }))).toEqual([true, true, false]);
    expect([true, undefined, false].map((special) => isRead({ special }))).toEqual([true, true, false]);
    expect([true, false, undefined].map((normalized) => isRead({ normalized }))).toEqual([true, true, true]);
    expect([isRead({ extra: 1 }), isRead({ id: 1 }), isRead({ id: 9999 })]).toEqual([false, false, false]);
  });
});

import { describe, expect, test } from "vitest";
import { BpeTokenizer, type Tokenizer, tokenizerFromJSON } from "../../src/text/index.js";
import { precompiled } from "../../src/text/pipeline/precompiled.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import fixture from "./tokenizer-files/cases.json" with { type: "json" };
import charsmap from "./tokenizer-files/charsmap.json" with { type: "json" };

// The right ids and texts are those of Hugging Face's tokenizers 0.23.2: tokenizer-files/make.py.

type Parts = Readonly<Record<string, unknown>>;
type Row = [text: string, ids: number[], decoded: string];

const { vocab, merges } = fixture.parts;

/** A part of a file with the vocabulary and the merges that all files share. */
const whole = (part: unknown): unknown => {
  if (part === "VOCAB") return vocab;
  if (part === "MERGES") return merges;
  if (Array.isArray(part)) return part.map(whole);
  return part !== null && typeof part === "object"
    ? Object.fromEntries(Object.entries(part).map(([name, value]) => [name, whole(value)]))
    : part;
};

const bpe = {
  ...{ type: "BPE", dropout: null, unk_token: "<unk>", continuing_subword_prefix: null, end_of_word_suffix: null },
  ...{ fuse_unk: false, byte_fallback: false, ignore_merges: false, vocab, merges },
};
const file = (parts: Parts): Parts => ({
  ...{ version: "1.0", truncation: null, padding: null, added_tokens: [], normalizer: null, pre_tokenizer: null },
  ...{ post_processor: null, decoder: null, model: bpe },
  ...(whole(parts) as Parts),
});
const open = (parts: Parts): Promise<Tokenizer> => tokenizerFromJSON(file(parts));
const token = (id: number, content: string, settings: Parts = {}) => ({
  ...{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: false },
  ...settings,
});
const words = { type: "WordLevel", unk_token: "[UNK]", vocab: { "[UNK]": 0, a: 1, b: 2 } };
const blanks = { type: "WhitespaceSplit" };

describe("tokenizer.json gives the ids and texts that Hugging Face gives", () => {
  const cases = Object.entries(fixture.cases) as unknown as [string, { file: Parts; rows: Row[] }][];
  test.each(cases)("%s", async (name, { file: parts, rows }) => {
    const tokenizer = await open(parts);
    for (const [text, ids, decoded] of rows) {
      expect(Array.from(tokenizer.encode(text)), text).toEqual(ids);
      // A normalized added token keeps its own text here; a special one is left out of texts.
      if (!/normalized|special/.test(name)) expect(tokenizer.decode(ids), text).toBe(decoded);
    }
  });
});

describe("a map of characters that SentencePiece compiled", () => {
  const normalizer = { type: "Precompiled", precompiled_charsmap: charsmap.charsmap };

  test("changes texts as Hugging Face does: tokenizer-files/charsmap.py", () => {
    const normalize = precompiled("normalizer", charsmap.charsmap);
    expect(charsmap.cases.filter(([text, expected]) => text !== expected).length).toBeGreaterThan(200);
    for (const [text, expected] of charsmap.cases) expect(normalize(text!), JSON.stringify(text)).toBe(expected);
  });

  test("changes what a tokenizer.json cuts", async () => {
    const model = { type: "WordLevel", unk_token: "[UNK]", vocab: { "[UNK]": 0, fia: 1, "1": 2 } };
    const tokenizer = await open({ normalizer, pre_tokenizer: { type: "WhitespaceSplit" }, model });
    expect(Array.from(tokenizer.encode("ﬁA\u3000① ②"))).toEqual([1, 2, 0]);
  });

  test.each([
    ["cut short", charsmap.charsmap.slice(0, 40), "cut short"],
    ["that is empty", "", "cut short"],
    ["that is not base64", "*", "not base64"],
  ])("%s is refused", async (_, precompiled_charsmap, message) => {
    await expectRejection("format", open({ normalizer: { ...normalizer, precompiled_charsmap } }), message);
  });
});

test("a pattern folds case by Unicode's rules where it asks for that, and nowhere else", async () => {
  const replaced = async (pattern: string, text: string) => {
    const normalizer = { type: "Replace", pattern: { Regex: pattern }, content: "a" };
    return Array.from((await open({ normalizer, pre_tokenizer: blanks, model: words })).encode(text));
  };
  const [kelvin, longS] = ["\u212a", "\u017f"];
  expect(await replaced("(?i:k)", `k K ${kelvin} s`)).toEqual([1, 1, 1, 0]);
  expect(await replaced("(?i:s)", `s S ${longS} k`)).toEqual([1, 1, 1, 0]);
  expect(await replaced("[kK]", `k K ${kelvin}`)).toEqual([1, 1, 0]);
  expect(await replaced("[sS]", `s S ${longS}`)).toEqual([1, 1, 0]);
});

test("Unigram writes a run of unknown characters in bytes, all of it and in order", async () => {
  const bytes = Array.from({ length: 256 }, (_, i) => [`<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`, -9]);
  const model = { type: "Unigram", unk_id: 0, byte_fallback: true, vocab: [["<unk>", 0], ...bytes, ["a", -1]] };
  const tokenizer = await open({ model });
  const idsOf = (text: string) => Array.from(new TextEncoder().encode(text), (byte) => 1 + byte);
  expect(Array.from(tokenizer.encode("aéüa"))).toEqual([257, ...idsOf("éü"), 257]);
  const without = await open({ model: { ...model, byte_fallback: false } });
  expect(Array.from(without.encode("aéüaé"))).toEqual([257, 0, 257, 0]);
});

describe("a setting that would give other ids is refused by name", () => {
  const cases: readonly (readonly [string, Parts, string])[] = [
    ["dropout", { model: { ...bpe, dropout: 0.1 } }, "dropout is 0.1"],
    ["an unknown setting of the model", { model: { ...bpe, alpha: 1 } }, 'model: the setting "alpha"'],
    ["an unknown setting of a pre-tokenizer", { pre_tokenizer: { type: "Digits", individual_digits: true, each: 1 } }, '"each"'],
    ["an unknown setting of an added token", { added_tokens: [token(90, "x", { middle: true })] }, 'added_tokens[0]: the setting "middle"'],
    ["an unknown part", { post: 1 }, 'the setting "post"'],
    ["an unknown normalizer", { normalizer: { type: "Reverse" } }, 'normalizer: the type "Reverse"'],
    ["an unknown step", { normalizer: { type: "Sequence", normalizers: [{ type: "NFC" }, { type: "x" }] } }, "normalizer.normalizers[1]"],
    ["a pre-tokenizer by scripts", { pre_tokenizer: { type: "UnicodeScripts" } }, '"UnicodeScripts"'],
    ["a missing setting", { pre_tokenizer: { type: "Digits" } }, "individual_digits is undefined"],
    ["a setting of another kind", { pre_tokenizer: { type: "Digits", individual_digits: "yes" } }, 'individual_digits is "yes"'],
    [
      "an unknown behavior",
      { pre_tokenizer: { type: "Punctuation", behavior: "Glue" } },
      'behavior is "Glue", expected Removed, Isolated, MergedWithPrevious',
    ],
    ["a possessive quantifier", { normalizer: { type: "Replace", pattern: { Regex: "a++b" }, content: "" } }, "possessive quantifier ++"],
    ["a broken pattern", { normalizer: { type: "Replace", pattern: { Regex: "[a" }, content: "" } }, "cannot be read"],
    ["another version", { version: "2.0" }, 'version is "2.0"'],
    ["lengths of another kind", { truncation: { max_length: -1, strategy: "LongestFirst", stride: 0 } }, "max_length is -1"],
    [
      "a template without a text",
      { post_processor: { type: "TemplateProcessing", single: [], pair: [], special_tokens: {} } },
      "0 sequences",
    ],
  ];
  test.each(cases)("%s", (_, parts, message) => expectRejection("format", open(parts), message));
});

describe("ids of a file", () => {
  test("an id of 1e9 is refused before memory is taken", async () => {
    await expectRejection("format", open({ added_tokens: [token(1e9, "<x>")] }), '"<x>" is 1000000000');
    await expectRejection("format", open({ model: { ...words, vocab: { "[UNK]": 0, a: 1e9 } } }), '"a" is 1000000000');
    const bytes = BpeTokenizer.train(["ab"], { vocab: 257 }).toJSON();
    const far = { ...bytes, added_tokens: [token(1e9, "<|endoftext|>", { special: true })] };
    await expectRejection("format", tokenizerFromJSON(far), "1000000000");
  });

  test("added tokens keep their ids where these leave gaps, and a gap has no text", async () => {
    const tokenizer = await open({ model: words, pre_tokenizer: blanks, added_tokens: [token(10, "<m>"), token(20, "<n>")] });
    expect(tokenizer.size).toBe(21);
    expect(Array.from(tokenizer.encode("<m> a <n>"))).toEqual([10, 1, 20]);
    expect(tokenizer.decode([10, 5, 1, 20])).toBe("<m> a <n>");
    expectError("range", () => tokenizer.tokenOf(5), "id 5");
    expectError("range", () => tokenizer.decode([21]), "id 21");
    const bytes = BpeTokenizer.train(["ab"], { vocab: 257 });
    const spread = await tokenizerFromJSON({
      ...bytes.toJSON(),
      added_tokens: [...bytes.toJSON().added_tokens!, token(300, "<m>", { special: true })],
    });
    expect(Array.from(spread.encode("a<m>"))).toEqual([bytes.idOf("a"), 300]);
  });

  const twice: readonly (readonly [string, Parts, string])[] = [
    ["two tokens of one id", { model: { ...words, vocab: { "[UNK]": 0, a: 1, b: 1 } } }, '"a" and "b" have the same id 1'],
    ["two added tokens of one id", { added_tokens: [token(90, "x-"), token(90, "y-")] }, '"x-" and "y-" have the same id 90'],
    ["one added token with two ids", { added_tokens: [token(90, "x9"), token(91, "x9")] }, '"x9" is there twice'],
    ["an added token over another token", { model: words, added_tokens: [token(1, "x")] }, '"a" and "x" have the same id 1'],
    ["an added token with another id than in the vocabulary", { model: words, added_tokens: [token(9, "a")] }, "9 here and 1 in"],
    ["an id that is not whole", { model: { ...words, vocab: { a: 0.5 } } }, "0.5"],
  ];
  test.each(twice)("%s is refused", (_, parts, message) => expectRejection("format", open(parts), message));
});

test("special tokens are left out of texts, but the unknown one is not", async () => {
  const special = { special: true };
  const added = [token(0, "[UNK]", special), token(3, "<mask>", special), token(4, "<m>")];
  const tokenizer = await open({ model: words, pre_tokenizer: blanks, added_tokens: added });
  expect(tokenizer.decode([1, 3, 0, 4])).toBe("a [UNK] <m>");
  const trained = BpeTokenizer.train(["ab"], { vocab: 258, special: ["<|endoftext|>", "<|user|>"] });
  expect(trained.decode(trained.encode("a<|user|>b<|endoftext|>"))).toBe("ab");
});

test("a template, the folder's files or usual names say where a text begins and ends", async () => {
  const special = { special: true };
  const names = ["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"];
  const added = names.map((name, i) => token(i + 3, name, special));
  const start = { SpecialToken: { id: names[0], type_id: 0 } };
  const text = { Sequence: { id: "A", type_id: 0 } };
  const template = {
    ...{ type: "TemplateProcessing", single: [start, text], pair: [start, text, { Sequence: { id: "B", type_id: 1 } }] },
    special_tokens: { [names[0]!]: { id: names[0], ids: [3], tokens: [names[0]] } },
  };
  const bytes = { type: "ByteLevel", add_prefix_space: true, trim_offsets: false, use_regex: true };
  const llama = file({
    ...{ model: words, pre_tokenizer: blanks, added_tokens: added },
    post_processor: { type: "Sequence", processors: [bytes, template] },
  });
  const alone = await tokenizerFromJSON(llama);
  expect(alone.special).toMatchObject({ sos: 3, eos: 4, unk: 0, ends: [4, 5] });
  expect(Array.from(alone.encode("a", { sos: true }))).toEqual([3, 1]);
  const hints = { config: { eos_token_id: 4 }, tokenizerConfig: { eos_token: { content: "<|eot_id|>" } } };
  expect((await tokenizerFromJSON(llama, hints)).special).toMatchObject({ eos: 5, ends: [5, 4] });
  const several = { ...hints, generationConfig: { eos_token_id: [4, 1, 999] } };
  expect((await tokenizerFromJSON(llama, several)).special).toMatchObject({ eos: 5, ends: [5, 4, 1] });
  await expectRejection("format", tokenizerFromJSON(llama, { generationConfig: { eos_token_id: "4" } }), "eos_token_id");
  const bert = file({
    ...{ model: words, pre_tokenizer: blanks, added_tokens: added },
    post_processor: { type: "BertProcessing", cls: ["a", 1], sep: ["b", 2] },
  });
  expect(Array.from((await tokenizerFromJSON(bert)).encode("a", { sos: true, eos: true }))).toEqual([1, 1, 2]);
});

test("an added token that is not special and has a blank keeps its text beside bytes", async () => {
  const bytes = BpeTokenizer.train(["ab"], { vocab: 257 });
  const added = [...bytes.toJSON().added_tokens!, token(257, "two words")];
  const tokenizer = await tokenizerFromJSON({ ...bytes.toJSON(), added_tokens: added });
  expect(Array.from(tokenizer.encode("a two words"))).toEqual([bytes.idOf("a"), bytes.idOf("Ġ"), 257]);
  expect(tokenizer.decode(tokenizer.encode("a two words a"))).toBe("a two words a");
  expect(tokenizer.decode(tokenizer.encode("a two words"))).toBe("a two words");
});

test("a BERT file that does not name strip_accents follows lowercase", async () => {
  const model = { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", max_input_chars_per_word: 100 };
  const vocabulary = { "[UNK]": 0, e: 1, é: 2, "[PAD]": 3 };
  const bert = (settings: Parts) => ({
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, ...settings },
    pre_tokenizer: { type: "BertPreTokenizer" },
    added_tokens: [token(0, "[UNK]", { special: true }), token(3, "[PAD]", { special: true })],
    model: { ...model, vocab: vocabulary },
  });
  expect(Array.from((await open(bert({ lowercase: true }))).encode("é"))).toEqual([1]);
  expect(Array.from((await open(bert({ lowercase: false }))).encode("é"))).toEqual([2]);
  expect(Array.from((await open(bert({ lowercase: true, strip_accents: false }))).encode("é"))).toEqual([2]);
});

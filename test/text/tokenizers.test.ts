import { Tokenizer as HuggingFace } from "@huggingface/tokenizers";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  BpeTokenizer,
  CharTokenizer,
  sequenceTokens,
  type Tokenizer,
  tokenizerFromJSON,
  WordPieceTokenizer,
  WordTokenizer,
} from "../../src/text/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

const texts = [
  "The quick brown fox jumps over the lazy dog. It doesn't care: 3.14, 2,000 and x_y!",
  "L'été dernier, nous n'avions pas dîné à l'hôtel; c'était très cher, où étiez-vous? Garçon!",
  "मेरा नाम राम है। क्या आप हिन्दी बोलते हैं? मुझे हिन्दी अच्छी लगती है।",
  "  two  blanks\tand\n\nlines \u00a0 and 日本語 and 😀👩‍👧 \u200b",
];
const corpus = texts.flatMap((text) => [text, text.toUpperCase(), text]);

const kinds: readonly [string, Tokenizer][] = [
  ["CharTokenizer", CharTokenizer.fromText(texts.join(""), { special: sequenceTokens })],
  ["WordTokenizer", WordTokenizer.fromTexts(corpus)],
  ["BpeTokenizer", BpeTokenizer.train(corpus, { vocab: 400, special: ["<pad>", "<sos>", "<eos>"] })],
  ["WordPieceTokenizer", WordPieceTokenizer.train(corpus, { vocab: 200 })],
];

test("BPE merges only what stands side by side in its text, from the first word to the last", () => {
  for (const text of ["abc bc bc bc", "abcabc bc bc", "xab ab ab xb", "aab ab ab", "ba ba ba bac"]) {
    const tokenizer = BpeTokenizer.train([text], { vocab: 400, special: [], minCount: 1 });
    const tokens = Array.from({ length: tokenizer.size }, (_, id) => tokenizer.decode([id])).filter((token) => /^[a-z ]{2,}$/.test(token));
    expect(tokens.length).toBeGreaterThan(1);
    for (const token of tokens) expect(text).toContain(token);
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
  }
});

describe.each(kinds)("%s", (name, tokenizer) => {
  test("comes back whole from JSON, as the same kind", async () => {
    const again = await tokenizerFromJSON(JSON.parse(JSON.stringify(tokenizer)));
    expect(again.constructor.name).toBe(name);
    expect(again.size).toBe(tokenizer.size);
    for (const text of texts) expect(again.encode(text)).toEqual(tokenizer.encode(text));
    expect(again.toJSON()).toEqual(JSON.parse(JSON.stringify(tokenizer)));
  });

  test("frames a text on request, and decodes without the frame", () => {
    const { sos, eos, pad } = tokenizer.special;
    const ids = tokenizer.encode(texts[1]!, { sos: true, eos: true });
    expect([ids[0], ids.at(-1)]).toEqual([sos, eos]);
    expect(tokenizer.decode([...ids, pad!, pad!])).toBe(tokenizer.decode(tokenizer.encode(texts[1]!)));
  });

  test("numbers its tokens", () => {
    for (let id = 0; id < tokenizer.size; id++) expect(tokenizer.idOf(tokenizer.tokenOf(id))).toBe(id);
    expectError("range", () => tokenizer.decode([0, tokenizer.size]), `id ${tokenizer.size} at position 1`);
    expectError("range", () => tokenizer.tokenOf(-1), "-1");
    expect(tokenizer.idOf("no such token")).toBeUndefined();
    expect(tokenizer.encode("")).toEqual(new Int32Array(0));
  });
});

test("a tokenizer without a token for the frame says so", () => {
  expectError("state", () => CharTokenizer.fromText("ab").encode("a", { eos: true }), "eos");
});

describe("CharTokenizer with special tokens", () => {
  const tokenizer = CharTokenizer.fromText("ab<", { special: ["<pad>", "<unk>"] });
  test("takes unknown characters as <unk>, and no text for a special token", () => {
    expect(tokenizer.encode("a😀<pad>")).toEqual(Int32Array.from([3, 1, 2, 1, 3, 1, 1]));
    expectError("value", () => CharTokenizer.fromText("a", { special: ["pad"] }), '"pad"');
  });
});

test.each([
  ["characters", CharTokenizer.fromText("ab", { special: ["<pad>", "<unk>", "<mask>"] })],
  ["words", WordTokenizer.fromTexts(["a b"], { special: ["<pad>", "<unk>", "[MASK]"] })],
] as const)("a tokenizer of %s leaves all its special tokens out, but the unknown one", (_, tokenizer) => {
  const mask = tokenizer.idOf("<mask>") ?? tokenizer.idOf("[MASK]")!;
  expect(tokenizer.decode([tokenizer.idOf("a")!, mask, tokenizer.special.pad!])).toBe("a");
  expect(tokenizer.decode([tokenizer.special.unk!])).toBe("<unk>");
});

test("WordPiece takes words of 100 characters, and longer ones as unknown", () => {
  const tokenizer = WordPieceTokenizer.train(["aa"], { vocab: 7, minCount: 1 });
  expect(tokenizer.decode(tokenizer.encode("a".repeat(100)))).toBe("a".repeat(100));
  expect(Array.from(tokenizer.encode("a".repeat(101)))).toEqual([tokenizer.special.unk]);
});

describe("WordTokenizer", () => {
  test("cuts by Unicode's rules, in lower case", () => {
    const { split } = { split: (text: string, options = {}) => WordTokenizer.fromTexts([text], options).split(text) };
    expect(split("Don't stop—3.14 is π.")).toEqual(["don't", "stop", "—", "3.14", "is", "π", "."]);
    expect(split("L'été, où?", { lowercase: false, punctuation: "drop" })).toEqual(["L'été", "où"]);
    expect(split("मेरा नाम राम है।")).toEqual(["मेरा", "नाम", "राम", "है", "।"]);
  });

  test("keeps the frequent and knows the rest as <unk>", () => {
    const tokenizer = WordTokenizer.fromTexts(["a a a b b c"], { minCount: 2, vocab: 5, special: sequenceTokens });
    expect(tokenizer.vocabulary.tokens()).toEqual([...sequenceTokens, "a"]);
    expect(tokenizer.vocabulary.countOf("a")).toBe(3);
    expect(tokenizer.decode(tokenizer.encode("a c a"))).toBe("a <unk> a");
    const closed = WordTokenizer.fromTexts(["a b"], { special: [] });
    expectError("range", () => closed.encode("a z"), '"z"', "2 words");
    expectError("range", () => WordTokenizer.fromTexts(["a"], { vocab: 3 }), "vocab");
    expectError("range", () => WordTokenizer.fromTexts(["a"], { locale: "no such" }), "no such");
    expectError("value", () => WordTokenizer.fromTexts([], { special: [] }), "no token");
  });

  test("writes signs where they belong", () => {
    const tokenizer = WordTokenizer.fromTexts(["Well, (yes) no!"], { lowercase: false });
    expect(tokenizer.decode(tokenizer.encode("Well, (yes) no!"))).toBe("Well, (yes) no!");
  });
});

describe("BpeTokenizer", () => {
  const [, , [, bpe]] = kinds as [unknown, unknown, [string, BpeTokenizer], unknown];

  test("gives any text back", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (text) => {
        expect(bpe.decode(bpe.encode(text))).toBe(text);
      }),
    );
  });

  test("merges the most frequent pairs first, of equals the lowest", () => {
    const tokenizer = BpeTokenizer.train(["abab abab ab cd cd"], { vocab: 261, special: [], minCount: 2 });
    const { merges } = tokenizer.toJSON().model!;
    expect(merges).toEqual([
      ["a", "b"], // 5 times; then four pairs twice each, of which c has the lowest id
      ["c", "d"],
      ["Ġ", "ab"],
      ["Ġ", "cd"],
    ]);
  });

  test("never cuts a special token", () => {
    const ids = bpe.encode("fox<eos>dog");
    expect(Array.from(ids).filter((id) => id === bpe.special.eos)).toHaveLength(1);
  });

  test("reads merges written as text, and refuses what does not fit", () => {
    const json = bpe.toJSON();
    const old = { ...json, model: { ...json.model!, merges: json.model!.merges!.map((pair) => (pair as readonly string[]).join(" ")) } };
    expect(BpeTokenizer.fromJSON(old).encode(texts[0]!)).toEqual(bpe.encode(texts[0]!));
    const broken = { ...json, model: { ...json.model!, merges: [["no", "such"]] as [string, string][] } };
    expectError("format", () => BpeTokenizer.fromJSON(broken), '["no","such"]');
    expectError("range", () => BpeTokenizer.train(texts, { vocab: 100 }), "vocab", "257");
  });
});

describe("beside @huggingface/tokenizers", () => {
  test.each(kinds.slice(2))("%s has the same ids", (_, tokenizer) => {
    const theirs = new HuggingFace(JSON.parse(JSON.stringify(tokenizer)), {});
    for (const text of [...texts, ...corpus, "unseen wörds, ünd Zürich’s 42nd!"]) {
      expect(Array.from(tokenizer.encode(text)), text).toEqual(theirs.encode(text, { add_special_tokens: false }).ids);
    }
  });

  test("any other kind is read too", async () => {
    const json = {
      ...{ version: "1.0", truncation: null, padding: null, normalizer: { type: "Lowercase" }, pre_tokenizer: { type: "Whitespace" } },
      ...{ added_tokens: [], post_processor: null, decoder: null },
      model: { type: "WordLevel", vocab: { "[UNK]": 0, the: 1, cat: 2 }, unk_token: "[UNK]" },
    };
    const tokenizer = await tokenizerFromJSON(json);
    expect(tokenizer.encode("The cat purrs")).toEqual(Int32Array.from([1, 2, 0]));
    expect([tokenizer.size, tokenizer.special.unk, tokenizer.idOf("cat"), tokenizer.tokenOf(1)]).toEqual([3, 0, 2, "the"]);
    expect(tokenizer.toJSON()).toBe(json);
    await expectRejection("format", tokenizerFromJSON(7), "number");
    await expectRejection("format", tokenizerFromJSON({ model: { type: "no such" } }), '"no such" is not known', "WordPiece, WordLevel");
  });
});

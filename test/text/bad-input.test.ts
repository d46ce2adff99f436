import { describe, expect, test } from "vitest";
import * as sg from "../../src/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";

const { BpeTokenizer, CharTokenizer, WordPieceTokenizer, WordTokenizer, Vocabulary, BagOfWords, TfIdf, WordVectors } = sg.text;

/** What only a caller without types can pass. */
const wrong = <T>(value: unknown): T => value as T;

const tokenizers: Record<string, sg.text.Tokenizer> = {
  CharTokenizer: CharTokenizer.fromText("low lower"),
  WordTokenizer: WordTokenizer.fromTexts(["low lower"]),
  BpeTokenizer: BpeTokenizer.train(["low lower"], { vocab: 260 }),
  WordPieceTokenizer: WordPieceTokenizer.train(["low lower"], { vocab: 40 }),
};

test.each(Object.entries(tokenizers))("%s encodes texts and decodes ids, nothing else", (name, tokenizer) => {
  for (const [text, kind] of [
    [null, "null"],
    [5, "a number"],
    [["low"], "an array"],
  ])
    expectError("value", () => tokenizer.encode(wrong(text)), `${name}.encode: the text is ${kind}; give a string`);
  for (const ids of [null, 5, "12"]) expectError("value", () => tokenizer.decode(wrong(ids)), `${name}.decode: ids is `);
});

describe("tokenizers learn from lists of texts", () => {
  const learn: [string, (texts: Iterable<string>, special?: readonly string[]) => unknown][] = [
    ["WordTokenizer.fromTexts", (texts, special) => WordTokenizer.fromTexts(texts, special ? { special } : {})],
    ["BpeTokenizer.train", (texts, special) => BpeTokenizer.train(texts, { vocab: 300, ...(special && { special }) })],
    ["WordPieceTokenizer.train", (texts, special) => WordPieceTokenizer.train(texts, special ? { special } : {})],
  ];
  test.each(learn)("%s", (name, train) => {
    expectError("value", () => train("low lower"), `${name}: the texts are a string; give a list of strings`);
    expectError("value", () => train(wrong(null)), `${name}: the texts are null`);
    expectError("value", () => train(wrong(["low", 5])), `${name}: text 1: the text is a number`);
    for (const nothing of [[], [""], [" "].slice(1)]) expectError("value", () => train(nothing), `${name}: `, "give ");
    expectError("value", () => train(["low"], ["[UNK]", "[UNK]"]), "are not all different");
    expectError("value", () => train(["low"], ["[UNK]", ""]), 'special is ["[UNK]",""]; give a list of strings');
    expectError("value", () => train(["low"], wrong("[UNK]")), 'special is "[UNK]"; give a list');
  });

  test("that leave a word", () => {
    expectError(
      "value",
      () => WordTokenizer.fromTexts(["a b"], { minCount: 2 }),
      "no word occurs 2 times; give more text, a smaller minCount",
    );
    expectError("value", () => CharTokenizer.fromText("a", { special: ["<a>", "<a>"] }), "are not all different");
    expectError("value", () => sg.text.trainTokenizer(wrong("abc"), { unit: "characters" }), "trainTokenizer: the texts are a string");
    expectError("value", () => Vocabulary.fromTokens(wrong(["a", null])), "Vocabulary.fromTokens: the text is null");
    for (const args of [[], [["a"]], [5, new Map(), new Map()], [["a"], new Map([["a", 0]])], [[5], new Map(), new Map()]])
      expectError("state", () => Reflect.construct(Vocabulary, args), "Vocabulary: make one by Vocabulary.fromTokens(tokens).");
  });
});

describe("tokenizer.json that is not whole", () => {
  const bpe = BpeTokenizer.train(["low lower"], { vocab: 260 }).toJSON();
  const pieces = WordPieceTokenizer.train(["low lower"], { vocab: 40 }).toJSON();
  const model = (change: object) => ({ ...bpe, model: { ...bpe.model, ...change } });
  const cases: [string, unknown, string][] = [
    ["without a vocabulary", model({ vocab: undefined }), "the model has no vocab, an object from tokens to ids. Is the file whole?"],
    ["with a list for it", model({ vocab: ["a"] }), "the model has no vocab"],
    ["without merges", model({ merges: undefined }), "the model has no list of merges. Is the file whole?"],
    ["with a merge of one token", model({ merges: ["a"] }), 'merge 0 is "a"; expected two tokens'],
    ["with a merge that is a number", model({ merges: [["l", "o"], 5] }), "merge 1 is 5; expected two tokens"],
    ["with an id that is a text", model({ vocab: { a: "0" } }), 'the id of "a" is "0"'],
    ["with an added token that is not an object", { ...bpe, added_tokens: [5] }, "added_tokens[0]: got a number, expected an object"],
    ["of WordPiece without a vocabulary", { ...pieces, model: { ...pieces.model, vocab: undefined } }, "the model has no vocab"],
  ];
  test.each(cases)("%s", async (_, json, message) => expectRejection("format", sg.text.tokenizerFromJSON(json), message));

  test("null for added tokens is none", async () => {
    const none = await sg.text.tokenizerFromJSON({ ...bpe, added_tokens: null });
    expect(none.decode(none.encode("lower"))).toBe("lower");
  });

  test("a byte without a token is not taken for token 0", async () => {
    const tokenizer = await sg.text.tokenizerFromJSON({ ...model({ vocab: { a: 0, b: 1 }, merges: [] }), added_tokens: [] });
    expect([...tokenizer.encode("ab")]).toEqual([0, 1]);
    expectError("range", () => tokenizer.encode("z"), "BpeTokenizer.encode: the vocabulary has no token for byte 0x7a");
    const unknown = await sg.text.tokenizerFromJSON({
      ...model({ vocab: { a: 0 }, merges: [] }),
      added_tokens: [{ id: 1, content: "<unk>" }],
    });
    expect([...unknown.encode("za")]).toEqual([1, 0]);
  });

  test("no object at all", () => {
    for (const json of [null, undefined, 5])
      expectError("format", () => Vocabulary.fromJSON(wrong(json)), "expected an object from tokens to ids");
    expectError(
      "format",
      () => CharTokenizer.fromJSON(wrong(null)),
      "CharTokenizer.fromJSON: expected an object from tokens to ids, got null",
    );
  });
});

test.each([BagOfWords, TfIdf])("%o refuses a value that is not a list of texts, and unknown options", (Vectorizer) => {
  const Unfitted = Vectorizer as unknown as new () => unknown;
  expectError("state", () => new Unfitted(), `${Vectorizer.name}: make one by ${Vectorizer.name}.fit(texts)`);
  expectError("value", () => Vectorizer.fit("good film"), "BagOfWords.fit: the texts are a string");
  expectError("value", () => Vectorizer.fit(wrong([null])), "BagOfWords.fit: text 0: the text is null");
  expectError("value", () => Vectorizer.fit(["a"], { ngrams: wrong(2) }), "ngrams is 2; give the shortest and the longest");
  expectError("value", () => Vectorizer.fit(["a"], { stopWords: "a" }), "stopWords is a string");
  expectError("range", () => Vectorizer.fit(["a"], { minTexts: 0 }), "BagOfWords.fit: minTexts is 0");
  expectError("range", () => Vectorizer.fit(["a"], { maxTerms: 0 }), "BagOfWords.fit: maxTerms is 0");
  expectError("value", () => Vectorizer.fit(["a", "b"], { minTexts: 2 }), "no term is in 2 of the 2 texts; give more text");
  expectError("value", () => Vectorizer.fit(["a"]).transform("a b"), "BagOfWords.transform: the texts are a string");
});

describe("word vectors", () => {
  test("files name line and column", () => {
    const read = (text: string, dimension?: number) =>
      WordVectors.fromText(text, { name: "v.txt", ...(dimension !== undefined && { dimension }) });
    for (const text of ["", "\n\n", "\ufeff"]) expectError("format", () => read(text), "v.txt holds no word");
    expectError("format", () => read("hello\n"), "v.txt, line 1, column 2: expected a word and its numbers");
    expectError("format", () => read("a 1\nb 1e39"), 'v.txt, line 2, column 2: "1e39" is not a number');
    expectError("range", () => read("a 1 2", 0), "dimension is 0");
    expectError("value", () => WordVectors.fromText(wrong(null)), "the text is null");
    expect(read("\ufeffa 1 2\nb 3 4").has("a")).toBe(true);
    expect(read("\na 1 2\nb 3 4").dimension).toBe(2);
  });

  test("are finite numbers", () => {
    expectError("not-finite", () => new WordVectors(["a", "b"], 1, Float32Array.of(1, Number.NaN)), 'the vector of "b" is not finite');
    expectError("value", () => new WordVectors(["a"], 1, wrong([1])), "the numbers are an array; expected a Float32Array");
    const vectors = new WordVectors(["a"], 2, Float32Array.of(1, 0));
    expectError("value", () => vectors.nearest([1, Number.NaN]), "WordVectors.nearest: the vector's length is NaN");
    expectError("shape", () => vectors.nearest(wrong(null)), "the vector has no numbers; expected 2");
  });

  test.each([
    ["trainWord2Vec", sg.text.trainWord2Vec],
    ["trainGlove", sg.text.trainGlove],
  ] as const)("%s learns from lists of words", async (name, train) => {
    await expectRejection("value", train(wrong(null)), `${name}: the sentences are null`);
    await expectRejection("value", train(wrong([["a"], null])), `${name}: sentence 1 is not a list`);
    await expectRejection("value", train(wrong([["a", null]])), `${name}: sentence 0 holds null, which is not a word`);
  });
});

test("options that are not known are refused by name, everywhere in text", async () => {
  const option = { vocabularysize: 300 };
  const refuse = (make: (options: never) => unknown) =>
    expectError("value", () => make(option as never), '"vocabularysize" is not an option');
  refuse((options) => BpeTokenizer.train(["a a"], options));
  refuse((options) => WordPieceTokenizer.train(["a a"], options));
  refuse((options) => CharTokenizer.fromText("a", options));
  refuse((options) => WordTokenizer.fromTexts(["a"], options));
  refuse((options) => Vocabulary.fromTokens(["a"], options));
  refuse((options) => BagOfWords.fit(["a"], options));
  refuse((options) => TfIdf.fit(["a"], options));
  refuse((options) => sg.text.trainTokenizer(["a"], { unit: "words", ...(options as object) }));
  for (const tokenizer of Object.values(tokenizers)) refuse((options) => tokenizer.encode("low", options));
  for (const train of [sg.text.trainWord2Vec, sg.text.trainGlove])
    await expectRejection("value", train([["a", "b"]], option as never), '"vocabularysize" is not an option');
  expectError("value", () => sg.text.trainTokenizer(["a"], undefined as never), "options is undefined");
  expectError("value", () => tokenizers.WordTokenizer!.encode("low", { sos: 1 } as never), "sos is 1");
});

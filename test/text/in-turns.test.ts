import { describe, expect, test } from "vitest";
import { LogisticRegression } from "../../src/models/logistic-regression.js";
import {
  BagOfWords,
  BpeTokenizer,
  CharTokenizer,
  sequenceTokens,
  TfIdf,
  type Tokenizer,
  tokenizerFromJSON,
  trainTokenizer,
  trainTokenizerAsync,
  Vocabulary,
  WordPieceTokenizer,
  WordTokenizer,
} from "../../src/text/index.js";
import { textUnits } from "../../src/text/train-tokenizer.js";
import { turnsOf } from "../helpers/turns.js";

const texts = ["low lower lowest", "new newer newest,\nwide wider widest", "the low and the wide, 低い and 😀", "lower the newest"];
const text = texts.join(" ").repeat(200);

describe("training of a tokenizer in turns gives the same tokenizer, and other tasks run meanwhile", () => {
  const bpe = { vocab: 290 };
  const piece = { vocab: 80, minCount: 1 };
  const cases: Record<string, { now(): { toJSON(): unknown }; later(): Promise<{ toJSON(): unknown }> }> = {
    BpeTokenizer: { now: () => BpeTokenizer.train(texts, bpe), later: () => BpeTokenizer.trainAsync(texts, bpe) },
    WordPieceTokenizer: { now: () => WordPieceTokenizer.train(texts, piece), later: () => WordPieceTokenizer.trainAsync(texts, piece) },
    WordTokenizer: { now: () => WordTokenizer.fromTexts(texts), later: () => WordTokenizer.fromTextsAsync(texts) },
    CharTokenizer: { now: () => CharTokenizer.fromText(text), later: () => CharTokenizer.fromTextAsync(text) },
    ...Object.fromEntries(
      textUnits.map((unit) => {
        const options = { unit, vocab: 290 };
        return [
          `trainTokenizer, ${unit}`,
          { now: () => trainTokenizer([text], options), later: () => trainTokenizerAsync([text], options) },
        ];
      }),
    ),
  };

  test.each(Object.entries(cases))("%s", async (_, { now, later }) => {
    const { result, turns } = await turnsOf(later);
    expect(result.toJSON()).toEqual(now().toJSON());
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  const wordsOf = (n: number) => Array.from({ length: n }, (_, i) => ["low", "newer", "wide"][i % 3]!);
  test.each<[string, (texts: readonly string[]) => Promise<unknown>]>([
    ["BpeTokenizer", (many) => BpeTokenizer.trainAsync(many, bpe)],
    ["WordPieceTokenizer", (many) => WordPieceTokenizer.trainAsync(many, piece)],
    ["WordTokenizer", (many) => WordTokenizer.fromTextsAsync(many)],
    ["BagOfWords", (many) => BagOfWords.fitAsync(many)],
    ["TfIdf", (many) => TfIdf.fitAsync(many)],
  ])("%s pauses after each text", async (_, train) => {
    const [few, many] = [await turnsOf(() => train(wordsOf(60))), await turnsOf(() => train(wordsOf(120)))];
    expect(many.turns - few.turns).toBeGreaterThanOrEqual(60);
  });

  test("trainAsync() rejects with the error that train() throws", async () => {
    await expect(BpeTokenizer.trainAsync([""])).rejects.toThrow("BpeTokenizer.train: the texts are empty");
    await expect(WordPieceTokenizer.trainAsync([""])).rejects.toThrow("WordPieceTokenizer.train: the texts hold no word");
    await expect(CharTokenizer.fromTextAsync("")).rejects.toThrow("CharTokenizer.fromText");
    await expect(WordTokenizer.fromTextsAsync("one text" as never)).rejects.toThrow("WordTokenizer.fromTexts: the texts are");
    await expect(trainTokenizerAsync(texts, { unit: "letters" as never })).rejects.toThrow("trainTokenizer: there is no unit");
  });
});

describe("a long text encoded in turns has the same ids, and other tasks run meanwhile", () => {
  const unbroken = "lowernewestwidestlow低いです".repeat(400);
  const longs = { words: `${text} `.repeat(4), unbroken, special: `${text}<|endoftext|>${unbroken}` };
  const hangs = { type: "Metaspace", replacement: "▁", prepend_scheme: "always", split: false };
  const characters = [...new Set(`${text}${unbroken}▁<|>`)];
  const file = (model: object) => ({ version: "1.0", added_tokens: [], pre_tokenizer: hangs, model });
  const tokenizers: Record<string, () => Tokenizer | Promise<Tokenizer>> = {
    BpeTokenizer: () => BpeTokenizer.train(texts, { vocab: 290 }),
    WordPieceTokenizer: () => WordPieceTokenizer.train(texts, { vocab: 80, minCount: 1 }),
    WordTokenizer: () => WordTokenizer.fromTexts(texts),
    CharTokenizer: () => CharTokenizer.fromText(`${text}<|endoftext|>${unbroken}`, { special: ["<unk>"] }),
    "BPE of a tokenizer.json": () =>
      tokenizerFromJSON(
        file({
          type: "BPE",
          unk_token: "<unk>",
          vocab: Object.fromEntries(["<unk>", ...characters, "lo", "low"].map((token, id) => [token, id])),
          merges: ["l o", "lo w"],
        }),
      ),
    "Unigram of a tokenizer.json": () =>
      tokenizerFromJSON(
        file({ type: "Unigram", unk_id: 0, vocab: ["<unk>", ...characters, "lo", "low"].map((token, id) => [token, -id]) }),
      ),
  };

  test.each(Object.entries(tokenizers))("%s", async (_, make) => {
    const tokenizer = await make();
    for (const [name, long] of Object.entries(longs)) {
      const { result, turns } = await turnsOf(() => tokenizer.encodeAsync!(long));
      expect(result, name).toEqual(tokenizer.encode(long));
      // WordPiece's words are short: what is longer is unknown at once.
      if (name === "words" || !(tokenizer instanceof WordPieceTokenizer)) expect(turns, name).toBeGreaterThanOrEqual(2);
    }
    await expect(tokenizer.encodeAsync!(3 as never)).rejects.toThrow("encode: the text is a number");
  });

  test("cuts of a long text change nothing: its words are encoded as each by itself", () => {
    const tokenizer = BpeTokenizer.train(texts, { vocab: 290 });
    const words = longs.words.trim().match(/ ?[^ ]+/g)!;
    expect(Array.from(tokenizer.encode(longs.words.trim()))).toEqual(words.flatMap((word) => Array.from(tokenizer.encode(word))));
  });
});

describe("a vocabulary made in turns is the same, and other tasks run meanwhile", () => {
  // Many of equal frequency: their order is that of their code points.
  const tokens = Array.from({ length: 9000 }, (_, i) => `${(i * 7919) % 4999}`);

  test("Vocabulary", async () => {
    const { result, turns } = await turnsOf(() => Vocabulary.fromTokensAsync(tokens, { vocab: 3000 }));
    expect(result.toJSON()).toEqual(Vocabulary.fromTokens(tokens, { vocab: 3000 }).toJSON());
    const others = result.tokens().slice(sequenceTokens.length);
    expect(others).toEqual(others.toSorted((a, b) => result.countOf(b) - result.countOf(a) || (a < b ? -1 : 1)));
    expect(turns).toBeGreaterThanOrEqual(4);
  });
});

describe("vectors of texts and a regression on them in turns are the same, and other tasks run meanwhile", () => {
  const options = { ngrams: [1, 2], sublinear: true } as const;
  const labels = ["a", "b", "a", "b"];

  test("BagOfWords", async () => {
    const fitted = await turnsOf(() => BagOfWords.fitAsync(texts));
    const bag = BagOfWords.fit(texts);
    expect([fitted.result.terms, fitted.result.textCounts]).toEqual([bag.terms, bag.textCounts]);
    const rows = await turnsOf(() => fitted.result.transformAsync(texts));
    expect(rows.result).toEqual(bag.transform(texts));
    expect(Math.min(fitted.turns, rows.turns)).toBeGreaterThanOrEqual(3);
  });

  test("TfIdf", async () => {
    const fitted = await turnsOf(() => TfIdf.fitAsync(texts, options));
    const tfidf = TfIdf.fit(texts, options);
    expect([fitted.result.terms, fitted.result.idf]).toEqual([tfidf.terms, tfidf.idf]);
    const rows = await turnsOf(() => fitted.result.transformAsync(texts));
    expect(rows.result).toEqual(tfidf.transform(texts));
    expect(Math.min(fitted.turns, rows.turns)).toBeGreaterThanOrEqual(3);
    await expect(TfIdf.fitAsync([""])).rejects.toThrow("no term is in 1 of the 1 texts");
  });

  test("LogisticRegression", async () => {
    const rows = TfIdf.fit(texts, options).transform(texts);
    const { result, turns } = await turnsOf(() => LogisticRegression.fitAsync(rows, labels));
    expect(result.parameters).toEqual(LogisticRegression.fit(rows, labels).parameters);
    expect(turns).toBeGreaterThanOrEqual(10);
    await expect(LogisticRegression.fitAsync(rows, ["a"])).rejects.toThrow("LogisticRegression: got 1 labels for 4 rows");
  });
});

import { describe, expect, test } from "vitest";
import { LogisticRegression } from "../../src/models/logistic-regression.js";
import {
  BagOfWords,
  BpeTokenizer,
  CharTokenizer,
  TfIdf,
  textUnits,
  trainTokenizer,
  trainTokenizerAsync,
  WordPieceTokenizer,
  WordTokenizer,
} from "../../src/text/index.js";
import { turnsOf } from "../helpers/turns.js";

const texts = ["low lower lowest", "new newer newest,\nwide wider widest", "the low and the wide, 低い and 😀", "lower the newest"];
const text = texts.join(" ").repeat(200);

describe("training of a tokenizer in turns gives the same tokenizer, and other tasks run meanwhile", () => {
  const bpe = { vocabularySize: 290 };
  const piece = { vocabularySize: 80, minCount: 1 };
  const cases: Record<string, { now(): { toJSON(): unknown }; later(): Promise<{ toJSON(): unknown }> }> = {
    BpeTokenizer: { now: () => BpeTokenizer.train(texts, bpe), later: () => BpeTokenizer.trainAsync(texts, bpe) },
    WordPieceTokenizer: { now: () => WordPieceTokenizer.train(texts, piece), later: () => WordPieceTokenizer.trainAsync(texts, piece) },
    WordTokenizer: { now: () => WordTokenizer.fromTexts(texts), later: () => WordTokenizer.fromTextsAsync(texts) },
    CharTokenizer: { now: () => CharTokenizer.fromText(text), later: () => CharTokenizer.fromTextAsync(text) },
    ...Object.fromEntries(
      textUnits.map((unit) => {
        const options = { unit, vocabularySize: 290 };
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

  test("what cannot be trained on rejects as it throws", async () => {
    await expect(BpeTokenizer.trainAsync([""])).rejects.toThrow("BpeTokenizer.train: the texts are empty");
    await expect(WordPieceTokenizer.trainAsync([""])).rejects.toThrow("WordPieceTokenizer.train: the texts hold no word");
    await expect(CharTokenizer.fromTextAsync("")).rejects.toThrow("CharTokenizer.fromText");
    await expect(WordTokenizer.fromTextsAsync("one text" as never)).rejects.toThrow("WordTokenizer.fromTexts: the texts are");
    await expect(trainTokenizerAsync(texts, { unit: "letters" as never })).rejects.toThrow("trainTokenizer: there is no unit");
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

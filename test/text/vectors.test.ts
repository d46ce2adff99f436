import { describe, expect, test } from "vitest";
import { BagOfWords, cosineOf, ngrams, TfIdf, WordVectors } from "../../src/text/index.js";
import { expectError } from "../helpers/errors.js";

test("ngrams", () => {
  expect(ngrams(["a", "b", "c"], 2)).toEqual(["a b", "b c"]);
  expect(ngrams(["a"], 1, 3)).toEqual(["a"]);
  expectError("range", () => ngrams(["a"], 2, 1), "most");
});

describe("BagOfWords", () => {
  const texts = ["The film is not good, the plot is bad.", "A good film!", "bad bad film"];

  test("counts terms, those in most texts first", () => {
    const bag = BagOfWords.fit(texts, { stopWords: ["the", "a", "is"] });
    expect(bag.terms).toEqual(["film", "bad", "good", "not", "plot"]);
    expect(bag.textCounts).toEqual([3, 2, 2, 1, 1]);
    const rows = bag.transform(["Bad, BAD film of films", ""]);
    expect(rows.shape).toEqual([2, 5]);
    expect([...rows.row(0)]).toEqual([
      [0, 1],
      [1, 2],
    ]);
    expect(Array.from(rows.toDense())).toEqual([1, 2, 0, 0, 0, 0, 0, 0, 0, 0]);
  });

  test("takes runs of words, and leaves the rare out", () => {
    expect(BagOfWords.fit(texts, { ngrams: [2, 2], stopWords: ["the", "is"] }).terms).toContain("not good");
    expect(BagOfWords.fit(texts, { minTexts: 2 }).terms).toEqual(["film", "bad", "good"]);
    expect(BagOfWords.fit(texts, { maxTerms: 1 }).terms).toEqual(["film"]);
    expectError("value", () => BagOfWords.fit(["?!"]), "no term");
  });
});

describe("TfIdf", () => {
  // scikit-learn's formulas, computed by hand for two terms: ln(4 / 4) + 1 and ln(4 / 2) + 1.
  const texts = ["a b", "a", "a"];
  const [a, b] = [1, Math.log(2) + 1];

  test("weights terms by how rare they are", () => {
    expect(TfIdf.fit(texts).idf).toEqual([a, b]);
    const [plain, sublinear, l1] = [{ norm: "none" }, { norm: "none", sublinear: true }, { norm: "l1" }].map((options) =>
      Array.from(TfIdf.fit(texts, options as object).transform(["b b a"]).values),
    );
    expect(plain).toEqual([a, 2 * b]);
    expect(sublinear).toEqual([a, (1 + Math.log(2)) * b]);
    expect(l1![1]).toBeCloseTo((2 * b) / (a + 2 * b), 12);
    expect(Math.hypot(...TfIdf.fit(texts).transform(["b a", "x"]).values)).toBeCloseTo(1, 12);
    expectError("value", () => TfIdf.fit(texts, { norm: "max" as "l1" }), '"max"');
  });
});

describe("WordVectors", () => {
  const vectors = new WordVectors(["man", "king", "woman", "queen", "New York"], 2, Float32Array.of(1, 0, 1, 1, -1, 0.1, -1, 1.1, 0, -2));

  test("finds neighbors and analogies", () => {
    expect(vectors.nearest("man", 1)[0]).toEqual({ word: "king", similarity: expect.closeTo(Math.SQRT1_2, 6) });
    expect(vectors.nearest([0, -1], 1)[0]!.word).toBe("New York");
    expect(vectors.analogy("man", "king", "woman", 1)[0]!.word).toBe("queen");
    expect(vectors.similarity("man", "man")).toBeCloseTo(1, 12);
    expect(cosineOf([0, 0], [1, 1])).toBe(0);
    expect(vectors.has("Paris")).toBe(false);
    expectError("range", () => vectors.nearest("Paris"), '"Paris"', "5 words");
    expectError("shape", () => vectors.nearest([1]), "1 numbers");
    expectError("shape", () => cosineOf([1], [1, 2]));
  });

  test.each([true, false])("comes back from text, header %s", (header) => {
    const again = WordVectors.fromText(vectors.toText({ header }), header ? {} : { dimension: 2 });
    expect([again.words, again.dimension, again.data]).toEqual([vectors.words, 2, vectors.data]);
  });

  test("says what is wrong with a text", () => {
    expect(WordVectors.fromText("a 1 2\nb 3 4").words).toEqual(["a", "b"]);
    expectError("format", () => WordVectors.fromText("2 2\na 1 2\nb 3\n", { name: "v.txt" }), "v.txt, line 3, column 3", "1 numbers");
    expectError("format", () => WordVectors.fromText("a 1 x"), "line 1, column 3", '"x"');
    expectError("format", () => WordVectors.fromText("3 1\na 1\n"), "1 words", "3");
    expectError("value", () => new WordVectors(["a", "a"], 1, Float32Array.of(1, 2)), '"a" occurs twice');
    expectError("shape", () => new WordVectors(["a"], 2, Float32Array.of(1)), "expected 2, for 1 words of dimension 2");
  });
});

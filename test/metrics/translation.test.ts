import { describe, expect, test } from "vitest";
import { bleu, bleuByLength, chrf, rouge, sentenceBleu, tokenize13a } from "../../src/metrics/index.js";
import { expectError } from "../helpers/errors.js";

// The scores that sacreBLEU's documentation and tests state for these sentences.
const hypotheses = ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."];
const references = [
  ["The dog bit the man.", "The dog had bit the man."],
  ["It was not unexpected.", "No one was surprised."],
  ["The man bit him first.", "The man had bitten the dog."],
];

describe("bleu", () => {
  test("is sacreBLEU's, with its parts", () => {
    const got = bleu(hypotheses, references);
    expect(got.score).toBeCloseTo(48.530827, 6);
    expect(got.precisions.map((p) => Number(p.toFixed(1)))).toEqual([82.4, 50, 45.5, 37.5]);
    expect(got.brevityPenalty).toBeCloseTo(0.943, 3);
    expect([got.hypothesisLength, got.referenceLength]).toEqual([17, 18]);
    expect(got.signature).toBe("nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:seqgrad");
  });

  test("takes text that is split at white space", () => {
    expect(bleu(hypotheses, references, { tokenize: "none" }).score).toBeCloseTo(49.1919566, 6);
  });

  test("is 0 for nothing, 100 for the reference", () => {
    expect(bleu(["", "", ""], references).score).toBe(0);
    expect(bleu(["x"], ["a b c d"]).score).toBe(0);
    const text = ["A sentence of many words, it is.", "Another one is here"];
    expect(bleu(text, text).score).toBeCloseTo(100, 10);
    expect(bleu(["A B C D"], ["a b c d"], { lowercase: true }).score).toBeCloseTo(100, 10);
  });

  test("smooths orders without a match by halving, corpus by corpus", () => {
    // 4, 2, 0 and 0 of 5, 4, 3 and 2 n-grams are right.
    const got = bleu(["a b x c d"], ["a b y c d"]);
    expect(got.precisions).toEqual([80, 50, 100 / 6, 100 / 8]);
    expect(got.score).toBeCloseTo((80 * 50 * (100 / 6) * (100 / 8)) ** 0.25, 10);
    expect(bleu(["a b x c d"], ["a b y c d"], { smooth: "none" }).score).toBe(0);
  });

  test("counts a repeated word no more often than one reference has it", () => {
    expect(bleu(["the the the the"], [["the cat", "the the dog"]]).precisions[0]).toBe(50);
  });

  test("of a sentence ends at the orders that it has", () => {
    expect(sentenceBleu("a test", "a test").score).toBeCloseTo(100, 10);
    expect(sentenceBleu("test", "a test").score).toBeCloseTo(36.78794411714425, 8);
    expect(bleu(["a test"], ["a test"]).score).toBe(0);
  });

  test("by length is that of the bucket's sentences", () => {
    const buckets = bleuByLength(hypotheses, references, [4, 11, 3], { width: 5 });
    expect(buckets.map(({ low, high, sentences }) => [low, high, sentences])).toEqual([
      [0, 5, 2],
      [10, 15, 1],
    ]);
    expect(buckets[0]!.score).toBe(bleu([hypotheses[0]!, hypotheses[2]!], [references[0]!, references[2]!]).score);
  });

  test("refuses what cannot be compared", () => {
    expectError("shape", () => bleu(["a"], ["a", "b"]), "bleu", "1 predictions", "2 targets");
    expectError("value", () => bleu([], []), "nothing");
    expectError("value", () => bleu(["a"], [[]]), "sentence 0", "no reference");
    expectError("range", () => bleuByLength(["a"], ["a"], [1], { width: 0 }), "width");
  });
});

test.each([
  ["Hello, world!", "Hello , world !"],
  ["1,000.50 and 3-4 or a-b", "1,000.50 and 3 - 4 or a-b"],
  ["He said &quot;no&quot; &amp; left.", 'He said " no " & left .'],
  ["don't <skipped>stop-\nping", "don't stopping"],
  ["«à bientôt», dit-il…", "«à bientôt» , dit-il…"],
  ["नमस्ते। ठीक है?", "नमस्ते। ठीक है ?"],
])("tokenize13a splits %s", (line, words) => {
  expect(tokenize13a(line).join(" ")).toBe(words);
});

describe("chrf", () => {
  test.each([
    ["a", "a", 100],
    ["", "reference", 0],
    ["a b c", "abc", 100],
    ["aa", "ab", 25],
  ])("of %j beside %j", (hypothesis, reference, expected) => {
    expect(chrf([hypothesis], [reference], { beta: 3 })).toBeCloseTo(expected, 4);
  });

  test("is sacreBLEU's", () => {
    expect(chrf(["a", "b"], ["a", "c"], { beta: 3 })).toBeCloseTo(50, 4);
    // An order for which the reference is too short does not count: precisions 3/6, 2/5, 1/4, and in the corpus 9/12, 7/10, 5/8, 1, 1, 1.
    const fOf = (precision: number) => (500 * precision) / (4 * precision + 1);
    expect(chrf(["abcdef"], ["abc"])).toBeCloseTo(fOf((3 / 6 + 2 / 5 + 1 / 4) / 3), 9);
    expect(chrf(["abcdef", "abcdef"], ["abc", "abcdef"])).toBeCloseTo(fOf((9 / 12 + 7 / 10 + 5 / 8 + 3) / 6), 9);
    expect(chrf(["abc"], [""])).toBe(0);
    // Nor does one for which the hypothesis is too short: recalls 3/11, 2/10, 1/9.
    const recall = (3 / 11 + 2 / 10 + 1 / 9) / 3;
    expect(chrf(["cat"], ["cats are here"])).toBeCloseTo((500 * recall) / (4 + recall), 9);
    expect(chrf(hypotheses, references)).toBeCloseTo(59.73, 2);
    const german = ["Die Beziehung zwischen Obama und Netanjahu ist nicht gerade freundlich."];
    const expected = ["Das Verhältnis zwischen Obama und Netanyahu ist nicht gerade freundschaftlich."];
    expect(chrf(german, expected, { beta: 3, whitespace: true })).toBeCloseTo(67.3481606, 4);
  });

  test("with words sets signs apart", () => {
    expect(chrf(["Stop, now!"], ["Stop now"], { characterOrder: 1, wordOrder: 1 })).toBeCloseTo(
      // characters: 7 of 9, 7 of 7; words: 2 of 4, 2 of 2
      (100 * 5 * ((7 / 9 + 1 / 2) / 2) * 1) / (4 * ((7 / 9 + 1 / 2) / 2) + 1),
      8,
    );
  });

  test("refuses what has no meaning", () => {
    expectError("range", () => chrf(["a"], ["a"], { characterOrder: 0 }), "characterOrder");
    expectError("shape", () => chrf(["a"], []), "chrf");
  });
});

describe("rouge", () => {
  test("counts words, pairs and the longest common subsequence", () => {
    const { rouge1, rouge2, rougeL } = rouge(["The police killed the gunman."], ["Police ended the gunman, the police."]);
    // the x 2, police, gunman of 5 and 6 words; "the gunman" of 4 and 5 pairs; police .. the gunman
    expect(rouge1).toEqual({ precision: 4 / 5, recall: 4 / 6, f1: (2 * (4 / 5) * (4 / 6)) / (4 / 5 + 4 / 6) });
    expect([rouge2.precision, rouge2.recall]).toEqual([2 / 4, 2 / 5]);
    expect([rougeL.precision, rougeL.recall]).toEqual([3 / 5, 3 / 6]);
  });

  test("is the mean of the texts, and knows other scripts", () => {
    expect(rouge(["a b", "x"], ["a b", "y"]).rougeL.f1).toBe(0.5);
    expect(rouge(["मेरा नाम"], ["मेरा घर"]).rouge1.f1).toBe(0.5);
    expect(rouge([""], [""]).rouge1.f1).toBe(0);
    expectError("shape", () => rouge(["a"], []), "rouge");
  });
});

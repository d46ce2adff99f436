import { describe, expect, test } from "vitest";
import { type BleuOptions, bleu, bleuByLength, chrf, rouge, wordErrorRate } from "../../src/metrics/index.js";

// The right scores are sacreBLEU 2.6.0's.
const chinese = [
  ["我喜欢苹果。", "我买了3本书，价格是2,000元。", "他在“家”里看《Node.js》 v1.5"],
  ["我喜欢吃苹果。", "我买了三本书，价格为2,000元。", "他在家里看《Node.js》v1.5…"],
] as const;
const japanese = [
  ["私はリンゴが好きです。", "東京 へ行く"],
  ["私はりんごが好きだ。", "東京へ行きます"],
] as const;
const thai = [
  ["ฉันชอบแอปเปิ้ล", "กินข้าว"],
  ["ฉันชอบกินแอปเปิ้ล", "กินข้าวแล้ว"],
] as const;
const others = [
  ["«Bonjour», dit-il: 3,5€ – ça va?", "नमस्ते। आप कैसे हैं?"],
  ["«Bonjour» dit-il: 3,5 € – ça va ?", "नमस्ते, आप कैसे हैं।"],
] as const;

describe("BLEU by tokenizer, as sacreBLEU", () => {
  test.each([
    ["zh", chinese, 55.04844616393328],
    ["char", japanese, 26.87307752810947],
    ["char", thai, 64.79596764815861],
    ["intl", others, 67.13374035706627],
    ["zh", japanese, 38.45802836567295],
    ["13a", others, 28.606242122742575],
    ["char", chinese, 70.0930954827141],
    ["intl", chinese, 30.045004214040766],
  ] as const)("%s of %j", (tokenize, [hypotheses, references], score) => {
    const options: BleuOptions = { tokenize };
    const got = bleu(hypotheses, references, options);
    expect(got.score).toBeCloseTo(score, 8);
    expect(got.signature).toContain(`tok:${tokenize}|`);
  });

  test.each([
    ["Chinese", chinese, "zh"],
    ["Japanese", japanese, "char"],
    ["Thai", thai, "char"],
    ["French and Hindi", others, "13a"],
  ] as const)("of %s is chosen by the references' script", (_, [hypotheses, references], tokenize) => {
    const { score, signature } = bleu(hypotheses, references);
    expect(score).toBe(bleu(hypotheses, references, { tokenize }).score);
    expect(signature).toContain(`tok:${tokenize}|`);
    const [bucket] = bleuByLength(
      hypotheses,
      references,
      references.map(() => 1),
    );
    expect([bucket!.score, bucket!.signature]).toEqual([score, signature]);
  });
});

test("error rates and ROUGE of scripts without blanks count characters", () => {
  const oneOfThree = { rate: expect.closeTo(1 / 3, 12), unit: "characters" };
  expect(wordErrorRate(["我买书"], ["我卖书"])).toEqual(oneOfThree);
  expect(wordErrorRate([" 我 买\n书"], ["我卖书"])).toEqual(oneOfThree);
  expect([rouge(["我买书。"], ["我卖书。"]).unit, rouge(["a b"], ["a c"]).unit]).toEqual(["characters", "words"]);
  expect(rouge(["我买书。"], ["我卖书。"]).rouge1.f1).toBeCloseTo(2 / 3, 12);
  expect(rouge(["กิน ข้าว"], ["กินข้าว"]).rougeL.f1).toBe(1);
  expect(chrf(["我买书。"], ["我买书。"])).toBe(100);
  expect(rouge(["我用 node 很好"], ["我们用 node 好"]).rouge1.precision).toBeCloseTo(4 / 5, 12);
});

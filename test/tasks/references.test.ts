import { beforeAll, expect, test } from "vitest";
import { Translator } from "../../src/tasks/translator.js";
import { init } from "../../src/tensor/device.js";

beforeAll(async () => {
  await init({ device: "wasm" });
});

test("rows of one source are references of each other", async () => {
  const pairs = [
    { source: "I buy tea", target: "我买茶。" },
    { source: "I buy tea", target: "我要买些茶。" },
    { source: "you buy tea", target: "你买茶。" },
  ];
  const translator = Translator.create(pairs, { hidden: 4, unit: "characters" });
  const answers = ["我买茶。", "我买茶。", "你买茶。"];
  const { bleu: score, exact } = await translator.evaluate(pairs, { answers });
  expect([score, exact]).toEqual([expect.closeTo(100, 10), 1]);
  expect(translator.bleuByLength(pairs, answers).map((bucket) => bucket.score)).toEqual([expect.closeTo(100, 10), expect.closeTo(100, 10)]);
});

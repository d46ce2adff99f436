import { expect, test } from "vitest";
import { padRows } from "../../src/data/index.js";
import { generate } from "../../src/decode/generate.js";
import { beamSearch } from "../../src/decode/index.js";
import { TransformerSeq2Seq } from "../../src/models/index.js";
import type { KeyValueCache } from "../../src/nn/index.js";
import { AdamW } from "../../src/optim/index.js";
import { init, memory } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

await init({ device: "wasm" });
const [SOS, EOS] = [1, 2];
const config = { sourceVocab: 9, targetVocab: 9, hidden: 16, heads: 2, layers: 1, feedForward: 32, dropout: 0, context: 8 };
const make = (options = {}) => {
  manualSeed(4);
  return new TransformerSeq2Seq({ ...config, ...options });
};

test("learns to reverse, and decodes greedily and with beams", async () => {
  const model = make();
  const optimizer = new AdamW(model.parameters(), { lr: 5e-3, clipNorm: 1 });
  const random = new RandomGenerator(1);
  const word = () => Array.from({ length: 2 + random.integer(3) }, () => 3 + random.integer(6));
  for (let step = 0; step < 250; step++) {
    const words = Array.from({ length: 32 }, word);
    optimizer.step(() => model.loss({ source: padRows(words), target: padRows(words.map((w) => [SOS, ...w.toReversed(), EOS])) }).loss);
  }
  model.eval();
  let right = 0;
  for (let i = 0; i < 20; i++) {
    const source = word();
    const decoding = model.decoder(source);
    const greedy: number[] = [];
    for await (const token of generate(decoding, [SOS], { temperature: 0, maxTokens: 7, stop: [EOS] })) greedy.push(token);
    const [best] = await beamSearch(decoding, [SOS], { beam: 3, maxTokens: 7, stop: [EOS] });
    if (String(greedy) === String(source.toReversed())) right++;
    expect(best!.score).toBeLessThanOrEqual(0);
    decoding.dispose();
  }
  expect(right).toBeGreaterThanOrEqual(18);
});

test("decoding by the cache is forward() on the whole, and nothing is left", async () => {
  const model = make().eval();
  const source = [4, 7, 3];
  const target = [SOS, 5, 8, 3, 6];
  const whole = await model.forward({ source: padRows([source]), target: padRows([[...target, EOS]]) }).data();
  const before = memory().tensors;
  const decoding = model.decoder(source);
  let state: KeyValueCache | undefined;
  for (const [t, token] of target.entries()) {
    const step = await decoding.step([token], state);
    state = step.state;
    expectClose(step.logits, whole.subarray(t * 9, (t + 1) * 9), 1e-5);
  }
  await expectRejection("range", decoding.step([1, 2, 3, 4], state), "5 positions", "4 more");
  expect(state!.length).toBe(5);
  decoding.release(state!);
  decoding.dispose();
  expect(memory().tensors).toBe(before);
});

test("padding changes nothing, and is not a target", async () => {
  const model = make().eval();
  const [short, long] = [
    { source: [4, 5], target: [SOS, 5, EOS] },
    { source: [3, 4, 5, 6, 7], target: [SOS, 7, 6, 5, 4, 3, EOS] },
  ];
  const rows = (of: (typeof short)[]) => ({ source: padRows(of.map((p) => p.source)), target: padRows(of.map((p) => p.target)) });
  const alone = await model.forward(rows([short])).data();
  const together = await model.forward(rows([short, long])).data();
  expectClose(together.subarray(0, 2 * 9), alone, 1e-6);
  const [a, b, both] = await Promise.all([[short], [long], [short, long]].map((of) => model.loss(rows(of)).loss.item()));
  expect(both).toBeCloseTo((2 * a! + 6 * b!) / 8, 5);
});

test("refuses what it cannot do", () => {
  expectError("value", () => make().decoder([]), "empty");
  expectError("range", () => make({ labelSmoothing: 2 }), "labelSmoothing");
  expectError("value", () => make({ heads: 3 }), "3");
});

test("labelSmoothing is PyTorch's: the share moves from the target to all tokens evenly, and in training alone", async () => {
  const model = make({ labelSmoothing: 0.3 });
  const batch = {
    source: padRows([[3, 4], [5]]),
    target: padRows([
      [SOS, 6, EOS],
      [SOS, EOS],
    ]),
  };
  const [logits, loss] = await Promise.all([model.forward(batch).data(), model.loss(batch).loss.item()]);
  // Rows of scores and what is to follow; the fourth is padding.
  const rows = [6, EOS, EOS].map((target, i) => {
    const scores = Array.from(logits.subarray(9 * i, 9 * i + 9));
    const total = Math.log(scores.reduce((sum, v) => sum + Math.exp(v), 0));
    return { hit: total - scores[target]!, even: scores.reduce((sum, v) => sum + total - v, 0) / 9 };
  });
  const mean = (of: (row: { hit: number; even: number }) => number) => rows.reduce((sum, row) => sum + of(row), 0) / 3;
  expect(loss).toBeCloseTo(
    mean(({ hit, even }) => 0.7 * hit + 0.3 * even),
    5,
  );
  expect(await model.eval().loss(batch).loss.item()).toBeCloseTo(
    mean(({ hit }) => hit),
    5,
  );
});

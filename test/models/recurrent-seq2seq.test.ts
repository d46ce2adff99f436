import { describe, expect, test } from "vitest";
import { padRows } from "../../src/data/index.js";
import { beamSearch } from "../../src/decode/index.js";
import { generate, init, manualSeed, models, tensor } from "../../src/index.js";
import { attentionKinds, type RecurrentSeq2SeqConfig } from "../../src/models/index.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { expectClose } from "../helpers/numbers.js";

await init({ device: "wasm" });

const [V, sos, eos] = [9, 1, 2];
const sizes = { sourceVocab: 7, targetVocab: V, embed: 6, hidden: 5, layers: 2 };

function make(config: Partial<RecurrentSeq2SeqConfig> = {}): models.RecurrentSeq2Seq {
  manualSeed(4);
  return new models.RecurrentSeq2Seq({ ...sizes, ...config }).eval();
}

const source = padRows([
  [3, 4, 5, 6],
  [4, 2],
  [6, 5, 3],
]);
const target = padRows([
  [sos, 5, 6, eos],
  [sos, 8, 7, 3, 4, eos],
  [sos, eos],
]);

const variants: Partial<RecurrentSeq2SeqConfig>[] = [
  ...(["rnn", "gru", "lstm"] as const).flatMap((arch) =>
    attentionKinds.map((attention) => ({ arch, attention, bidirectional: attention !== "dot" })),
  ),
  { attention: "additive", inputFeeding: false },
  { attention: "general", arch: "gru", window: 3, reverse: true },
  { attention: "none", bidirectional: false, reverse: true },
];

describe.each(variants)("%o", (config) => {
  test("a pair alone gives what it gives in a padded batch", async () => {
    const model = make(config);
    const [, T] = target.shape;
    const together = await model.forward({ source, target }).data();
    for (const [b, n] of source.lengths.entries()) {
      const row = (rows: typeof source, length: number) => padRows([rows.data.subarray(b * rows.shape[1], b * rows.shape[1] + length)]);
      const steps = target.lengths[b]! - 1;
      const alone = await model.forward({ source: row(source, n), target: row(target, steps + 1) }).data();
      const start = b * (T - 1) * V;
      expectClose(together.slice(start, start + steps * V), alone, 1e-6);
    }
  });

  test("the weights of a step add up to 1, none of them on padding", async () => {
    const model = make(config);
    const { weights } = model.decode(tensor(target.data, target.shape), model.encode(source));
    if (config.attention === "none") return expect(weights).toBeUndefined();
    const data = await weights!.data();
    expect(weights!.shape).toEqual([3, 6, 4]);
    for (let i = 0; i < 18; i++) {
      const row = Array.from(data.slice(4 * i, 4 * i + 4));
      const n = source.lengths[Math.floor(i / 6)]!;
      const visible = config.window === undefined || (i % 6) - 1 < n;
      expect(row.reduce((a, b) => a + b, 0)).toBeCloseTo(visible ? 1 : 0, 5);
      expect(row.slice(n).every((x) => x === 0)).toBe(true);
    }
  });

  test("step by step, by beams and greedily it writes what forward() predicts", async () => {
    const model = make(config);
    const greedy = await model.greedy(source, { sos, eos, maxTokens: 6 });
    for (const [b, written] of greedy.entries()) {
      const ids = source.data.subarray(b * 4, b * 4 + source.lengths[b]!);
      const decoder = model.decoder(ids);
      const [best] = await beamSearch(decoder, [sos], { beam: 1, maxTokens: 6, stop: [eos] });
      expect(best!.tokens).toEqual(written);
      const again: number[] = [];
      for await (const token of generate(decoder, [sos], { temperature: 0, maxTokens: 6, stop: [eos] })) again.push(token);
      expect(again).toEqual(written);
      // Beams share a batch; each must score as the text by itself.
      const found = await beamSearch(decoder, [sos], { beam: 4, nBest: 4, maxTokens: 4, stop: [eos] });
      decoder.dispose();
      for (const { tokens, logProbability, stopped } of found) {
        const text = [sos, ...tokens, ...(stopped ? [eos] : [])];
        const loss = await model.loss({ source: padRows([ids]), target: padRows([text]) }).loss.item();
        expect(-loss * (text.length - 1)).toBeCloseTo(logProbability, 4);
      }
    }
  });

  test("without teacher forcing it reads its own words", async () => {
    const model = make(config);
    const written = await model.greedy(source, { sos, eos: -1, maxTokens: 5 });
    const own = padRows(written.map((tokens) => [sos, ...tokens]));
    const forced = await model.forward({ source, target: own }).data();
    model.train().teacherForcing = 0;
    const other = padRows(written.map((tokens) => [sos, ...tokens.map(() => 3)]));
    expectClose(await model.forward({ source, target: other }).data(), forced, 1e-6);
  });

  test("every parameter has a gradient", async () => {
    const model = make(config).train();
    model.loss({ source, target }).loss.backward();
    for (const [name, parameter] of model.namedParameters()) {
      const gradient = await parameter.grad!.data();
      expect(
        gradient.some((x) => x !== 0),
        name,
      ).toBe(true);
    }
  });
});

test("a reversed source is a source read from its end", async () => {
  const options = { attention: "general", bidirectional: false } as const;
  const turned = padRows([
    [6, 5, 4, 3],
    [2, 4],
    [3, 5, 6],
  ]);
  const reversed = await make({ ...options, reverse: true })
    .forward({ source: turned, target })
    .data();
  expectClose(reversed, await make(options).forward({ source, target }).data(), 0);
});

test("a window hides what is far from the step", async () => {
  const all = await make().forward({ source, target }).data();
  expectClose(await make({ window: 20 }).forward({ source, target }).data(), all, 1e-6);
  const narrow = await make({ window: 1, bidirectional: false, attention: "dot" }).forward({ source, target }).data();
  const wide = await make({ bidirectional: false, attention: "dot" }).forward({ source, target }).data();
  expect(Math.max(...narrow.map((x, i) => Math.abs(x - wide[i]!)))).toBeGreaterThan(1e-3);
});

test("the loss is that of a token, or of the steps of a sequence", async () => {
  const tokens = target.lengths.reduce((n, length) => n + length - 1, 0);
  const mean = await make().loss({ source, target }).loss.item();
  expect(await make({ reduction: "sum" }).loss({ source, target }).loss.item()).toBeCloseTo((mean * tokens) / 3, 4);
});

test("the errors say what is expected", async () => {
  expectError("value", () => make({ arch: "transformer" as "gru" }), '"transformer"', 'use "rnn", "gru", "lstm"');
  expectError("value", () => make({ attention: "cosine" as "dot" }), '"cosine"');
  expectError("value", () => make({ reduction: "max" as "sum" }), '"max"');
  expectError("value", () => make({ attention: "dot" }), "bidirectional: false");
  expectError("range", () => make({ window: -1 }), "window");
  expectError("range", () => make({ hidden: 0 }), "hidden is 0");
  const model = make();
  expectError(
    "range",
    () => {
      model.teacherForcing = 1.5;
    },
    "teacherForcing",
  );
  expectError("shape", () => model.forward({ source: padRows([[3]]), target }), "1 sources");
  expectError("shape", () => model.forward({ source: padRows([[3]]), target: padRows([[sos]]) }), "two tokens");
  expectError("value", () => model.decoder([]), "empty");
  await expectRejection("range", model.greedy(source, { sos, eos, maxTokens: -1 }), "maxTokens");
});

test("targets without a step to learn have a loss of 0, and do not count in the mean", async () => {
  const rows = (lengths: readonly number[]) => ({
    ...padRows([
      [sos, 5],
      [sos, 8],
    ]),
    lengths,
  });
  const two = padRows([
    [3, 4],
    [4, 2],
  ]);
  for (const reduction of ["mean", "sum"] as const) {
    const model = make({ reduction });
    for (const lengths of [
      [1, 1],
      [0, 1],
      [0, 0],
    ])
      expect(await model.loss({ source: two, target: rows(lengths) }).loss.item()).toBe(0);
  }
  const model = make();
  const alone = await model.loss({ source: padRows([[4, 2]]), target: padRows([[sos, 8]]) }).loss.item();
  expect(await model.loss({ source: two, target: rows([0, 2]) }).loss.item()).toBeCloseTo(alone, 5);
});

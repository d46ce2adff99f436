import { expect, test } from "vitest";
import { beamSearch, type StepModel } from "../../src/decode/index.js";
import { memoryStore } from "../../src/io/store.js";
import { attentionKinds, type RecurrentSeq2Seq, type RecurrentSeq2SeqConfig } from "../../src/models/index.js";
import { AdamW, cosine } from "../../src/optim/index.js";
import { load, Translator } from "../../src/tasks/index.js";
import { saveTask } from "../../src/tasks/task.js";
import { init, memory } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { CharTokenizer, sequenceTokens } from "../../src/text/index.js";
import { fit } from "../../src/train/fit.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { thinly } from "../helpers/full.js";

await init({ device: "wasm" });

const random = new RandomGenerator(1);
const strings = Array.from({ length: 150 }, () => Array.from({ length: 1 + random.integer(4) }, () => "abc"[random.integer(3)]).join(""));
const pairs = strings.map((source) => ({ source, target: [...source].reverse().join("") }));
const texts = ["abca", "b", "ccba", ""];

async function trained(options: Partial<RecurrentSeq2SeqConfig>, { teacherForcing = 1, epochs = 24 } = {}) {
  manualSeed(1);
  const task = Translator.create(pairs, { unit: "characters", hidden: 24, embed: 12, dropout: 0, context: 8, ...options });
  (task.model as RecurrentSeq2Seq).teacherForcing = teacherForcing;
  const optimizer = new AdamW(task.model.parameters(), { lr: 0.012, weightDecay: 0, clipNorm: 1 });
  for await (const event of fit(task.model, task.loader(pairs, { batch: 15 }), { optimizer, epochs }))
    if (event.type === "end") return task;
  throw new Error("the run did not end");
}

const kinds = (["gru", "lstm"] as const).flatMap((arch) => attentionKinds.map((attention) => ({ arch, attention })));
const isQuick = ({ arch, attention }: (typeof kinds)[number]) => attention === (arch === "gru" ? "general" : "additive");
thinly(kinds, isQuick, (chosen) => {
  test.each(chosen)(
    "a translator learns to reverse strings, and comes back from a folder; $arch, attention $attention",
    async ({ arch, attention }) => {
      const task = await trained({ arch, attention, bidirectional: attention !== "dot", layers: attention === "general" ? 2 : 1 });
      const { bleu, exact, loss } = await task.evaluate(pairs);
      expect(exact).toBeGreaterThan(0.9);
      expect(bleu).toBeGreaterThanOrEqual(0);
      expect(loss).toBeLessThan(0.3);
      const store = memoryStore();
      await task.save(store);
      const again = (await load(store)) as Translator;
      const before = memory().tensors;
      const together = await again.predict(texts);
      const beams = await again.predict(texts, { beam: 3 });
      expect(memory().tensors).toBe(before);
      expect(together).toEqual(await task.predict(texts));
      expect(beams).toEqual(await task.predict(texts, { beam: 3 }));
      for (const [i, text] of texts.entries()) expect(await task.predict([text])).toEqual([together[i]]);
    },
  );
});

test("a Transformer learns the same, many texts at once as each alone", async () => {
  manualSeed(1);
  const options = { unit: "characters", arch: "transformer", hidden: 24, heads: 2, layers: 1, dropout: 0, context: 8 } as const;
  const task = Translator.create(pairs, { ...options, labelSmoothing: 0.02 });
  const optimizer = new AdamW(task.model.parameters(), { lr: 0.01, weightDecay: 0, clipNorm: 1 });
  const schedule = cosine(300, 0.05);
  for await (const event of fit(task.model, task.loader(pairs, { batch: 15 }), { optimizer, epochs: 30, schedule }))
    if (event.type === "end") break;
  const measures = await task.evaluate(pairs);
  expect(measures.exact).toBeGreaterThan(0.9);
  const store = memoryStore();
  await task.save(store);
  const again = (await load(store)) as Translator;
  const before = memory().tensors;
  expect(await again.evaluate(pairs)).toEqual(measures);
  const together = await again.predict(texts);
  const beams = await again.predict(texts, { beam: 3 });
  expect(memory().tensors).toBe(before);
  expect(beams).toEqual(await task.predict(texts, { beam: 3 }));
  for (const [i, text] of texts.entries()) expect(await task.predict([text])).toEqual([together[i]]);
});

test("a translator learns from its own words too", async () => {
  const task = await trained({ arch: "gru", inputFeeding: false }, { teacherForcing: 0.6 });
  expect((await task.evaluate(pairs)).exact).toBeGreaterThan(0.8);
});

test("a length penalty ranks what a search finds: over 0 longer answers come first, under 0 shorter ones", async () => {
  const task = await trained({ arch: "gru" }, { epochs: 3 });
  const sources = strings.slice(0, 12);
  const search = (lengthPenalty: number) => task.predict(sources, { beam: 4, lengthPenalty });
  const lengths = [];
  for (const lengthPenalty of [-8, 0, 8]) {
    const answers = await search(lengthPenalty);
    // As beamSearch() itself ranks them.
    task.model.eval();
    for (const [i, text] of sources.entries()) {
      const decoder = task.model.decoder([...task.source.encode(text), task.source.special.eos!]) as StepModel<unknown> & {
        dispose(): void;
      };
      const { sos, eos } = task.target.special as { sos: number; eos: number };
      const [best] = await beamSearch(decoder, [sos], { beam: 4, maxTokens: 8, stop: [eos], lengthPenalty });
      decoder.dispose();
      expect(answers[i]).toBe(task.target.decode(best!.tokens));
    }
    task.model.train();
    lengths.push(answers.join("").length);
    expect((await task.evaluate(pairs.slice(0, 12), { beam: 4, lengthPenalty })).exact).toBe(
      answers.filter((answer, i) => answer === pairs[i]!.target).length / 12,
    );
  }
  expect(lengths).toEqual([...lengths].sort((a, b) => a - b));
  expect(new Set(lengths).size).toBe(3);
  expect(await search(0)).toEqual(await task.predict(sources, { beam: 4 }));
  await expectRejection("value", task.predict(sources, { lengthPenalty: 1 }), "lengthPenalty is 1", "give more beams");
  await expectRejection("value", task.predict(sources, { beam: 2, lengthPenalty: Number.NaN }), "lengthPenalty is NaN");
});

test("a translator of words answers in words; an unknown word is not an exact answer", async () => {
  manualSeed(1);
  const sentences = [
    { source: "Turn off the lights", target: "éteins les lumières" },
    { source: "Turn on the lights", target: "allume les lumières" },
  ];
  const task = Translator.create(sentences, { arch: "gru", unit: "words", hidden: 16, embed: 8, dropout: 0, minCount: 1 });
  const optimizer = new AdamW(task.model.parameters(), { lr: 0.03, weightDecay: 0 });
  for await (const event of fit(task.model, task.loader(sentences, { batch: 2 }), { optimizer, steps: 60, epochs: 60 }))
    if (event.type === "end") break;
  expect(await task.predict(["Turn on the lights"], { beam: 2 })).toEqual(["allume les lumières"]);
  expect(await task.evaluate(sentences)).toMatchObject({ exact: 1 });
  expect(await task.evaluate([{ source: "Turn off the lights", target: "éteins la radio" }])).toMatchObject({ exact: 0 });
});

test("a translator refuses what it cannot learn from", async () => {
  expectError("value", () => Translator.create([]), "the list of pairs is empty");
  expectError("value", () => Translator.create(pairs, { unit: "letters" as "words" }), '"letters"');
  expectError("range", () => Translator.create(pairs, { context: 0 }), "context");
  const bare = CharTokenizer.fromText("abc");
  for (const tokenizer of [{ sourceTokenizer: bare }, { targetTokenizer: bare }])
    expectError("value", () => Translator.create(pairs, { unit: "characters", ...tokenizer }), "<sos>");
  const task = Translator.create(pairs, {
    unit: "characters",
    hidden: 4,
    sourceTokenizer: CharTokenizer.fromText("abc", { special: sequenceTokens }),
  });
  await expectRejection("range", task.predict(["a"], { beam: 0 }), "beam");
  const store = memoryStore();
  await saveTask(store, { type: task.type, model: task.model, describe: () => ({ ...task.describe(), config: { context: 3 } }) });
  await expectRejection("format", load(store), "targetTokenizer");
});

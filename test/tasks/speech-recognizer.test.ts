import { expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { Adam } from "../../src/optim/index.js";
import { load, type Recording, SpeechRecognizer } from "../../src/tasks/index.js";
import { init } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { CharTokenizer, WordTokenizer } from "../../src/text/index.js";
import { fit } from "../../src/train/fit.js";
import { RandomGenerator } from "../../src/util/philox.js";
import { expectError, expectRejection } from "../helpers/errors.js";

await init({ device: "wasm" });

/** Letters that last two to four frames, each a direction in the plane on a scale of its own, with silence between. */
function recordings(count: number): Recording[] {
  const random = new RandomGenerator(5);
  const noise = () => 20 * (random.uniform() - 0.5);
  return Array.from({ length: count }, () => {
    const text = Array.from({ length: 1 + random.integer(4) }, () => "abc"[random.integer(3)]).join("");
    const frames = Array.from(text).flatMap((letter) => {
      const angle = 2 * "abc".indexOf(letter);
      const frame = () => [500 + 100 * Math.cos(angle) + noise(), (100 * Math.sin(angle) + noise()) / 1000];
      return [...Array.from({ length: 2 + random.integer(3) }, frame), [500 + noise(), noise() / 1000]];
    });
    return { frames, text };
  });
}

const data = recordings(160);

test("a recognizer learns letters of unknown places, and comes back from a folder", async () => {
  manualSeed(1);
  const task = SpeechRecognizer.create(data.slice(0, 120), { arch: "gru", hidden: 16 });
  const optimizer = new Adam(task.model.parameters(), { lr: 0.02, clipNorm: 1 });
  for await (const event of fit(task.model, task.loader(data.slice(0, 120), { batch: 12 }), { optimizer, epochs: 12 }))
    if (event.type === "end") break;
  const unseen = data.slice(120);
  const measures = await task.evaluate(unseen);
  expect(measures.symbolErrorRate).toBeLessThan(0.05);
  expect(measures.exact).toBeGreaterThan(0.8);
  const frames = unseen.map((recording) => recording.frames);
  const together = await task.predict(frames);
  expect(together.filter((text, i) => text === unseen[i]!.text).length / 40).toBe(measures.exact);
  for (const [i, one] of frames.slice(0, 6).entries()) expect(await task.predict([one])).toEqual([together[i]]);
  const searched = await task.predict(frames, { beam: 6 });
  expect(searched.filter((text, i) => text === unseen[i]!.text).length).toBeGreaterThanOrEqual(40 * measures.exact! - 2);
  const store = memoryStore();
  await task.save(store);
  const again = (await load(store)) as SpeechRecognizer;
  expect(again).toBeInstanceOf(SpeechRecognizer);
  expect(await again.evaluate(unseen)).toEqual(measures);
  expect(await again.predict(frames, { beam: 6 })).toEqual(searched);
});

test("texts may be of words", async () => {
  const tokenizer = WordTokenizer.fromTexts(["go on", "stop"], { minCount: 1, special: ["<pad>", "<unk>"] });
  const rows = [{ frames: [[1], [2], [3]], text: "go on" }];
  const task = SpeechRecognizer.create(rows, { hidden: 2, tokenizer });
  expect(task.model.config.classes).toBe(tokenizer.size);
  const [batch] = [...task.loader(rows, { batch: 1 })];
  expect(Array.from(batch!.targets[0]!)).toEqual(Array.from(tokenizer.encode("go on")));
});

test("a recognizer refuses what it cannot learn from or listen to", async () => {
  expectError("value", () => SpeechRecognizer.create([]), "the list of recordings is empty");
  expectError("shape", () => SpeechRecognizer.create([{ frames: [[1], [2, 3]], text: "a" }]), "has 2 numbers");
  const tokenizer = CharTokenizer.fromText("ab");
  expectError("value", () => SpeechRecognizer.create(data, { tokenizer }), "<pad> as 0");
  const task = SpeechRecognizer.create(data, { hidden: 2 });
  const tooShort = [
    {
      frames: [
        [1, 2],
        [1, 2],
      ],
      text: "aa",
    },
  ];
  expectError("value", () => task.loader(tooShort, { batch: 1 }), "recording 0 has 2 frames", '"aa"', "at least 3");
  expectError("range", () => task.loader([{ frames: [[1, 2]], text: "z" }], { batch: 1 }), "recording 0", '"z"');
  await expectRejection("shape", task.predict([[[1]]]), "expected [2]");
  await expectRejection("range", task.predict([[[1, 2]]], { beam: 0 }), "beam");
  const { config, tokenizer: saved } = task.describe();
  await expectRejection(
    "format",
    SpeechRecognizer.fromSaved({ config: { ...config, scaler: 1 }, tokenizer: saved, tensors: new Map() }),
    "scaler",
  );
});

import { expect, test } from "vitest";
import { memoryStore } from "../../src/io/store.js";
import { Adam } from "../../src/optim/index.js";
import { type CaptionedImage, ImageCaptioner, load } from "../../src/tasks/index.js";
import { init, memory } from "../../src/tensor/device.js";
import { manualSeed } from "../../src/tensor/random.js";
import { fit } from "../../src/train/fit.js";
import { expectError, expectRejection } from "../helpers/errors.js";
import { thinly } from "../helpers/full.js";

await init({ device: "wasm" });

const kinds = ["dot", "bar"];
const places = ["left", "center", "right"];
/** A kind at one of three places, in units of its own. */
const images: CaptionedImage[] = kinds.flatMap((kind, k) =>
  places.map((place, p) => ({
    features: places.map((_, q) => [p === q && k === 0 ? 900 : 100, p === q && k === 1 ? 0.02 : 0]),
    caption: `A ${kind} ${place}`,
  })),
);

thinly(
  ["state", "input"] as const,
  (inject) => inject === "state",
  (chosen) =>
    test.each(chosen)("a captioner learns scenes injected by %s, and comes back from a folder", async (inject) => {
      manualSeed(1);
      const task = ImageCaptioner.create(images, { arch: "gru", hidden: 16, embed: 8, minCount: 1, context: 6, inject });
      const optimizer = new Adam(task.model.parameters(), { lr: 0.02, clipNorm: 1 });
      for await (const event of fit(task.model, task.loader(images, { batch: 3 }), { optimizer, epochs: 120 }))
        if (event.type === "end") break;
      const measures = await task.evaluate(images);
      expect(measures.exact).toBe(1);
      expect(measures.bleu).toBeGreaterThanOrEqual(0);
      const features = images.map((image) => image.features);
      const before = memory().tensors;
      const answers = await task.predict(features);
      const searched = await task.predict(features, { beam: 3 });
      expect(memory().tensors).toBe(before);
      expect(answers).toEqual(images.map(({ caption }) => caption.toLowerCase()));
      expect(searched).toEqual(answers);
      expect(await task.predict([features[4]!])).toEqual([answers[4]]);
      const store = memoryStore();
      await task.save(store);
      const again = (await load(store)) as ImageCaptioner;
      expect(again).toBeInstanceOf(ImageCaptioner);
      expect(await again.evaluate(images)).toEqual(measures);
    }),
);

test("a captioner refuses what it cannot learn from or look at", async () => {
  expectError("value", () => ImageCaptioner.create([]), "the list of pictures is empty");
  expectError(
    "value",
    () => ImageCaptioner.create(images, { unit: "letters" as "words" }),
    'unit is "letters"; use words, characters, bpe',
  );
  expectError("range", () => ImageCaptioner.create(images, { context: 0, minCount: 1 }), "context");
  expectError("shape", () => ImageCaptioner.create([{ features: [[1], [1, 2]], caption: "a" }], { minCount: 1 }), "numbers");
  const task = ImageCaptioner.create(images, { hidden: 4, embed: 4, minCount: 1 });
  await expectRejection("shape", task.predict([[[1]]]), "expected [2]");
  await expectRejection("value", task.predict([[]]), "holds no number");
  await expectRejection("range", task.predict([[[1, 2]]], { beam: 0 }), "beam");
  const { config, ...saved } = task.describe();
  await expectRejection("format", ImageCaptioner.fromSaved({ ...saved, config: { ...config, scaler: {} }, tensors: new Map() }), "means");
});

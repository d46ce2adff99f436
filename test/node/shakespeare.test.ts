import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { RandomWindows, splitTokens } from "../../src/data/index.js";
import { fit, init, manualSeed, models, optim } from "../../src/index.js";
import { CharTokenizer } from "../../src/text/index.js";
import { sharedData } from "../helpers/shared-data.js";

const path = sharedData("tinyshakespeare.txt");

test.skipIf(!path)(`learns real text${path ? "" : " (the shared data is not there)"}`, async () => {
  const text = await readFile(path!, "utf8");
  const tokenizer = CharTokenizer.fromText(text);
  expect(tokenizer.size).toBe(65);
  const { train, validation } = splitTokens(tokenizer.encode(text), 0.1);
  expect(validation.length).toBe(111_539);

  await init();
  manualSeed(1);
  const model = new models.RecurrentLM({ vocab: tokenizer.size, arch: "gru", embed: 32, hidden: 128 });
  const optimizer = new optim.AdamW(model.parameters(), { lr: 5e-3, weightDecay: 0, clipNorm: 1 });
  const losses: number[] = [];
  for await (const event of fit(model, new RandomWindows(train, { batch: 16, context: 64, seed: 1 }), {
    optimizer,
    steps: 150,
  })) {
    if (event.type === "step") losses.push(event.loss);
  }
  // Knowing only how often each character occurs gives 3.31 nats.
  const last = losses.slice(-20).reduce((a, b) => a + b) / 20;
  expect(last).toBeLessThan(2.3);
});

import { defineCommand } from "citty";
import { sampleText } from "../data/sample.js";
import { RandomWindows } from "../data/windows.js";
import { generate } from "../decode/index.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { AdamW } from "../optim/optimizers.js";
import { manualSeed } from "../tensor/random.js";
import { CharTokenizer } from "../text/index.js";
import { fit } from "../train/fit.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";
import { plainReport } from "./train-lm.js";

const recipe = {
  cell: "lstm",
  layers: 1,
  embed: 64,
  hidden: 256,
  dropout: 0,
  seq: 64,
  batch: 32,
  lr: 5e-3,
  clip: 1,
  val: 0,
  seed: 1,
} as const;

/** What `npm start` runs: a model learns the embedded sample and then writes. */
export const demo = defineCommand({
  meta: { name: "demo", description: "Train on the embedded sample and print what was learned" },
  args: {
    steps: { type: "string", default: "200", description: "Updates to make", valueHint: "N" },
    ...deviceOptions,
  },
  async run({ args }) {
    const steps = numberOption("steps", args.steps, { low: 1, integer: true });
    const device = await initDevice(args);
    manualSeed(recipe.seed);
    const tokenizer = CharTokenizer.fromText(sampleText);
    const windows = new RandomWindows(tokenizer.encode(sampleText), {
      batchSize: recipe.batch,
      sequenceLength: recipe.seq,
      seed: recipe.seed,
    });
    const { cell, layers, embed, hidden } = recipe;
    const model = new RecurrentLM({ vocabularySize: tokenizer.size, cell, layers, embed, hidden });
    const optimizer = new AdamW(model.parameters(), { lr: recipe.lr, betas: [0.9, 0.99], weightDecay: 0, clipNorm: recipe.clip });

    const report = plainReport(recipe, steps, device.info, model.parameterCount());
    for await (const event of fit(model, windows, { optimizer, steps }))
      report(event, { valLoss: undefined, parameters: model.parameterCount() });

    const prompt = sampleText.slice(0, sampleText.indexOf(" ") + 1);
    process.stdout.write(`\nIt reads ${sampleText.length} characters no more; now it writes:\n\n${prompt}`);
    model.eval();
    for await (const token of generate(model, tokenizer.encode(prompt), { maxTokens: 500, temperature: 0.5, seed: 1 })) {
      process.stdout.write(tokenizer.decode([token]));
    }
    process.stdout.write("\n");
  },
});

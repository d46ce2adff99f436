import { defineCommand } from "citty";
import { sampleText } from "../data/sample.js";
import { RandomWindows } from "../data/windows.js";
import { generate } from "../decode/generate.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { AdamW } from "../optim/adam.js";
import { manualSeed } from "../tensor/random.js";
import { CharTokenizer } from "../text/index.js";
import { fit } from "../train/fit.js";
import { describeLM } from "./lm.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";
import { plainReport } from "./report.js";

/** The command that `npm start` runs: a model learns the embedded sample and then writes. */
export const demo = defineCommand({
  meta: { name: "demo", description: "Train on the embedded sample and print what was learned" },
  args: {
    steps: { type: "string", default: "300", description: "Updates to make", valueHint: "N" },
    ...deviceOptions,
  },
  async run({ args }) {
    const steps = numberOption("steps", args.steps, { low: 1, integer: true });
    const device = await initDevice(args);
    manualSeed(1);
    const tokenizer = CharTokenizer.fromText(sampleText);
    const [batchSize, context] = [32, 64];
    const windows = new RandomWindows(tokenizer.encode(sampleText), { batchSize, context, seed: 1 });
    const model = new RecurrentLM({ vocab: tokenizer.size, arch: "lstm", embed: 64, hidden: 256 });
    const optimizer = new AdamW(model.parameters(), { lr: 5e-3, betas: [0.9, 0.99], weightDecay: 0, clipNorm: 1 });

    const parameters = model.parameterCount();
    const report = plainReport({
      model: describeLM(model),
      parameters,
      steps,
      tokens: batchSize * context,
      device: device.info,
      unit: "characters",
    });
    for await (const event of fit(model, windows, { optimizer, steps })) report(event);

    const prompt = sampleText.slice(0, sampleText.indexOf(" ") + 1);
    process.stdout.write(`\nWhat it has learned from ${sampleText.length} characters, in its own words:\n\n${prompt}`);
    model.eval();
    for await (const token of generate(model, tokenizer.encode(prompt), { maxTokens: 500, temperature: 0.5, seed: 1 })) {
      process.stdout.write(tokenizer.decode([token]));
    }
    process.stdout.write("\n");
  },
});

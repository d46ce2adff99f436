import { defineCommand } from "citty";
import { sampleText } from "../data/sample.js";
import { LanguageModel } from "../tasks/language-model.js";
import { manualSeed } from "../tensor/random.js";
import { asFlags, integer, schema } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";
import { deviceFlags, initDevice } from "./options.js";
import { plainReport } from "./report.js";
import { titleOf } from "./tasks/lm.js";

const options = schema({ steps: integer({ min: 1, default: 300, help: "Updates to make" }) });

/** The command that `npm start` runs: a model learns the embedded sample and then writes. */
export const demo = defineCommand({
  meta: { name: "demo", description: "Train on the embedded sample and print what was learned" },
  args: { ...flagsOf(options.fields), ...deviceFlags },
  async run({ args }) {
    const { steps } = options.complete(readFlags(options.fields, args), asFlags);
    const device = await initDevice(args);
    manualSeed(1);
    const lm = LanguageModel.create(sampleText);
    const [batch, parameters] = [32, lm.model.parameterCount()];
    const report = plainReport({
      ...{ title: titleOf(lm), parameters, steps, device: device.info, unit: "tokens", perStep: batch * lm.context },
    });
    for await (const event of lm.train(sampleText, { steps, batch, lr: 5e-3, validation: 0 })) report(event, {});

    const prompt = sampleText.slice(0, sampleText.indexOf(" ") + 1);
    process.stdout.write(`\nWhat it has learned from ${sampleText.length} characters, in its own words:\n\n${prompt}`);
    for await (const piece of lm.generate(prompt, { maxTokens: 500, temperature: 0.5, seed: 1 })) process.stdout.write(piece);
    process.stdout.write("\n");
  },
});

import { defineCommand } from "citty";
import { generate as generateTokens } from "../decode/index.js";
import { fileStore } from "../io/file-store.js";
import { loadLM } from "./lm.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";

export const generate = defineCommand({
  meta: { name: "generate", description: "Continue a prompt with a trained model" },
  args: {
    model: { type: "string", required: true, description: "The folder of a saved model", valueHint: "DIR" },
    prompt: { type: "string", required: true, description: "The text to go on from", valueHint: "TEXT" },
    length: { type: "string", default: "200", description: "Characters to write", valueHint: "N" },
    temperature: { type: "string", default: "0.8", description: "0 always takes the likeliest; above 1 is bolder", valueHint: "T" },
    "top-k": { type: "string", description: "Choose among the K likeliest", valueHint: "K" },
    "top-p": { type: "string", description: "Choose among the likeliest that hold this share", valueHint: "P" },
    seed: { type: "string", description: "The same seed writes the same text", valueHint: "S" },
    json: { type: "boolean", description: "Print one JSON object" },
    ...deviceOptions,
  },
  async run({ args }) {
    const options = {
      maxTokens: numberOption("length", args.length, { low: 0, integer: true }),
      temperature: numberOption("temperature", args.temperature, { low: 0 }),
      seed: args.seed === undefined ? Date.now() : numberOption("seed", args.seed, { low: 0, high: 2 ** 53, integer: true }),
      ...(args["top-k"] !== undefined && { topK: numberOption("top-k", args["top-k"], { low: 1, integer: true }) }),
      ...(args["top-p"] !== undefined && { topP: numberOption("top-p", args["top-p"], { low: 0, high: 1 }) }),
    };
    await initDevice(args);
    const { model, tokenizer } = await loadLM(fileStore(args.model));
    const prompt = tokenizer.encode(args.prompt);
    let text = "";
    // With the first token comes the prompt: a model that cannot write one leaves nothing on stdout.
    let unprinted = args.prompt;
    for await (const token of generateTokens(model, prompt, options)) {
      const piece = tokenizer.decode([token]);
      text += piece;
      if (!args.json) process.stdout.write(unprinted + piece);
      unprinted = "";
    }
    process.stdout.write(args.json ? `${JSON.stringify({ event: "end", prompt: args.prompt, text })}\n` : `${unprinted}\n`);
  },
});

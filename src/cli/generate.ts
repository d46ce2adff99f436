import { defineCommand } from "citty";
import { beamSearch, type StepModel } from "../decode/index.js";
import { TextStream } from "../text/text-stream.js";
import { SeqgradError } from "../util/errors.js";
import { openLM } from "./lm.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";
import { modelStore } from "./training-run.js";

const args = {
  model: { type: "string", required: true, description: "The folder of a saved model", valueHint: "DIR" },
  prompt: { type: "string", required: true, description: "The text to continue", valueHint: "TEXT" },
  length: {
    type: "string",
    default: "200",
    description: "Tokens to write: characters, words or what the model was trained on",
    valueHint: "N",
  },
  temperature: { type: "string", description: "0 always takes the likeliest; above 1 is bolder (Default: 0.8)", valueHint: "T" },
  "top-k": { type: "string", description: "Choose among the K likeliest", valueHint: "K" },
  "top-p": { type: "string", description: "Choose among the likeliest that hold this share", valueHint: "P" },
  "repetition-penalty": { type: "string", description: "Above 1 avoids tokens already there (Default: 1)", valueHint: "X" },
  seed: { type: "string", description: "The same seed writes the same text", valueHint: "S" },
  beams: { type: "string", description: "Search for the likeliest text with N beams, instead of sampling", valueHint: "N" },
  json: { type: "boolean", description: "Print one JSON object" },
  ...deviceOptions,
} as const;

/** The options of chance, which a search has no use for. */
const chance = ["temperature", "top-k", "top-p", "seed"] as const;

export const generate = defineCommand({
  meta: { name: "generate", description: "Continue a prompt with a trained model" },
  args,
  async run({ args }) {
    const maxTokens = numberOption("length", args.length, { low: 0, integer: true });
    const repetitionPenalty = numberOption("repetition-penalty", args["repetition-penalty"] ?? "1", { low: 1e-3, high: 1e3 });
    const beam = args.beams === undefined ? undefined : numberOption("beams", args.beams, { low: 1, integer: true });
    const extra = chance.find((name) => beam !== undefined && args[name] !== undefined);
    if (extra) throw new SeqgradError("value", `--${extra} and --beams contradict each other: a search draws nothing; give one of them.`);
    const sampling = {
      temperature: numberOption("temperature", args.temperature ?? "0.8", { low: 0 }),
      seed: args.seed === undefined ? Date.now() : numberOption("seed", args.seed, { low: 0, high: 2 ** 53, integer: true }),
      ...(args["top-k"] !== undefined && { topK: numberOption("top-k", args["top-k"], { low: 1, integer: true }) }),
      ...(args["top-p"] !== undefined && { topP: numberOption("top-p", args["top-p"], { low: 0, high: 1 }) }),
    };
    await initDevice(args);
    const lm = await openLM(await modelStore(args.model));
    const print = (event: object) => process.stdout.write(`${JSON.stringify({ type: "end", prompt: args.prompt, ...event })}\n`);
    if (beam !== undefined) {
      const { tokenizer } = lm;
      const model = lm.model as StepModel<unknown>; // each kind has a state of its own
      const prompt = tokenizer.encode(args.prompt);
      const stream = new TextStream(tokenizer, prompt);
      const [best] = await beamSearch(model, prompt, { beam, maxTokens, repetitionPenalty, tokenizer });
      const text = best!.tokens.map((token) => stream.push(token)).join("") + stream.flush();
      if (args.json) print({ text, logProbability: best!.logProbability });
      else process.stdout.write(`${args.prompt}${text}\n`);
      return;
    }
    let text = "";
    // The first piece brings the prompt: a model that cannot write one leaves nothing on stdout.
    let unprinted = args.prompt;
    for await (const piece of lm.generate(args.prompt, { ...sampling, maxTokens, repetitionPenalty })) {
      text += piece;
      if (!args.json) process.stdout.write(unprinted + piece);
      unprinted = "";
    }
    if (args.json) print({ text });
    else process.stdout.write(`${unprinted}\n`);
  },
});

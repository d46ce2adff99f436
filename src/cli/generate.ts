import { type ArgsDef, defineCommand } from "citty";
import { loadModel } from "../io/model-folder.js";
import { LanguageModel } from "../tasks/language-model.js";
import { typesOf } from "../tasks/task.js";
import { SeqgradError } from "../util/errors.js";
import { asFlags, flagOf, integer, number, schema, text } from "../util/schema.js";
import { flagsOf, readFlags } from "./flags.js";
import { warn } from "./notes.js";
import { deviceFlags, initDevice } from "./options.js";
import { modelStore } from "./training-run.js";

const fields = {
  prompt: text({ default: "", hint: "TEXT", help: "The text to continue; without it the model begins a text" }),
  maxTokens: integer({ default: 200, help: "Tokens to write: characters, words or what the model was trained on" }),
  temperature: number({ default: 0.8, hint: "T", help: "0 always takes the likeliest; above 1 is bolder" }),
  topK: integer({ min: 1, default: 0, usually: "all", hint: "K", help: "Choose among the K likeliest" }),
  topP: number({ min: Number.MIN_VALUE, max: 1, default: 1, hint: "P", help: "Choose among the likeliest that hold this share" }),
  repetitionPenalty: number({ min: 1e-3, max: 1e3, default: 1, help: "Above 1 avoids tokens already there" }),
  seed: integer({
    max: 2 ** 53,
    default: () => Date.now(),
    usually: "another each time",
    hint: "S",
    help: "The same seed writes the same text",
  }),
  beam: integer({ min: 1, default: 1, usually: "none", help: "Search for the likeliest text, N at once, instead of sampling" }),
  stop: text({
    ...{ default: "", hint: "TEXT", help: "End the text where this appears, without it" },
    fault: (word) => (word === "" ? "give a text that can appear, or leave it out" : undefined),
  }),
  n: integer({ min: 1, max: 1000, default: 1, help: "Answers to write, -n too" }),
};

const options = schema(fields);

const args: ArgsDef = {
  model: { type: "string", required: true, description: "The folder of a saved model, or its zip", valueHint: "DIR" },
  ...flagsOf(fields),
  json: { type: "boolean", description: "Print one JSON object for each answer" },
  ...deviceFlags,
};

/** The options of chance, which a search has no use for. */
const chance = ["temperature", "topK", "topP", "seed"] as const;

export const generate = defineCommand({
  meta: { name: "generate", description: "Write a text with a trained language model" },
  args,
  async run({ args }) {
    const chosen = options.check(readFlags(fields, args), asFlags);
    const { prompt, temperature = 0.8, topK, topP, seed = Date.now(), stop, n = 1, beam } = chosen;
    const extra = chance.find((name) => beam !== undefined && chosen[name] !== undefined);
    if (extra)
      throw new SeqgradError("value", `${flagOf(extra)} and --beam contradict each other: a search draws nothing; give one of them.`);
    if (beam !== undefined && n > beam)
      throw new SeqgradError(
        "range",
        `-n ${n} is over --beam ${beam}, the texts that a search follows; give more beams, or fewer answers.`,
      );
    const { maxTokens = 200, repetitionPenalty = 1 } = chosen;
    const common = { maxTokens, repetitionPenalty, ...(stop !== undefined && { stop }) };
    await initDevice(args);
    const folder = String(args.model);
    const saved = await loadModel(await modelStore(folder));
    if (!typesOf(LanguageModel).some((type) => type === saved.config.model_type)) {
      const advice = `${folder} holds no language model; to answer inputs with it, run: seqgrad predict --model ${folder}`;
      const types = typesOf(LanguageModel).join(" or ");
      throw new SeqgradError(
        "format",
        `config.json: model_type is ${JSON.stringify(saved.config.model_type)}; expected ${types}. ${advice}`,
      );
    }
    const lm = await LanguageModel.fromSaved(saved);
    for (const warning of lm.tokenizer.warnings ?? []) warn(warning);
    const write = (event: object) => process.stdout.write(`${JSON.stringify({ type: "end", prompt: prompt ?? "", ...event })}\n`);
    if (beam !== undefined) {
      const found = await lm.search(prompt, { ...common, beam, nBest: n });
      for (const [i, { text, logProbability }] of found.entries())
        if (args.json) write({ text, logProbability });
        else process.stdout.write(`${i > 0 ? "\n" : ""}${prompt ?? ""}${text}\n`);
      return;
    }
    const sampling = { temperature, ...(topK !== undefined && { topK }), ...(topP !== undefined && { topP }) };
    for (let i = 0; i < n; i++) {
      let text = "";
      // The first piece brings the prompt: a model that cannot write one leaves nothing on stdout.
      let unprinted = `${i > 0 ? "\n" : ""}${prompt ?? ""}`;
      for await (const piece of lm.generate(prompt, { ...sampling, ...common, seed: seed + i })) {
        text += piece;
        if (!args.json) process.stdout.write(unprinted + piece);
        unprinted = "";
      }
      if (args.json) write({ text });
      else process.stdout.write(`${unprinted}\n`);
    }
  },
});

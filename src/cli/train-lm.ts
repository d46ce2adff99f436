import { defineCommand } from "citty";
import { RandomWindows, splitTokens } from "../data/windows.js";
import { LanguageModel } from "../tasks/language-model.js";
import { manualSeed } from "../tensor/random.js";
import { type Tokenizer, trainTokenizerAsync } from "../text/index.js";
import { encodedInTurns } from "../text/tokenizer.js";
import { fit } from "../train/fit.js";
import { SeqgradError } from "../util/errors.js";
import { dataOf, History, versionsOf } from "./history.js";
import { describeLM, makeLM } from "./lm.js";
import { modelOptions, recipeOption } from "./model-options.js";
import { makeOptimizer, makeSchedule } from "./optimization.js";
import { deviceOptions, initDevice } from "./options.js";
import { languageModelForm, type Recipe } from "./recipe.js";
import { jsonReport, plainReport, tokensOf } from "./report.js";
import { conduct, openRun } from "./training-run.js";

const args = {
  data: { type: "string", required: true, description: "A UTF-8 text file", valueHint: "FILE" },
  out: { type: "string", required: true, description: "The folder for the model and its checkpoint", valueHint: "DIR" },
  ...modelOptions,
  unit: recipeOption("unit", "What a token is: a character, a word in lower case, or a part of a word", "characters|words|bpe"),
  vocabulary: recipeOption("vocabulary", "The most words, or parts of words", "N"),
  "min-count": recipeOption("min-count", "Words that occur less often are unknown", "N"),
  seq: recipeOption("seq", "Tokens of a window, and of a transformer's context", "N"),
  batch: recipeOption("batch", "Windows of an update", "N"),
  lr: recipeOption("lr", "Learning rate of AdamW, at its highest", "X"),
  schedule: recipeOption("schedule", "Keep the rate, or lower it along half a cosine until the last step", "constant|cosine"),
  warmup: recipeOption("warmup", "Updates in which the rate rises", "N"),
  "min-lr": recipeOption("min-lr", "The last rate of --schedule cosine", "X"),
  betas: recipeOption("betas", "Decay rates of AdamW's averages", "X,X"),
  "weight-decay": recipeOption("weight-decay", "Weight decay of matrices, times the rate", "X"),
  clip: recipeOption("clip", "Largest norm of the gradient; 0 does not clip", "X"),
  val: recipeOption("val", "Share of the file, at its end, for validation; 0 for none", "SHARE"),
  seed: recipeOption("seed", "Seed of the weights, the windows and the dropout", "S"),
  steps: recipeOption("steps", "Updates to make, those before a resume included", "N"),
  "eval-every": recipeOption("eval-every", "Updates between validations", "N"),
  "checkpoint-every": recipeOption("checkpoint-every", "Updates between checkpoints", "N"),
  resume: { type: "boolean", description: "Continue from the checkpoint in --out, with its options" },
  overwrite: { type: "boolean", description: "Replace the run in --out" },
  json: { type: "boolean", description: "Print one JSON object a line" },
  ...deviceOptions,
} as const;

export const trainLM = defineCommand({
  meta: { name: "lm", description: "Train a language model on a text" },
  args,
  async run({ args }) {
    const run = await openRun(languageModelForm, args);
    const { recipe, store } = run;
    const tokenizer = await tokenizerOf(run.text, recipe);
    const { train, validation } = split(await encodedInTurns(tokenizer, run.text), recipe, args.data);
    const device = await initDevice(recipe);
    manualSeed(recipe.seed);
    const { seq, batch, steps } = recipe;
    const windows = new RandomWindows(train, { batchSize: batch, context: seq, seed: recipe.seed });
    const model = makeLM(recipe, tokenizer.size);
    const task = LanguageModel.of(model, tokenizer, seq);
    const optimizer = makeOptimizer(model, recipe);
    const schedule = makeSchedule(recipe);

    await run.begin();
    const facts = {
      model: describeLM(model),
      parameters: model.parameterCount(),
      steps,
      tokens: batch * seq,
      device: device.info,
      unit: recipe.unit,
    };
    const report = args.json ? jsonReport(facts) : plainReport(facts);
    const events = (signal: AbortSignal) =>
      fit(model, windows, {
        ...{ optimizer, steps, signal, ...(schedule && { schedule }) },
        ...(recipe.val > 0 && { evaluate: { every: recipe["eval-every"], run: () => task.lossOf(validation, seq, batch) } }),
        checkpoint: { store, every: recipe["checkpoint-every"], resume: args.resume ?? false },
      });
    const history = await History.open(store, {
      resume: args.resume ?? false,
      run: {
        ...{ command: "train lm", data: dataOf(args.data, run.sha256), seed: recipe.seed, options: recipe, model: facts.model },
        ...{ examples: { train: train.length, validation: validation.length }, parameters: facts.parameters },
      },
      versions: versionsOf(device.info),
    });
    // The mean loss since the line before: a line before each evaluation and each checkpoint, so that a resume finds whole ones.
    const mean = { sum: 0, count: 0 };
    const tell = async (step: number) => {
      if (mean.count > 0) await history.add({ type: "training", step, loss: mean.sum / mean.count });
      [mean.sum, mean.count] = [0, 0];
    };
    const every = [recipe["eval-every"], recipe["checkpoint-every"]];
    return conduct("train lm", args, run, events, async (event) => {
      history.observe(event);
      if (event.type === "step") {
        mean.sum += event.loss;
        mean.count++;
        if (every.some((n) => event.step % n === 0)) await tell(event.step);
      } else if (event.type === "device") [mean.sum, mean.count] = [0, 0];
      else if (event.type === "checkpoint") await tell(event.step);
      else if (event.type === "evaluation") {
        const final = event.step % recipe["eval-every"] !== 0 && { final: true }; // due only because the run ends
        await history.add({ type: "evaluation", step: event.step, measures: { loss: event.value }, best: event.best, ...final });
      } else if (event.type === "end" && event.reason !== "aborted")
        await history.add({ type: "end", step: event.steps, reason: event.reason, seconds: event.seconds });
      if (event.type === "checkpoint") {
        await task.save(store);
        await run.record();
      }
      report(event);
    });
  },
});

/** Characters are those of the whole text; words and their parts are learned from what is not held back. */
async function tokenizerOf(text: string, { unit, vocabulary: vocab, "min-count": minCount, val }: Recipe): Promise<Tokenizer> {
  const known = unit === "characters" ? text : text.slice(0, Math.ceil(text.length * (1 - val)));
  return trainTokenizerAsync([known], { unit, vocab, minCount });
}

/** The tokens to train on and those to validate with, each long enough. */
function split(tokens: Int32Array, { val, seq, unit }: Recipe, data: string): { train: Int32Array; validation: Int32Array } {
  const { train, validation } = splitTokens(tokens, val);
  if (val > 0 && validation.length < 2) {
    const advice = "give a larger share, or 0 for none";
    throw new SeqgradError(
      "range",
      `--val ${val} leaves ${validation.length} of the ${tokens.length} ${tokensOf[unit]}s of ${data}; ${advice}.`,
    );
  }
  if (train.length <= seq) {
    const got = `a window of --seq ${seq} ${tokensOf[unit]}s and the one that follows do not fit the ${train.length} of ${data} to train on`;
    throw new SeqgradError("range", `${got}; give a longer text or a smaller --seq.`);
  }
  return { train, validation };
}

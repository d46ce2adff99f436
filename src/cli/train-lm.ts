import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { defineCommand } from "citty";
import { RandomWindows, splitTokens } from "../data/windows.js";
import { fileStore } from "../io/file-store.js";
import type { Store } from "../io/index.js";
import { manualSeed } from "../tensor/random.js";
import { CharTokenizer, decodeText } from "../text/index.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import { fit } from "../train/fit.js";
import { SeqgradError } from "../util/errors.js";
import { deleteLM, describeLM, makeLM, modelFiles, saveLM, validationLoss } from "./lm.js";
import { modelOptions, recipeOption } from "./model-options.js";
import { makeOptimizer, makeSchedule } from "./optimization.js";
import { deviceOptions, initDevice } from "./options.js";
import { newRecipe, type Recipe, readRecipe, resumedRecipe, saveRecipe } from "./recipe.js";
import { jsonReport, plainReport } from "./report.js";
import { Interruption } from "./signals.js";

const args = {
  data: { type: "string", required: true, description: "A UTF-8 text file", valueHint: "FILE" },
  out: { type: "string", required: true, description: "The folder for the model and its checkpoint", valueHint: "DIR" },
  ...modelOptions,
  seq: recipeOption("seq", "Characters of a window, and of a transformer's context", "N"),
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
  resume: { type: "boolean", description: "Go on from the checkpoint in --out, with its options" },
  overwrite: { type: "boolean", description: "Replace the run in --out" },
  json: { type: "boolean", description: "Print one JSON object a line" },
  ...deviceOptions,
} as const;

export const trainLM = defineCommand({
  meta: { name: "lm", description: "Train a character language model on a text" },
  args,
  async run({ args }) {
    const { data, out, resume = false, overwrite = false, json = false } = args;
    if (resume && overwrite) throw new SeqgradError("value", "--resume and --overwrite contradict each other; give one of them.");
    const given = readRecipe(args);
    const text = decodeText(await readData(data), data);
    const digest = createHash("sha256").update(text).digest("hex");
    const store = fileStore(out);
    if (!resume && !overwrite) await checkVacant(store, out);
    const recipe = resume ? await resumedRecipe(store, given, digest, { out, data }) : newRecipe(given);

    const tokenizer = CharTokenizer.fromText(text);
    const { train, validation } = split(tokenizer.encode(text), recipe, data);
    const device = await initDevice(recipe);
    manualSeed(recipe.seed);
    const { seq, batch, steps } = recipe;
    const windows = new RandomWindows(train, { batchSize: batch, sequenceLength: seq, seed: recipe.seed });
    const model = makeLM(recipe, tokenizer.size);
    const optimizer = makeOptimizer(model, recipe);
    const schedule = makeSchedule(recipe);

    // A resumed recipe, with what is new in it, is written with the first checkpoint: a run that cannot be resumed changes nothing.
    let isRecorded = !resume;
    if (!resume) await beginRun(store, recipe, digest);
    const save = async () => {
      await saveLM(store, model, tokenizer);
      if (!isRecorded) await saveRecipe(store, recipe, digest);
      isRecorded = true;
    };
    const facts = { model: describeLM(model), parameters: model.parameterCount(), steps, tokens: batch * seq, device: device.info };
    const report = json ? jsonReport(facts) : plainReport(facts);
    const interruption = new Interruption();
    try {
      const events = fit(model, windows, {
        ...{ optimizer, steps, signal: interruption.signal, ...(schedule && { schedule }) },
        ...(recipe.val > 0 && { evaluate: { every: recipe["eval-every"], run: () => validationLoss(model, validation, seq, batch) } }),
        checkpoint: { store, every: recipe["checkpoint-every"], resume },
      });
      for await (const event of events) {
        if (event.event === "checkpoint") await save();
        report(event);
        if (event.event !== "end" || event.reason !== "aborted") continue;
        const command = `npx seqgrad train lm --data ${quote(data)} --out ${quote(out)} --resume${json ? " --json" : ""}`;
        process.stderr.write(`seqgrad: stopped after step ${event.steps}; the checkpoint is saved. Go on with: ${command}\n`);
        return interruption.exitCode;
      }
      return 0;
    } finally {
      interruption.release();
    }
  },
});

/** Refuses a folder that holds a run, or a model from elsewhere. */
async function checkVacant(store: Store, out: string): Promise<void> {
  const present = new Set(await store.list());
  const found = [TRAINING_STATE, ...modelFiles].find((name) => present.has(name));
  if (!found) return;
  const ways = found === TRAINING_STATE ? "--resume goes on with its run, --overwrite replaces it" : "--overwrite replaces it";
  throw new SeqgradError("state", `${out} holds a ${found} already: ${ways}, another --out leaves it.`);
}

/** Writes down what the run is made of; whatever was there before shall not be taken for this run's. */
async function beginRun(store: Store, recipe: Recipe, digest: string): Promise<void> {
  await store.delete(TRAINING_STATE);
  await deleteLM(store);
  await saveRecipe(store, recipe, digest);
}

async function readData(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code === "EISDIR" ? "it is a folder; give a text file" : code === "ENOENT" ? "there is no such file" : message;
    throw new SeqgradError("io", `--data ${path} cannot be read: ${reason}.`, { cause });
  }
}

/** The tokens to train on and those to validate with, each long enough. */
function split(tokens: Int32Array, { val, seq }: Recipe, data: string): { train: Int32Array; validation: Int32Array } {
  const { train, validation } = splitTokens(tokens, val);
  if (val > 0 && validation.length < 2) {
    const advice = "give a larger share, or 0 for none";
    throw new SeqgradError("range", `--val ${val} leaves ${validation.length} of the ${tokens.length} characters of ${data}; ${advice}.`);
  }
  if (train.length <= seq) {
    const got = `a window of --seq ${seq} characters and the one that follows do not fit the ${train.length} of ${data} to train on`;
    throw new SeqgradError("range", `${got}; give a longer text or a smaller --seq.`);
  }
  return { train, validation };
}

const quote = (word: string) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { defineCommand } from "citty";
import { RandomWindows, splitTokens } from "../data/windows.js";
import { fileStore } from "../io/file-store.js";
import type { Store } from "../io/index.js";
import { type RecurrentCell, RecurrentLM, recurrentCells } from "../models/recurrent-lm.js";
import { AdamW } from "../optim/optimizers.js";
import { manualSeed } from "../tensor/random.js";
import { CharTokenizer, decodeText } from "../text/index.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import { type FitEvent, fit } from "../train/fit.js";
import { SeqgradError } from "../util/errors.js";
import { saveLM, validationLoss } from "./lm.js";
import { deviceOptions, initDevice, numberOption } from "./options.js";
import { formatDuration, formatRate, ProgressLine } from "./progress.js";

/** What a run is made of: a resumed one must be made of the same. */
interface Recipe {
  readonly cell: RecurrentCell;
  readonly layers: number;
  readonly embed: number;
  readonly hidden: number;
  readonly dropout: number;
  readonly seq: number;
  readonly batch: number;
  readonly lr: number;
  readonly clip: number;
  readonly val: number;
  readonly seed: number;
}

const RECIPE = "training_args.json";

const args = {
  data: { type: "string", required: true, description: "A UTF-8 text file", valueHint: "FILE" },
  out: { type: "string", required: true, description: "The folder for the model and its checkpoint", valueHint: "DIR" },
  cell: { type: "string", description: "rnn, gru or lstm (default lstm)", valueHint: "rnn|gru|lstm" },
  layers: { type: "string", description: "Recurrent layers (1)", valueHint: "N" },
  embed: { type: "string", description: "Size of a character's vector (64)", valueHint: "N" },
  hidden: { type: "string", description: "Units of a layer (256)", valueHint: "N" },
  dropout: { type: "string", description: "Chance to drop an activation (0)", valueHint: "P" },
  seq: { type: "string", description: "Characters of a window (64)", valueHint: "N" },
  batch: { type: "string", description: "Windows of an update (32)", valueHint: "N" },
  lr: { type: "string", description: "Learning rate of AdamW (2e-3)", valueHint: "X" },
  clip: { type: "string", description: "Largest norm of the gradient; 0 does not clip (1)", valueHint: "X" },
  val: { type: "string", description: "Share of the file, at its end, for validation (0.1)", valueHint: "SHARE" },
  seed: { type: "string", description: "Seed of the weights and the windows (1)", valueHint: "S" },
  steps: { type: "string", default: "2000", description: "Updates to make", valueHint: "N" },
  "eval-every": { type: "string", default: "500", description: "Updates between validations", valueHint: "N" },
  "checkpoint-every": { type: "string", default: "500", description: "Updates between checkpoints", valueHint: "N" },
  resume: { type: "boolean", default: false, description: "Go on from the checkpoint in --out, with its options" },
  overwrite: { type: "boolean", default: false, description: "Replace the run in --out" },
  json: { type: "boolean", default: false, description: "Print one JSON object a line" },
  ...deviceOptions,
} as const;

const defaults: Recipe = {
  cell: "lstm",
  layers: 1,
  embed: 64,
  hidden: 256,
  dropout: 0,
  seq: 64,
  batch: 32,
  lr: 2e-3,
  clip: 1,
  val: 0.1,
  seed: 1,
};

export const trainLM = defineCommand({
  meta: { name: "lm", description: "Train a character language model on a text" },
  args,
  async run({ args }) {
    const given = parseRecipe(args);
    const whole = (name: "steps" | "eval-every" | "checkpoint-every", low: number) =>
      numberOption(name, args[name], { low, integer: true });
    const steps = whole("steps", 1);
    const evalEvery = whole("eval-every", 1);
    const checkpointEvery = whole("checkpoint-every", 1);
    const text = decodeText(await readData(args.data), args.data);
    const store = fileStore(args.out);
    const digest = createHash("sha256").update(text).digest("hex");
    const recipe = await settle(store, given, digest, args);
    const device = await initDevice(args);

    const tokenizer = CharTokenizer.fromText(text);
    const { train, validation } = splitTokens(tokenizer.encode(text), recipe.val);
    if (recipe.val > 0 && validation.length < 2)
      throw new SeqgradError(
        "range",
        `--val ${recipe.val} leaves ${validation.length} characters of ${args.data} for validation; give a larger share, or 0 for none.`,
      );
    const windows = new RandomWindows(train, { batchSize: recipe.batch, sequenceLength: recipe.seq, seed: recipe.seed });
    manualSeed(recipe.seed);
    const { cell, layers, embed, hidden, dropout } = recipe;
    const model = new RecurrentLM({ vocabularySize: tokenizer.size, cell, layers, embed, hidden, dropout });
    const optimizer = new AdamW(model.parameters(), { lr: recipe.lr, betas: [0.9, 0.99], weightDecay: 0, clipNorm: recipe.clip });
    await store.write(RECIPE, new TextEncoder().encode(`${JSON.stringify({ ...recipe, sha256: digest }, null, 2)}\n`));

    const report = args.json ? jsonReport(recipe) : plainReport(recipe, steps, device.info, model.parameterCount());
    const abort = abortOnSignal();
    const events = fit(model, windows, {
      ...{ optimizer, steps, signal: abort.signal },
      ...(recipe.val > 0 && { evaluate: { every: evalEvery, run: () => validationLoss(model, validation, recipe.seq, recipe.batch) } }),
      checkpoint: { store, every: checkpointEvery, resume: args.resume },
    });
    let valLoss: number | undefined;
    for await (const event of events) {
      if (event.event === "evaluation") valLoss = event.value;
      if (event.event === "checkpoint") await saveLM(store, model, tokenizer);
      report(event, { valLoss, parameters: model.parameterCount() });
      if (event.event !== "end" || event.reason !== "aborted") continue;
      const again = `--data ${quote(args.data)} --out ${quote(args.out)} --steps ${steps} --resume`;
      process.stderr.write(
        `seqgrad: stopped after step ${event.steps}; the checkpoint is saved. Go on with: npx seqgrad train lm ${again}\n`,
      );
      return 130;
    }
    return 0;
  },
});

/** The options of the recipe that are given. */
function parseRecipe(args: Readonly<Record<string, unknown>>): Partial<Recipe> {
  const number = (name: string, low: number, high?: number) => ({
    [name]: numberOption(name, args[name] as string, { low, ...(high !== undefined && { high }) }),
  });
  const whole = (name: string, low: number, high = 2 ** 31 - 1) => ({
    [name]: numberOption(name, args[name] as string, { low, high, integer: true }),
  });
  const checks: Record<keyof Recipe, () => object> = {
    cell: () => {
      if (String(args.cell) in recurrentCells) return { cell: args.cell };
      throw new SeqgradError("value", `--cell is "${args.cell}"; use ${Object.keys(recurrentCells).join(", ")}.`);
    },
    layers: () => whole("layers", 1),
    embed: () => whole("embed", 1),
    hidden: () => whole("hidden", 1),
    dropout: () => number("dropout", 0, 0.999),
    seq: () => whole("seq", 1),
    batch: () => whole("batch", 1),
    lr: () => number("lr", 0),
    clip: () => number("clip", 0),
    val: () => number("val", 0, 0.9),
    seed: () => whole("seed", 0, 2 ** 53),
  };
  const names = (Object.keys(checks) as (keyof Recipe)[]).filter((name) => args[name] !== undefined);
  return Object.assign({}, ...names.map((name) => checks[name]()));
}

async function readData(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SeqgradError("io", `--data ${path} cannot be read: ${(cause as Error).message}.`, { cause });
  }
}

/** The recipe of this run: with --resume that of the run in the folder, which what is given must not contradict. */
async function settle(
  store: Store,
  given: Partial<Recipe>,
  digest: string,
  args: { resume: boolean; overwrite: boolean; out: string; data: string },
): Promise<Recipe> {
  const [bytes, checkpoint] = await Promise.all([store.read(RECIPE), store.read(TRAINING_STATE)]);
  if (!args.resume) {
    if (checkpoint && !args.overwrite)
      throw new SeqgradError(
        "state",
        `${args.out} holds a run already: --resume goes on with it, --overwrite replaces it, another --out leaves it.`,
      );
    if (checkpoint) await store.delete(TRAINING_STATE);
    return { ...defaults, ...given };
  }
  if (!bytes || !checkpoint) return { ...defaults, ...given };
  const { sha256, ...before } = parseStored(bytes);
  for (const [name, value] of Object.entries(given)) {
    const was = before[name as keyof Recipe];
    if (was !== value)
      throw new SeqgradError(
        "value",
        `--resume: --${name} is ${value}, but the run in ${args.out} was made with ${was}; leave the option out.`,
      );
  }
  if (sha256 !== digest)
    throw new SeqgradError("value", `--resume: ${args.data} is not the text that the run in ${args.out} was trained on.`);
  return before;
}

function parseStored(bytes: Uint8Array): Recipe & { sha256: string } {
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as Recipe & { sha256: string };
    if (Object.keys(defaults).every((name) => typeof stored[name as keyof Recipe] === typeof defaults[name as keyof Recipe])) return stored;
  } catch {
    // Falls through to the error below.
  }
  throw new SeqgradError("format", `${RECIPE} does not tell the options of a run; start anew with --overwrite.`);
}

interface Totals {
  readonly valLoss: number | undefined;
  readonly parameters: number;
}
type Report = (event: FitEvent, totals: Totals) => void;

const tokensPerSecond = ({ batch, seq }: Recipe, milliseconds: number) => (batch * seq * 1000) / milliseconds;

/** One JSON object a line, and nothing else, on stdout. */
function jsonReport(recipe: Recipe): Report {
  const print = (object: object) => process.stdout.write(`${JSON.stringify(object)}\n`);
  return (event, { valLoss, parameters }) => {
    if (event.event === "step") {
      print({
        event: "step",
        step: event.step,
        loss: event.loss,
        tokensPerSecond: Math.round(tokensPerSecond(recipe, event.milliseconds)),
      });
    } else if (event.event === "evaluation") print({ event: "evaluation", step: event.step, valLoss: event.value });
    else if (event.event === "end") print({ event: "end", steps: event.steps, valLoss, seconds: event.seconds, parameters });
  };
}

/** A bar on the terminal, and the milestones on stdout. */
export function plainReport(recipe: Recipe, steps: number, device: string, parameters: number): Report {
  const print = (line: string) => process.stdout.write(`${line}\n`);
  print(`${recipe.cell} with ${recipe.layers} x ${recipe.hidden} units, ${parameters} parameters, on ${device}`);
  let progress: ProgressLine | undefined;
  let rate = 0;
  const milestone = Math.max(1, Math.round(steps / 10));
  return (event, { valLoss }) => {
    if (event.event !== "step") progress?.clear();
    if (event.event === "step") {
      progress ??= new ProgressLine(steps, event.step - 1);
      const now = tokensPerSecond(recipe, event.milliseconds);
      rate = rate === 0 ? now : 0.9 * rate + 0.1 * now;
      const detail = `loss ${event.loss.toFixed(4)}  ${formatRate(rate)} tokens/s`;
      progress.update(event.step, detail);
      if (event.step % milestone === 0) {
        progress.clear();
        print(`step ${event.step}  ${detail}`);
      }
    } else if (event.event === "evaluation") print(`step ${event.step}  validation loss ${event.value.toFixed(4)}`);
    else if (event.event === "end") {
      print(
        `${event.steps} steps in ${formatDuration(event.seconds)}${valLoss === undefined ? "" : `, validation loss ${valLoss.toFixed(4)} nats per character`}`,
      );
    }
  };
}

/** The first Ctrl-C (or SIGTERM) lets the run end well; the second ends it at once. */
export function abortOnSignal(): AbortController {
  const controller = new AbortController();
  const onSignal = () => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort();
    process.stderr.write("\nseqgrad: stopping after this step; again to stop at once.\n");
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, onSignal);
  return controller;
}

const quote = (word: string) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

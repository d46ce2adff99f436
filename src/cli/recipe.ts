import type { Store } from "../io/index.js";
import { isRecurrentCell, type RecurrentCell, recurrentCells } from "../models/recurrent-lm.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import { SeqgradError } from "../util/errors.js";
import { modelFiles } from "./lm.js";
import { deviceOption, numberOption } from "./options.js";

/** The file beside the model that tells how it is trained: the recipe, and the digest of the text. */
const FILE = "training_args.json";

const whole =
  (name: string, low: number, high = 2 ** 31 - 1) =>
  (text: string) =>
    numberOption(name, text, { low, high, integer: true });
const number =
  (name: string, low: number, high = Number.MAX_VALUE) =>
  (text: string) =>
    numberOption(name, text, { low, high });

/** The options that make a run, each with its reading of the command line's word. */
const readers = {
  cell: (text: string): RecurrentCell => {
    if (isRecurrentCell(text)) return text;
    throw new SeqgradError("value", `--cell is "${text}"; use ${Object.keys(recurrentCells).join(", ")}.`);
  },
  layers: whole("layers", 1),
  embed: whole("embed", 1),
  hidden: whole("hidden", 1),
  dropout: number("dropout", 0, 0.999),
  seq: whole("seq", 1),
  batch: whole("batch", 1),
  lr: number("lr", 0),
  clip: number("clip", 0),
  val: number("val", 0, 0.9),
  seed: whole("seed", 0, 2 ** 53),
  device: deviceOption,
  deterministic: (text: string) => text === "true",
  steps: whole("steps", 1),
  "eval-every": whole("eval-every", 1),
  "checkpoint-every": whole("checkpoint-every", 1),
};
type Name = keyof typeof readers;
const names = Object.keys(readers) as Name[];

export type Recipe = { readonly [K in Name]: ReturnType<(typeof readers)[K]> };

export const defaults: Recipe = {
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
  device: "auto",
  deterministic: false,
  steps: 2000,
  "eval-every": 500,
  "checkpoint-every": 500,
};

/** What may differ on a resume, for it does not change what an update does. */
const changeable: ReadonlySet<Name> = new Set(["steps", "eval-every", "checkpoint-every"]);

/** The options of the recipe that are given, as the command line has them or as the file does. */
export function readRecipe(args: Readonly<Record<string, unknown>>): Partial<Recipe> {
  const given = names.filter((name) => args[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, readers[name](String(args[name]))]));
}

/** The recipe of a new run; refused where the folder holds a run, or a model from elsewhere, that is not to be overwritten. */
export async function newRecipe(store: Store, given: Partial<Recipe>, out: string, overwrite: boolean): Promise<Recipe> {
  const present = new Set(await store.list());
  const found = [TRAINING_STATE, ...modelFiles].find((name) => present.has(name));
  if (found && !overwrite) {
    const ways = found === TRAINING_STATE ? "--resume goes on with its run, --overwrite replaces it" : "--overwrite replaces it";
    throw new SeqgradError("state", `${out} holds a ${found} already: ${ways}, another --out leaves it.`);
  }
  return { ...defaults, ...given };
}

/** The recipe of the run in the folder, which what is given must not contradict; that of a new run where there is none. */
export async function resumedRecipe(
  store: Store,
  given: Partial<Recipe>,
  digest: string,
  at: { out: string; data: string },
): Promise<Recipe> {
  const bytes = await store.read(FILE);
  if (!bytes) {
    if (!(await store.read(TRAINING_STATE))) return { ...defaults, ...given };
    throw new SeqgradError("io", `--resume: ${at.out} has lost its ${FILE}, which tells the run's options; start anew with --overwrite.`);
  }
  const { recipe, sha256 } = parse(bytes);
  for (const name of names) {
    if (given[name] === undefined || given[name] === recipe[name] || changeable.has(name)) continue;
    const advice = `the run in ${at.out} was made with ${recipe[name]}; leave the option out.`;
    throw new SeqgradError("value", `--resume: --${name} is ${given[name]}, but ${advice}`);
  }
  if (sha256 !== digest) throw new SeqgradError("value", `--resume: ${at.data} is not the text that the run in ${at.out} was trained on.`);
  return { ...recipe, ...given };
}

export async function saveRecipe(store: Store, recipe: Recipe, sha256: string): Promise<void> {
  await store.write(FILE, new TextEncoder().encode(`${JSON.stringify({ ...recipe, sha256 }, null, 2)}\n`));
}

function parse(bytes: Uint8Array): { recipe: Recipe; sha256: unknown } {
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as Recipe & { sha256: unknown };
    const isWhole = names.every((name) => typeof stored[name] === typeof defaults[name]);
    if (isWhole) return { recipe: readRecipe(stored) as Recipe, sha256: stored.sha256 };
  } catch {
    // Falls through to the error below.
  }
  throw new SeqgradError("format", `${FILE} does not tell the options of a run; start anew with --overwrite.`);
}

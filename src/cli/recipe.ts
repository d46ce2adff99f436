import type { Store } from "../io/index.js";
import { type RecurrentCell, recurrentCells } from "../models/recurrent-lm.js";
import { TRAINING_STATE } from "../train/checkpoint.js";
import { SeqgradError } from "../util/errors.js";
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

const oneOf =
  <T extends string>(name: string, words: readonly T[]) =>
  (text: string): T => {
    if ((words as readonly string[]).includes(text)) return text as T;
    throw new SeqgradError("value", `--${name} is "${text}"; use ${words.join(", ")}.`);
  };
const flag = (text: string) => text === "true";

/** The options that make a run, each with its reading of the command line's word. */
const readers = {
  arch: oneOf("arch", ["recurrent", "transformer"]),
  cell: oneOf("cell", Object.keys(recurrentCells) as RecurrentCell[]),
  layers: whole("layers", 1),
  embed: whole("embed", 1),
  hidden: whole("hidden", 1),
  heads: whole("heads", 1),
  "kv-heads": whole("kv-heads", 1),
  norm: oneOf("norm", ["layer", "rms"]),
  positions: oneOf("positions", ["learned", "rotary"]),
  activation: oneOf("activation", ["gelu", "swiglu"]),
  tie: flag,
  dropout: number("dropout", 0, 0.999),
  seq: whole("seq", 1),
  batch: whole("batch", 1),
  lr: number("lr", 0),
  schedule: oneOf("schedule", ["constant", "cosine"]),
  warmup: whole("warmup", 0),
  "min-lr": number("min-lr", 0),
  betas: betasOption,
  "weight-decay": number("weight-decay", 0),
  clip: number("clip", 0),
  val: number("val", 0, 0.9),
  seed: whole("seed", 0, 2 ** 53),
  device: deviceOption,
  deterministic: flag,
  steps: whole("steps", 1),
  "eval-every": whole("eval-every", 1),
  "checkpoint-every": whole("checkpoint-every", 1),
};
type Name = keyof typeof readers;
const names = Object.keys(readers) as Name[];

export type Recipe = { readonly [K in Name]: ReturnType<(typeof readers)[K]> };
export type Arch = Recipe["arch"];

/** The two decay rates of Adam's averages, as one word. */
function betasOption(text: string): string {
  const betas = text.split(",").map((beta) => number("betas", 0, 0.999999)(beta));
  if (betas.length !== 2) throw new SeqgradError("value", `--betas is "${text}"; give two numbers, such as 0.9,0.99.`);
  return betas.join(",");
}

/** The options of one kind of model alone. */
const own: Readonly<Record<Arch, readonly Name[]>> = {
  recurrent: ["cell", "hidden"],
  transformer: ["heads", "kv-heads", "norm", "positions", "activation"],
};

const common = {
  ...({ cell: "lstm", hidden: 256 } as const),
  ...({ heads: 4, "kv-heads": 4, norm: "layer", positions: "learned", activation: "gelu" } as const),
  tie: false,
  dropout: 0,
  seq: 64,
  batch: 32,
  schedule: "constant",
  warmup: 0,
  "min-lr": 0,
  betas: "0.9,0.99",
  "weight-decay": 0,
  clip: 1,
  val: 0.1,
  seed: 1,
  device: "auto",
  deterministic: false,
  steps: 2000,
  "eval-every": 500,
  "checkpoint-every": 500,
} as const;

export const defaults: Readonly<Record<Arch, Recipe>> = {
  recurrent: { arch: "recurrent", layers: 1, embed: 64, lr: 2e-3, ...common },
  transformer: { arch: "transformer", layers: 4, embed: 128, lr: 1e-3, ...common },
};

/** What may differ on a resume, for it does not change what an update does. */
const changeable: ReadonlySet<Name> = new Set(["steps", "eval-every", "checkpoint-every"]);

/** What the first runs did not tell, which were made with the defaults. */
const later: ReadonlySet<Name> = new Set(["arch", "tie", "schedule", "warmup", "min-lr", "betas", "weight-decay"]);

/** The kind of model that has an option to itself. */
const ownerOf = (name: Name): Arch | undefined => (Object.keys(own) as Arch[]).find((arch) => own[arch].includes(name));
const applies = (name: Name, arch: Arch) => (ownerOf(name) ?? arch) === arch;

/** The options of the recipe that are given, as the command line has them or as the file does. */
export function readRecipe(args: Readonly<Record<string, unknown>>): Partial<Recipe> {
  const given = names.filter((name) => args[name] !== undefined);
  return Object.fromEntries(given.map((name) => [name, readers[name](String(args[name]))]));
}

/** The recipe of a new run: what is given, and the defaults for the rest. @throws SeqgradError for options that do not go together */
export function newRecipe(given: Partial<Recipe>): Recipe {
  const { arch = "recurrent" } = given;
  checkOwners(given, arch);
  const recipe = filled(given);
  const { schedule, warmup, steps, lr } = recipe;
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("value", `${what}; ${advice}.`);
  };
  if (given["min-lr"] !== undefined && schedule !== "cosine")
    refuse(`--min-lr is for --schedule cosine, and the schedule is ${schedule}`, "leave it out, or give the schedule");
  if (recipe["min-lr"] > lr) refuse(`--min-lr ${recipe["min-lr"]} is over --lr ${lr}`, "give a smaller one");
  if (warmup > 0 && warmup >= steps) refuse(`--warmup ${warmup} leaves none of the ${steps} steps`, "give fewer, or more --steps");
  return recipe;
}

function filled(given: Partial<Recipe>): Recipe {
  const base = defaults[given.arch ?? "recurrent"];
  return { ...base, "kv-heads": given.heads ?? base.heads, ...given };
}

/** Refuses options of another kind of model. */
function checkOwners(given: Partial<Recipe>, arch: Arch): void {
  const stray = names.find((name) => given[name] !== undefined && !applies(name, arch));
  if (!stray) return;
  const options = own[arch].map((name) => `--${name}`).join(" ");
  throw new SeqgradError(
    "value",
    `--${stray} is for --arch ${ownerOf(stray)}, and the model is ${arch}, which has ${options}; leave it out.`,
  );
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
    if (!(await store.read(TRAINING_STATE))) return newRecipe(given);
    throw new SeqgradError("io", `--resume: ${at.out} has lost its ${FILE}, which tells the run's options; start anew with --overwrite.`);
  }
  const { recipe, sha256 } = parse(bytes);
  checkOwners(given, given.arch ?? recipe.arch);
  for (const name of names) {
    const isFixed = !changeable.has(name) || (name === "steps" && recipe.schedule === "cosine");
    if (given[name] === undefined || given[name] === recipe[name] || !isFixed) continue;
    const reason = changeable.has(name) ? ", by which its schedule goes" : "";
    const advice = `the run in ${at.out} was made with ${recipe[name]}${reason}; leave the option out.`;
    throw new SeqgradError("value", `--resume: --${name} is ${given[name]}, but ${advice}`);
  }
  if (sha256 !== digest) throw new SeqgradError("value", `--resume: ${at.data} is not the text that the run in ${at.out} was trained on.`);
  return { ...recipe, ...given };
}

export async function saveRecipe(store: Store, recipe: Recipe, sha256: string): Promise<void> {
  const told = Object.fromEntries(names.filter((name) => applies(name, recipe.arch)).map((name) => [name, recipe[name]]));
  await store.write(FILE, new TextEncoder().encode(`${JSON.stringify({ ...told, sha256 }, null, 2)}\n`));
}

function parse(bytes: Uint8Array): { recipe: Recipe; sha256: unknown } {
  try {
    const stored = JSON.parse(new TextDecoder().decode(bytes)) as Partial<Recipe> & { sha256: unknown };
    const { arch = "recurrent", sha256 } = stored;
    const isWhole = names.every((name) => {
      const isMissing = stored[name] === undefined;
      return isMissing ? later.has(name) || !applies(name, arch) : typeof stored[name] === typeof defaults.recurrent[name];
    });
    if (isWhole) return { recipe: filled(readRecipe(stored)), sha256 };
  } catch {
    // Falls through to the error below.
  }
  throw new SeqgradError("format", `${FILE} does not tell the options of a run; start anew with --overwrite.`);
}

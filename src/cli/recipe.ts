import { type RecurrentCell, recurrentCells } from "../models/recurrent-lm.js";
import { textUnits } from "../text/train-tokenizer.js";
import { SeqgradError } from "../util/errors.js";
import { deviceOption } from "./options.js";
import { flag, number, oneOf, whole } from "./readers.js";
import type { RecipeForm } from "./training-run.js";

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
  unit: oneOf("unit", textUnits),
  vocabulary: whole("vocabulary", 1),
  "min-count": whole("min-count", 1),
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
  unit: "characters",
  vocabulary: 8000,
  "min-count": 1,
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

/** The options that may differ on a resume, because they do not change an update. */
const changeable: ReadonlySet<Name> = new Set(["steps", "eval-every", "checkpoint-every"]);

/** Options that the first runs did not record; they were made with the defaults. */
const later: ReadonlySet<Name> = new Set([
  "arch",
  "unit",
  "vocabulary",
  "min-count",
  "tie",
  "schedule",
  "warmup",
  "min-lr",
  "betas",
  "weight-decay",
]);

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
  const { schedule, warmup, steps, lr, unit } = recipe;
  const refuse = (what: string, advice: string) => {
    throw new SeqgradError("value", `${what}; ${advice}.`);
  };
  if (given.vocabulary !== undefined && unit === "characters")
    refuse("--vocabulary is for --unit words and bpe, and the unit is characters", "leave it out, or give the unit");
  if (given["min-count"] !== undefined && unit !== "words")
    refuse(`--min-count is for --unit words, and the unit is ${unit}`, "leave it out, or give the unit");
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

/** The options of `train lm`, as the command line lists them. */
export const languageModelForm: RecipeForm<Recipe> = {
  names,
  read: readRecipe,
  fresh: newRecipe,
  checkGiven: (given, recipe) => checkOwners(given, given.arch ?? recipe.arch),
  whyFixed(name, { schedule }) {
    if (!changeable.has(name)) return "";
    return name === "steps" && schedule === "cosine" ? ", by which its schedule goes" : undefined;
  },
  told: ({ arch }) => names.filter((name) => applies(name, arch)),
  stored(json: Partial<Recipe>) {
    const { arch = "recurrent" } = json;
    const isWhole = names.every((name) => {
      const isMissing = json[name] === undefined;
      return isMissing ? later.has(name) || !applies(name, arch) : typeof json[name] === typeof defaults.recurrent[name];
    });
    return isWhole ? filled(readRecipe(json)) : undefined;
  },
};

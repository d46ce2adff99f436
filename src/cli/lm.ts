import { loadModel, type Store } from "../io/index.js";
import { RecurrentLM } from "../models/recurrent-lm.js";
import { TransformerLM } from "../models/transformer-lm.js";
import { LanguageModel } from "../tasks/language-model.js";
import { warn } from "./notes.js";
import type { Recipe } from "./recipe.js";

/** A network that the command line trains. */
export type Network = RecurrentLM | TransformerLM;

/** The model that a recipe describes. */
export function makeLM(recipe: Recipe, vocab: number): Network {
  const { layers, embed, dropout, tie: tieWeights } = recipe;
  const common = { vocab, layers, dropout, tieWeights };
  if (recipe.arch === "recurrent") return new RecurrentLM({ ...common, arch: recipe.cell, embed, hidden: recipe.hidden });
  const { seq: context, heads, "kv-heads": kvHeads, norm, positions, activation } = recipe;
  return new TransformerLM({ ...common, context, hidden: embed, heads, kvHeads, norm, positions, activation });
}

/** `lstm with 1 x 256 units`, or `transformer with 4 x 4 heads, 128 wide`: layers by what one has. */
export function describeLM(model: Network): string {
  if (model instanceof RecurrentLM) return `${model.config.arch} with ${model.config.layers} x ${model.config.hidden} units`;
  return `transformer with ${model.config.layers} x ${model.config.heads} heads, ${model.config.hidden} wide`;
}

/** True if a folder holds a language model, by its config.json. */
export async function holdsLM(store: Store): Promise<boolean> {
  const bytes = await store.read("config.json");
  try {
    const { model_type: type } = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
    return LanguageModel.types.includes(type);
  } catch {
    return false; // what loads the folder says what is wrong with it
  }
}

/** The language model of a folder; what its tokenizer warns of is printed. */
export async function openLM(store: Store): Promise<LanguageModel> {
  const task = await LanguageModel.fromSaved(await loadModel(store));
  for (const warning of task.tokenizer.warnings ?? []) warn(warning);
  return task;
}

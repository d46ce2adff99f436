import { defaults, type Recipe } from "./recipe.js";

/** An option of the recipe. Its default is for the eye only: whether it is given tells a resumed run what is asked of it. */
export const recipeOption = <H extends string>(name: keyof Recipe, description: string, valueHint: H) =>
  ({ type: "string", description: `${description} (Default: ${defaultOf(name)})`, valueHint }) as const;

function defaultOf(name: keyof Recipe): string {
  if (name === "kv-heads") return "that of --heads";
  if (name === "arch") return "recurrent";
  const [first, second] = [defaults.recurrent[name], defaults.transformer[name]];
  return first === second ? `${first}` : `${first}; ${second} in a transformer`;
}

/** The options that describe a model, of `train lm` and of `bench`. */
export const modelOptions = {
  arch: recipeOption("arch", "What the model is; each kind has options of its own", "recurrent|transformer"),
  layers: recipeOption("layers", "Layers of the model", "N"),
  embed: recipeOption("embed", "Size of a character's vector, and a transformer's width", "N"),
  tie: { type: "boolean", description: "The output uses the table of the input" },
  dropout: recipeOption("dropout", "Chance to drop an activation", "P"),
  cell: recipeOption("cell", "Recurrent: rnn, gru or lstm", "rnn|gru|lstm"),
  hidden: recipeOption("hidden", "Recurrent: units of a layer", "N"),
  heads: recipeOption("heads", "Transformer: heads of a layer's attention", "N"),
  "kv-heads": recipeOption("kv-heads", "Transformer: heads of its keys and values", "N"),
  norm: recipeOption("norm", "Transformer: layer or RMS normalization", "layer|rms"),
  positions: recipeOption("positions", "Transformer: a learned table, or rotation", "learned|rotary"),
  activation: recipeOption("activation", "Transformer: gelu or swiglu", "gelu|swiglu"),
} as const;

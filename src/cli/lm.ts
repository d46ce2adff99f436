import { noGrad } from "../autograd/tape.js";
import { consecutiveWindows } from "../data/windows.js";
import { loadModel, type Store, saveModel } from "../io/index.js";
import { isRecurrentCell, RecurrentLM, type RecurrentLMConfig, recurrentLMNames } from "../models/recurrent-lm.js";
import { TransformerLM, type TransformerLMConfig, transformerChoices, transformerLMNames } from "../models/transformer-lm.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { tensor } from "../tensor/create.js";
import { buildToFit } from "../tensor/ownership.js";
import { scope } from "../tensor/scope.js";
import type { TensorValue } from "../tensor/value.js";
import { CharTokenizer, type Tokenizer, tokenizerFromJSON } from "../text/index.js";
import { breathe } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import { optionsAmong } from "../util/options.js";
import { warn } from "./notes.js";
import type { Recipe } from "./recipe.js";

const WEIGHTS = "model.safetensors";

/** A model that the command line trains. */
export type LanguageModel = RecurrentLM | TransformerLM;

/** The model that a recipe describes. */
export function makeLM(recipe: Recipe, vocabularySize: number): LanguageModel {
  const { layers, embed, dropout, tie: tieWeights } = recipe;
  const common = { vocabularySize, layers, embed, dropout, tieWeights };
  if (recipe.arch === "recurrent") return new RecurrentLM({ ...common, cell: recipe.cell, hidden: recipe.hidden });
  const { seq: contextLength, heads, "kv-heads": keyValueHeads, norm, positions, activation } = recipe;
  return new TransformerLM({ ...common, contextLength, heads, keyValueHeads, norm, positions, activation });
}

/** `lstm with 1 x 256 units`, or `transformer with 4 x 4 heads, 128 wide`: layers by what one has. */
export function describeLM(model: LanguageModel): string {
  if (model instanceof RecurrentLM) return `${model.config.cell} with ${model.config.layers} x ${model.config.hidden} units`;
  return `transformer with ${model.config.layers} x ${model.config.heads} heads, ${model.config.embed} wide`;
}

/** Saves a model as a folder: a vocabulary of characters as vocab.json, any other tokenizer as tokenizer.json. */
export async function saveLM(store: Store, model: LanguageModel, tokenizer: Tokenizer): Promise<void> {
  const { type, architecture } = model instanceof RecurrentLM ? kinds.recurrent : kinds.transformer;
  const config = { model_type: type, architectures: [architecture], ...model.config };
  const vocabulary = tokenizer instanceof CharTokenizer ? { vocabulary: tokenizer.toJSON() } : { tokenizer: tokenizer.toJSON() };
  await saveModel(store, { config, tensors: await model.stateDict(), ...vocabulary });
}

/** True if a folder holds a language model, by its config.json. */
export async function holdsLM(store: Store): Promise<boolean> {
  const bytes = await store.read("config.json");
  try {
    const { model_type: type } = JSON.parse(new TextDecoder().decode(bytes ?? new Uint8Array()));
    return Object.values(kinds).some((kind) => kind.type === type);
  } catch {
    return false; // what loads the folder says what is wrong with it
  }
}

/** Loads what saveLM saved. */
export async function loadLM(store: Store): Promise<{ model: LanguageModel; tokenizer: Tokenizer }> {
  const { config, tensors, vocabulary, tokenizer: saved } = await loadModel(store);
  const kind = Object.values(kinds).find(({ type }) => type === config.model_type);
  if (!kind) {
    const types = Object.values(kinds).map(({ type }) => `"${type}"`);
    throw new SeqgradError("format", `config.json: model_type is ${JSON.stringify(config.model_type)}; expected ${types.join(" or ")}.`);
  }
  if (!vocabulary && !saved) throw new SeqgradError("io", "the model's vocab.json is missing; the folder is not complete.");
  const tokenizer = await tokenizerFromJSON(saved ?? vocabulary);
  // Compared with the other files before a model is made, which may ask for any amount of memory.
  const check: Check = (name, isGood, wanted) => {
    if (!isGood) throw new SeqgradError("format", `config.json: ${name} is ${JSON.stringify(config[name])}; expected ${wanted}.`);
  };
  const { dropout, tieWeights } = config;
  check("vocabularySize", config.vocabularySize === tokenizer.size, `${tokenizer.size}, the size of ${saved ? "tokenizer" : "vocab"}.json`);
  check("dropout", isChance(dropout), chance);
  check("tieWeights", typeof tieWeights === "boolean", "true or false");
  const model = buildToFit(tensors, () => {
    const made = kind.make(config, tensors, check);
    made.loadStateDict(tensors);
    return made.eval();
  });
  return { model, tokenizer };
}

/** Loads what saveLM saved, and warns of what the tokenizer warns of. */
export async function openLM(store: Store): Promise<{ model: LanguageModel; tokenizer: Tokenizer }> {
  const { model, tokenizer } = await loadLM(store);
  for (const warning of tokenizer.warnings ?? []) warn(warning);
  return { model, tokenizer };
}

type Config = Readonly<Record<string, unknown>>;
type Tensors = ReadonlyMap<string, TensorValue>;
type Check = (name: string, isGood: boolean, wanted: string) => void;

const chance = "a number from 0 to 1";
const isChance = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;

/** How many layers have a tensor of a name. */
const layersOf = (tensors: Tensors, name: RegExp) => [...tensors.keys()].filter((key) => name.test(key)).length;

/** The kinds of model, by their names in config.json. */
const kinds = {
  recurrent: {
    type: "seqgrad-recurrent-lm",
    architecture: "RecurrentLM",
    make(config: Config, tensors: Tensors, check: Check): LanguageModel {
      const [, embed] = tensors.get("embedding.weight")?.shape ?? [];
      const [, hidden] = tensors.get("rnn.weight_hh_l0")?.shape ?? [];
      const layers = layersOf(tensors, /^rnn\.weight_hh_l/);
      check("cell", isRecurrentCell(config.cell), "rnn, gru or lstm");
      check("embed", embed === undefined || config.embed === embed, `${embed}, as in ${WEIGHTS}`);
      check("hidden", hidden === undefined || config.hidden === hidden, `${hidden}, as in ${WEIGHTS}`);
      check("layers", config.layers === layers, `${layers}, as in ${WEIGHTS}`);
      return new RecurrentLM(optionsAmong(config as Config & RecurrentLMConfig, recurrentLMNames));
    },
  },
  transformer: {
    type: "seqgrad-transformer-lm",
    architecture: "TransformerLM",
    make(config: Config, tensors: Tensors, check: Check): LanguageModel {
      const [, embed] = tensors.get("embedding.weight")?.shape ?? [];
      const [, hidden] = tensors.get("decoder.layers.0.linear2.weight")?.shape ?? [];
      const [positions] = tensors.get("positions.weight")?.shape ?? [];
      const layers = layersOf(tensors, /^decoder\.layers\.\d+\.linear2\.weight$/);
      check("embed", embed === undefined || config.embed === embed, `${embed}, as in ${WEIGHTS}`);
      check("hidden", hidden === undefined || config.hidden === hidden, `${hidden}, as in ${WEIGHTS}`);
      check("layers", config.layers === layers, `${layers}, as in ${WEIGHTS}`);
      check("contextLength", positions === undefined || config.contextLength === positions, `${positions}, as in ${WEIGHTS}`);
      for (const name of ["contextLength", "heads", "keyValueHeads"])
        check(name, Number.isInteger(config[name]) && (config[name] as number) > 0, "a whole number of at least 1");
      for (const [name, words] of Object.entries(transformerChoices))
        check(name, (words as readonly unknown[]).includes(config[name]), words.join(", "));
      check("bias", typeof config.bias === "boolean", "true or false");
      // Folders of older versions have none of these.
      for (const [name, least] of [
        ["eps", 0],
        ["rotaryBase", 1],
      ] as const) {
        const { [name]: value = 1 } = config;
        check(name, Number.isFinite(value) && (value as number) >= least, `a number of at least ${least}`);
      }
      for (const name of ["attentionDropout", "embeddingDropout"]) check(name, isChance(name in config ? config[name] : 0), chance);
      return new TransformerLM(optionsAmong(config as Config & TransformerLMConfig, transformerLMNames));
    },
  },
};

/** The mean cross-entropy over all tokens but the first, in nats, in consecutive windows that each begin with a zero state. */
export async function validationLoss(model: LanguageModel, tokens: Int32Array, sequenceLength: number, batchSize: number): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const { x, y, shape } of consecutiveWindows(tokens, { batchSize, sequenceLength })) {
    const loss = scope(() => noGrad(() => crossEntropy(model.forward(tensor(x, shape)).logits, tensor(y, shape), { reduction: "sum" })));
    sum += await loss.item();
    count += y.length;
    loss.dispose();
    await breathe();
  }
  return sum / count;
}

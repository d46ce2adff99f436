import { noGrad } from "../autograd/tape.js";
import { consecutiveWindows } from "../data/windows.js";
import { loadModel, type Store, saveModel } from "../io/index.js";
import { isRecurrentCell, RecurrentLM, type RecurrentLMConfig } from "../models/recurrent-lm.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { tensor } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import type { TensorValue } from "../tensor/value.js";
import { CharTokenizer } from "../text/index.js";
import { breather } from "../util/breath.js";
import { SeqgradError } from "../util/errors.js";
import type { Recipe } from "./recipe.js";

const MODEL_TYPE = "seqgrad-recurrent-lm";
const WEIGHTS = "model.safetensors";

/** The files of a character model's folder. */
export const modelFiles: readonly string[] = ["config.json", "vocab.json", WEIGHTS];

/** A model that the command line trains. */
export type LanguageModel = RecurrentLM;

/** The model that a recipe describes. */
export function makeLM({ cell, layers, embed, hidden, dropout, tie }: Recipe, vocabularySize: number): LanguageModel {
  return new RecurrentLM({ vocabularySize, cell, layers, embed, hidden, dropout, tieWeights: tie });
}

/** `lstm with 1 x 256 units`. */
export function describeLM({ config: { cell, layers, hidden } }: LanguageModel): string {
  return `${cell} with ${layers} x ${hidden} units`;
}

/** Saves a character model as a folder. */
export async function saveLM(store: Store, model: RecurrentLM, tokenizer: CharTokenizer): Promise<void> {
  const config = { model_type: MODEL_TYPE, architectures: ["RecurrentLM"], ...model.config };
  await saveModel(store, { config, tensors: await model.stateDict(), vocabulary: tokenizer.toJSON() });
}

/** Removes the weights, without which the folder holds no model. */
export async function deleteLM(store: Store): Promise<void> {
  await store.delete(WEIGHTS);
}

/** Loads what saveLM saved. */
export async function loadLM(store: Store): Promise<{ model: RecurrentLM; tokenizer: CharTokenizer }> {
  const { config, tensors, vocabulary } = await loadModel(store);
  if (config.model_type !== MODEL_TYPE)
    throw new SeqgradError("format", `config.json: model_type is ${JSON.stringify(config.model_type)}; wants "${MODEL_TYPE}".`);
  if (!vocabulary) throw new SeqgradError("io", "the model's vocab.json is missing; the folder is not complete.");
  const tokenizer = CharTokenizer.fromJSON(vocabulary);
  checkConfig(config, tokenizer.size, tensors);
  const model = new RecurrentLM(config);
  model.loadStateDict(tensors);
  return { model: model.eval(), tokenizer };
}

type Config = Readonly<Record<string, unknown>>;

/** Compares the config with the other files before a model is made, which may ask for any amount of memory. */
function checkConfig(
  config: Config,
  vocabularySize: number,
  tensors: ReadonlyMap<string, TensorValue>,
): asserts config is Config & RecurrentLMConfig {
  const check = (name: string, isGood: boolean, wanted: string) => {
    if (!isGood) throw new SeqgradError("format", `config.json: ${name} is ${JSON.stringify(config[name])}; wants ${wanted}.`);
  };
  const [, embed] = tensors.get("embedding.weight")?.shape ?? [];
  const [, hidden] = tensors.get("rnn.weight_hh_l0")?.shape ?? [];
  const layers = [...tensors.keys()].filter((name) => name.startsWith("rnn.weight_hh_l")).length;
  check("vocabularySize", config.vocabularySize === vocabularySize, `${vocabularySize}, the size of vocab.json`);
  check("cell", isRecurrentCell(config.cell), "rnn, gru or lstm");
  check("embed", embed === undefined || config.embed === embed, `${embed}, as in ${WEIGHTS}`);
  check("hidden", hidden === undefined || config.hidden === hidden, `${hidden}, as in ${WEIGHTS}`);
  check("layers", config.layers === layers, `${layers}, as in ${WEIGHTS}`);
  const { dropout, tieWeights } = config;
  check("dropout", typeof dropout === "number" && dropout >= 0 && dropout <= 1, "a number from 0 to 1");
  check("tieWeights", typeof tieWeights === "boolean", "true or false");
}

/** The mean cross-entropy over all tokens but the first, in nats, in consecutive windows that each begin with a zero state. */
export async function validationLoss(model: RecurrentLM, tokens: Int32Array, sequenceLength: number, batchSize: number): Promise<number> {
  const breathe = breather();
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

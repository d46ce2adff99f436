import { noGrad } from "../autograd/tape.js";
import { consecutiveWindows } from "../data/windows.js";
import { loadModel, type Store, saveModel } from "../io/index.js";
import { RecurrentLM, type RecurrentLMConfig, recurrentCells } from "../models/recurrent-lm.js";
import { crossEntropy } from "../ops/cross-entropy.js";
import { tensor } from "../tensor/create.js";
import { scope } from "../tensor/scope.js";
import { CharTokenizer } from "../text/index.js";
import { SeqgradError } from "../util/errors.js";

const MODEL_TYPE = "seqgrad-recurrent-lm";

/** Saves a character model as a folder: config.json, vocab.json, model.safetensors. */
export async function saveLM(store: Store, model: RecurrentLM, tokenizer: CharTokenizer): Promise<void> {
  const config = { model_type: MODEL_TYPE, architectures: ["RecurrentLM"], ...model.config };
  await saveModel(store, { config, tensors: await model.stateDict(), vocabulary: tokenizer.toJSON() });
}

/** Loads what saveLM saved. */
export async function loadLM(store: Store): Promise<{ model: RecurrentLM; tokenizer: CharTokenizer }> {
  const { config, tensors, vocabulary } = await loadModel(store);
  if (config.model_type !== MODEL_TYPE)
    throw new SeqgradError("format", `config.json: model_type is ${JSON.stringify(config.model_type)}; wants "${MODEL_TYPE}".`);
  if (!vocabulary) throw new SeqgradError("io", "the model's vocab.json is missing; the folder is not complete.");
  const tokenizer = CharTokenizer.fromJSON(vocabulary);
  const model = new RecurrentLM(checkConfig(config, tokenizer.size));
  model.loadStateDict(tensors);
  return { model: model.eval(), tokenizer };
}

function checkConfig(config: Readonly<Record<string, unknown>>, vocabularySize: number): RecurrentLMConfig {
  const { embed, hidden, layers, cell } = config;
  const whole = [embed, hidden, layers, config.vocabularySize].every((n) => Number.isInteger(n) && (n as number) > 0);
  if (!whole || !(String(cell) in recurrentCells) || config.vocabularySize !== vocabularySize) {
    throw new SeqgradError(
      "format",
      "config.json: wants vocabularySize (as vocab.json has), embed, hidden and layers as whole numbers, and a cell of rnn, gru, lstm.",
    );
  }
  return config as unknown as RecurrentLMConfig;
}

/** The mean cross-entropy over all tokens but the first, in nats, in consecutive windows that each begin with a zero state. */
export async function validationLoss(model: RecurrentLM, tokens: Int32Array, sequenceLength: number, batchSize: number): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const { x, y, shape } of consecutiveWindows(tokens, { batchSize, sequenceLength })) {
    const loss = scope(() => noGrad(() => crossEntropy(model.forward(tensor(x, shape)).logits, tensor(y, shape), { reduction: "sum" })));
    sum += await loss.item();
    count += y.length;
    loss.dispose();
  }
  return sum / count;
}

import type { SavedModel } from "../io/model-folder.js";
import { isRecurrentArch } from "../models/archs.js";
import { RecurrentLM, recurrentLMNames } from "../models/recurrent-lm.js";
import { TransformerLM, transformerChoices, transformerLMNames } from "../models/transformer-lm.js";
import { buildToFit } from "../tensor/ownership.js";
import type { TensorValue } from "../tensor/value.js";
import type { Tokenizer } from "../text/tokenizer.js";
import { SeqgradError } from "../util/errors.js";
import { optionsAmong } from "../util/options.js";
import { demand, demandCount, isCount } from "./task.js";

const WEIGHTS = "model.safetensors";

/**
 * The model of a saved folder. Its config is compared with the weights and the tokenizer before a model is made, because a config may ask
 * for any amount of memory.
 * @throws SeqgradError `format` for a config of something else than a language model, or one that does not fit the other files
 */
export function savedNetwork({ config, tensors, tokenizer: file }: SavedModel, tokenizer: Tokenizer): RecurrentLM | TransformerLM {
  const kind = Object.values(languageModelKinds).find(({ type }) => type === config.model_type);
  if (!kind) {
    const types = Object.values(languageModelKinds).map(({ type }) => `"${type}"`);
    throw new SeqgradError("format", `config.json: model_type is ${JSON.stringify(config.model_type)}; expected ${types.join(" or ")}.`);
  }
  const check: Check = (name, isGood, expected) => {
    if (!isGood) throw new SeqgradError("format", `config.json: ${name} is ${JSON.stringify(config[name])}; expected ${expected}.`);
  };
  const { dropout, tieWeights } = config;
  check("vocab", config.vocab === tokenizer.size, `${tokenizer.size}, the size of ${file ? "tokenizer" : "vocab"}.json`);
  check("dropout", isChance(dropout), chance);
  check("tieWeights", typeof tieWeights === "boolean", "true or false");
  return buildToFit(tensors, () => {
    const made = kind.make(config, tensors, check);
    made.loadStateDict(tensors);
    return made.eval();
  });
}

type Config = Readonly<Record<string, unknown>>;
type Tensors = ReadonlyMap<string, TensorValue>;
type Check = (name: string, isGood: boolean, expected: string) => void;

const chance = "a number from 0 to 1";
const isChance = (value: unknown) => typeof value === "number" && value >= 0 && value <= 1;

/** How many layers have a tensor of a name. */
const layersOf = (tensors: Tensors, name: RegExp) => [...tensors.keys()].filter((key) => name.test(key)).length;

/** The kinds of model, with their names in config.json. */
export const languageModelKinds = {
  recurrent: {
    type: "seqgrad-recurrent-lm",
    architecture: "RecurrentLM",
    make(config: Config, tensors: Tensors, check: Check): RecurrentLM {
      const [, embed] = tensors.get("embedding.weight")?.shape ?? [];
      const [, hidden] = tensors.get("rnn.weight_hh_l0")?.shape ?? [];
      const layers = layersOf(tensors, /^rnn\.weight_hh_l/);
      const arch = demand(config, "arch", isRecurrentArch, "rnn, gru or lstm");
      check("embed", embed === undefined || config.embed === embed, `${embed}, as in ${WEIGHTS}`);
      check("hidden", hidden === undefined || config.hidden === hidden, `${hidden}, as in ${WEIGHTS}`);
      check("layers", config.layers === layers, `${layers}, as in ${WEIGHTS}`);
      return new RecurrentLM({
        ...optionsAmong(config, recurrentLMNames),
        ...{ arch, vocab: demandCount(config, "vocab"), embed: demandCount(config, "embed"), hidden: demandCount(config, "hidden") },
      });
    },
  },
  transformer: {
    type: "seqgrad-transformer-lm",
    architecture: "TransformerLM",
    make(config: Config, tensors: Tensors, check: Check): TransformerLM {
      const [, hidden] = tensors.get("embedding.weight")?.shape ?? [];
      const [, feedForward] = tensors.get("decoder.layers.0.linear2.weight")?.shape ?? [];
      const [positions] = tensors.get("positions.weight")?.shape ?? [];
      const layers = layersOf(tensors, /^decoder\.layers\.\d+\.linear2\.weight$/);
      check("hidden", hidden === undefined || config.hidden === hidden, `${hidden}, as in ${WEIGHTS}`);
      check("feedForward", feedForward === undefined || config.feedForward === feedForward, `${feedForward}, as in ${WEIGHTS}`);
      check("layers", config.layers === layers, `${layers}, as in ${WEIGHTS}`);
      check("context", positions === undefined || config.context === positions, `${positions}, as in ${WEIGHTS}`);
      for (const name of ["context", "heads", "kvHeads"]) check(name, isCount(config[name]), "a whole number of at least 1");
      for (const [name, words] of Object.entries(transformerChoices))
        check(
          name,
          words.some((word) => word === config[name]),
          words.join(", "),
        );
      check("bias", typeof config.bias === "boolean", "true or false");
      // Folders of older versions have none of these.
      for (const [name, least] of [
        ["eps", 0],
        ["rotaryBase", 1],
      ] as const) {
        const { [name]: value = 1 } = config;
        check(name, typeof value === "number" && Number.isFinite(value) && value >= least, `a number of at least ${least}`);
      }
      for (const name of ["attentionDropout", "embeddingDropout"]) check(name, isChance(name in config ? config[name] : 0), chance);
      return new TransformerLM({
        ...optionsAmong(config, transformerLMNames),
        ...{ vocab: demandCount(config, "vocab"), context: demandCount(config, "context"), layers: demandCount(config, "layers") },
        ...{ heads: demandCount(config, "heads"), hidden: demandCount(config, "hidden") },
      });
    },
  },
};

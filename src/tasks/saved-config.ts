import type { SavedModel } from "../io/model-folder.js";
import { SeqgradError } from "../util/errors.js";

type Config = Readonly<Record<string, unknown>>;

/** Names in a config.json of version 0.1, and their names now. */
const renamed = new Map([
  ["cell", "arch"],
  ["vocabularySize", "vocab"],
  ["sourceVocabulary", "sourceVocab"],
  ["targetVocabulary", "targetVocab"],
  ["contextLength", "context"],
  ["keyValueHeads", "kvHeads"],
  ["maxLength", "context"],
]);

/** The same of a TransformerLM and a TransformerSeq2Seq, whose width was `embed`. */
const renamedInTransformers = new Map([...renamed, ["embed", "hidden"], ["hidden", "feedForward"]]);

/**
 * The config of a saved task under the names of this version, whichever version saved it.
 * @throws SeqgradError `format` for a setting that is there under both names
 */
export function currentConfig(saved: Config): Config {
  const { targetLength: _, ...config } = saved; // of a translator, whose maxLength says it
  const { model_type: type, cell } = config;
  const old = Object.keys(config).filter((name) => renamed.has(name));
  for (const name of old) {
    const now = renamed.get(name) ?? name;
    if (Object.hasOwn(config, now))
      throw new SeqgradError("format", `config.json: has both ${now} and ${name}, its name in 0.1; expected ${now} alone.`);
  }
  const isTransformer = type === "seqgrad-transformer-lm" || (type === "seqgrad-translator" && cell === "transformer");
  const names = isTransformer && old.length > 0 ? renamedInTransformers : renamed;
  const current = Object.fromEntries(Object.entries(config).map(([name, value]) => [names.get(name) ?? name, value]));
  // Configs once had both, and used one.
  if (current.arch !== undefined) delete current[current.arch === "transformer" ? "bidirectional" : "heads"];
  return type === "seqgrad-speech-recogniser" ? { ...current, model_type: "seqgrad-speech-recognizer" } : current;
}

/** The tensors of a saved task under the names of this version: a recurrent decoder's layers were called `decoder`. */
export function currentTensors({ model_type: type }: Config, tensors: SavedModel["tensors"]): SavedModel["tensors"] {
  if (type !== "seqgrad-translator" && type !== "seqgrad-image-captioner") return tensors;
  return new Map(Array.from(tensors, ([name, tensor]) => [name.replace(/^decoder\./, "rnn."), tensor]));
}

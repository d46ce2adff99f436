import { checkFiniteValues, type TensorValue } from "../tensor/value.js";
import { checkArray, checkObject, isRecord, isWhole, kindOf } from "../util/check.js";
import { messageOf, SeqgradError } from "../util/errors.js";
import { checkOptions, namesOf } from "../util/options.js";
import { toTensorValue, type WritableTensor } from "./dtypes.js";
import { parseSafetensors, writeSafetensors } from "./safetensors.js";
import { change, checkStore, type Store } from "./store.js";
import { parseJsonObject } from "./strict-json.js";

const CONFIG = "config.json";
const TENSORS = "model.safetensors";
const VOCABULARY = "vocab.json";
const TOKENIZER = "tokenizer.json";
const HINTS = { tokenizerConfig: "tokenizer_config.json", generationConfig: "generation_config.json" } as const;

/** A model as it is saved. */
export interface SavedModel<T = TensorValue> {
  /** The settings that rebuild the model; plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, T>;
  /** The id of each token, as a tokenizer's toJSON() gives it. */
  readonly vocabulary?: Readonly<Record<string, number>>;
  /** The result of a tokenizer's toJSON(), if it is more than a vocabulary. */
  readonly tokenizer?: unknown;
  /** tokenizer_config.json of a folder by others: it names the special tokens. `tokenizerFromJSON` reads it. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
  /** generation_config.json of a folder by others: it may name several end tokens. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
}

const savedNames = namesOf<SavedModel>({
  ...{ config: 1, tensors: 1, vocabulary: 1, tokenizer: 1, tokenizerConfig: 1, generationConfig: 1 },
});

/**
 * Saves a model in Hugging Face's layout: config.json, model.safetensors and, if it has a vocabulary or a tokenizer, vocab.json or
 * tokenizer.json.
 *
 * The other one of these two, left from a model before, is removed. A store that can write all files or none does. Other stores
 * write the weights last: a new folder without them is one whose saving was cut short.
 *
 * @param store where to save it
 * @param model config, tensors, and vocabulary or tokenizer
 * @throws SeqgradError `not-finite` for a NaN or an infinity, `value`, `shape` or `dtype` for a tensor that the format cannot hold, each by
 *   its name; nothing was written then. `io` from the store
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict(), vocabulary: tokenizer.toJSON() });
 */
export async function saveModel(store: Store, model: SavedModel<WritableTensor>): Promise<void> {
  checkStore("saveModel", store);
  checkOptions("saveModel", model ?? null, savedNames, "give them, as in saveModel(store, { config, tensors }).");
  const { config, tensors, vocabulary, tokenizer } = model;
  // What fails, fails before anything is written.
  const weights = writeSafetensors(tensors, { format: "pt" });
  checkFiniteValues("saveModel", tensors);
  const configBytes = encodeJson("config", checkObject("saveModel", "config", config, "an object of plain JSON"));
  const vocabularyBytes = vocabulary && encodeJson("vocabulary", checkObject("saveModel", "vocabulary", vocabulary, "an object of ids"));
  const tokenizerBytes = tokenizer === undefined ? undefined : encodeJson("tokenizer", tokenizer);
  // A file of the model before, left with the new one's files, would be taken for the new one's.
  const files = new Map([
    [CONFIG, configBytes],
    [VOCABULARY, vocabularyBytes ?? null],
    [TOKENIZER, tokenizerBytes ?? null],
    [TENSORS, weights],
  ]);
  await change(store, files);
}

/**
 * Loads a model that saveModel() or Hugging Face's libraries saved. Tensors come as float32 or int32, whatever the file has.
 *
 * @param store where it was saved
 * @returns config, tensors, and vocabulary or tokenizer
 * @throws SeqgradError `io` for a file that is missing or cannot be read, `format` for one that is not what it should be; both name it
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict() });
 * const saved = await sg.io.loadModel(store);
 * model.loadStateDict(saved.tensors);
 */
export async function loadModel(store: Store): Promise<SavedModel> {
  checkStore("loadModel", store);
  const config = parseJsonObject(CONFIG, decodeJson(CONFIG, await demand(store, CONFIG)));
  const vocabularyBytes = await readFrom(store, VOCABULARY);
  const vocabulary = vocabularyBytes && parseVocabulary(decodeJson(VOCABULARY, vocabularyBytes));
  const tokenizerBytes = await readFrom(store, TOKENIZER);
  const tokenizer = tokenizerBytes && parseJsonObject(TOKENIZER, decodeJson(TOKENIZER, tokenizerBytes));
  const hints: Record<string, Record<string, unknown>> = {};
  for (const [name, file] of Object.entries(HINTS)) {
    const bytes = tokenizer && (await readFrom(store, file));
    if (bytes) hints[name] = parseJsonObject(file, decodeJson(file, bytes));
  }
  const tensors = parseTensors(await demand(store, TENSORS));
  return { config, tensors, ...(vocabulary && { vocabulary }), ...(tokenizer && { tokenizer }), ...hints };
}

/** The bytes of a file, if it is there. */
async function readFrom(store: Store, name: string): Promise<Uint8Array | undefined> {
  const bytes = await store.read(name);
  if (bytes === undefined || bytes instanceof Uint8Array) return bytes;
  throw new SeqgradError("io", `loadModel: the store's read() gave ${kindOf(bytes)} for ${name}; it must give a Uint8Array or undefined.`);
}

async function demand(store: Store, name: string): Promise<Uint8Array> {
  const bytes = await readFrom(store, name);
  if (bytes) return bytes;
  const names = checkArray("loadModel", "what the store's list() gave", await store.list(), "the names of its files");
  const found =
    names.length > 0 ? `the folder holds ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", .." : ""}` : "the folder is empty";
  throw new SeqgradError("io", `loadModel: ${name} is missing; ${found}. Give the folder of a saved model.`);
}

function encodeJson(name: string, value: unknown): Uint8Array {
  try {
    const text: string | undefined = JSON.stringify(value, null, 2);
    if (text !== undefined) return new TextEncoder().encode(`${text}\n`);
  } catch (cause) {
    throw new SeqgradError("value", `saveModel: ${name} is not plain JSON: ${messageOf(cause)}.`, { cause });
  }
  throw new SeqgradError("value", `saveModel: ${name} is ${kindOf(value)}; give plain JSON.`);
}

function decodeJson(name: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new SeqgradError("format", `${name} is not UTF-8.`, { cause: error });
  }
}

function parseVocabulary(text: string): Record<string, number> {
  const vocabulary = parseJsonObject(VOCABULARY, text);
  if (!isVocabulary(vocabulary))
    throw new SeqgradError("format", `${VOCABULARY}: expected an object from tokens to whole numbers of at least 0.`);
  return vocabulary;
}

function isVocabulary(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((id) => isWhole(id) && id >= 0);
}

function parseTensors(bytes: Uint8Array): Map<string, TensorValue> {
  try {
    return new Map(Array.from(parseSafetensors(bytes), ([name, tensor]) => [name, toTensorValue(name, tensor)]));
  } catch (error) {
    if (!(error instanceof SeqgradError)) throw error;
    throw new SeqgradError(error.code, `${TENSORS}: ${error.message}`, { cause: error });
  }
}

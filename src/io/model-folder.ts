import { checkFiniteValues, type TensorValue } from "../tensor/value.js";
import { SeqgradError } from "../util/errors.js";
import { toTensorValue, type WritableTensor } from "./dtypes.js";
import { parseSafetensors, writeSafetensors } from "./safetensors.js";
import type { Store } from "./store.js";
import { isRecord, parseJsonObject } from "./strict-json.js";

const CONFIG = "config.json";
const TENSORS = "model.safetensors";
const VOCABULARY = "vocab.json";
const TOKENIZER = "tokenizer.json";
const HINTS = { tokenizerConfig: "tokenizer_config.json", generationConfig: "generation_config.json" } as const;

/** A model as it is saved. */
export interface SavedModel<T = TensorValue> {
  /** What it takes to build the model again; plain JSON. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, T>;
  /** The id of each token, as a tokenizer's toJSON() gives it. */
  readonly vocabulary?: Readonly<Record<string, number>>;
  /** What a tokenizer's toJSON() gives that is more than a vocabulary. */
  readonly tokenizer?: unknown;
  /** tokenizer_config.json of a folder by others: it names the special tokens. `tokenizerFromJSON` reads it. */
  readonly tokenizerConfig?: Readonly<Record<string, unknown>>;
  /** generation_config.json of a folder by others: it may name several end tokens. */
  readonly generationConfig?: Readonly<Record<string, unknown>>;
}

/**
 * Saves a model in Hugging Face's layout: config.json, model.safetensors and, where there is a vocabulary or a tokenizer, vocab.json
 * or tokenizer.json; the other one of these two, left from a model before, is removed. The weights are written last: a new folder without
 * them is one whose saving was cut short.
 *
 * @throws SeqgradError `not-finite` for a NaN or an infinity, which names its tensor; as writeSafetensors; nothing was written then; `io`
 *   from the store
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict(), vocabulary: tokenizer.toJSON() });
 */
export async function saveModel(store: Store, { config, tensors, vocabulary, tokenizer }: SavedModel<WritableTensor>): Promise<void> {
  checkFiniteValues("saveModel", tensors);
  const weights = writeSafetensors(tensors, { format: "pt" }); // fails, if at all, before anything is written
  await store.write(CONFIG, encodeJson(config));
  // A file of the model before, left beside the new one, would be taken for the new one's.
  await (vocabulary ? store.write(VOCABULARY, encodeJson(vocabulary)) : store.delete(VOCABULARY));
  await (tokenizer !== undefined ? store.write(TOKENIZER, encodeJson(tokenizer)) : store.delete(TOKENIZER));
  await store.write(TENSORS, weights);
}

/**
 * Loads what `saveModel` saved, or what Hugging Face's libraries did. Tensors come as float32 or int32, whatever the file holds.
 *
 * @throws SeqgradError `io` for a file that is missing or cannot be read, `format` for one that is not what it should be; both name it
 * @example
 * await sg.io.saveModel(store, { config, tensors: await model.stateDict() });
 * const saved = await sg.io.loadModel(store);
 * model.loadStateDict(saved.tensors);
 */
export async function loadModel(store: Store): Promise<SavedModel> {
  const config = parseJsonObject(CONFIG, decodeJson(CONFIG, await demand(store, CONFIG)));
  const vocabularyBytes = await store.read(VOCABULARY);
  const vocabulary = vocabularyBytes && parseVocabulary(decodeJson(VOCABULARY, vocabularyBytes));
  const tokenizerBytes = await store.read(TOKENIZER);
  const tokenizer = tokenizerBytes && parseJsonObject(TOKENIZER, decodeJson(TOKENIZER, tokenizerBytes));
  const hints: Record<string, Record<string, unknown>> = {};
  for (const [name, file] of Object.entries(HINTS)) {
    const bytes = tokenizer && (await store.read(file));
    if (bytes) hints[name] = parseJsonObject(file, decodeJson(file, bytes));
  }
  const tensors = parseTensors(await demand(store, TENSORS));
  return { config, tensors, ...(vocabulary && { vocabulary }), ...(tokenizer && { tokenizer }), ...hints };
}

async function demand(store: Store, name: string): Promise<Uint8Array> {
  const bytes = await store.read(name);
  if (bytes) return bytes;
  const names = await store.list();
  const found =
    names.length > 0 ? `there are ${names.slice(0, 8).join(", ")}${names.length > 8 ? ", .." : ""}` : "there are no files at all";
  throw new SeqgradError("io", `loadModel: there is no ${name}; ${found}. Give the folder of a saved model.`);
}

const encodeJson = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);

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
    throw new SeqgradError("format", `${VOCABULARY}: wants an object from tokens to whole numbers of at least 0.`);
  return vocabulary;
}

function isVocabulary(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((id) => Number.isSafeInteger(id) && (id as number) >= 0);
}

function parseTensors(bytes: Uint8Array): Map<string, TensorValue> {
  try {
    return new Map(Array.from(parseSafetensors(bytes), ([name, tensor]) => [name, toTensorValue(name, tensor)]));
  } catch (error) {
    if (!(error instanceof SeqgradError)) throw error;
    throw new SeqgradError(error.code, `${TENSORS}: ${error.message}`, { cause: error });
  }
}

import type { Backend, TensorData } from "../backend/backend.js";
import { createDevice, defaultDevice } from "../tensor/device.js";
import { copyCall } from "../tensor/layout.js";
import { breathe, inTurns } from "../util/breath.js";
import { checkFinite, checkFunction, checkInteger, kindOf, shown } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { normOf } from "../util/numbers.js";
import { checkOptions } from "../util/options.js";
import type { RandomGenerator } from "../util/philox.js";
import { Vocabulary } from "./vocabulary.js";
import { WordVectors } from "./word-vectors.js";

// What the trainers of word vectors share: the corpus as numbers, and tables of rows in WebAssembly's memory.

/** How far the training of word vectors has come. */
export interface EmbeddingProgress {
  /** From 1. */
  readonly epoch: number;
  /** How much of the whole training is done, to 1. */
  readonly share: number;
  /** GloVe's: the mean of weight / 2 times the squared error over the epoch's cells so far. */
  readonly loss?: number;
}

/** The common options of trainers of word vectors; each trainer documents its defaults. */
export interface EmbeddingOptions {
  /** Numbers of a vector. Default 100. */
  readonly dimension?: number;
  /** How many words to either side count as near. */
  readonly window?: number;
  /** Times that the text is gone through. Default: more for a small text. */
  readonly epochs?: number;
  /** The learning rate, at first. */
  readonly lr?: number;
  /** Leaves out words that occur less often. Default 5. */
  readonly minCount?: number;
  /** The most words to keep, by frequency. Default: all. */
  readonly vocab?: number;
  /** The same seed gives the same vectors on the same WebAssembly variant. Default 0. */
  readonly seed?: number;
  /** Called from time to time; an error that it throws ends the training. */
  readonly onProgress?: (progress: EmbeddingProgress) => void;
}

const embeddingOptions = ["dimension", "window", "epochs", "lr", "minCount", "vocab", "seed", "onProgress"] as const;

/** Refuses options that the trainer does not know; `own` are those that it alone has. */
export function checkNames(op: string, options: EmbeddingOptions, own: readonly string[]): void {
  checkOptions(op, options, [...embeddingOptions, ...own]);
  if (options.onProgress !== undefined) checkFunction(op, "onProgress", options.onProgress);
}

export function checkSizes(
  op: string,
  { dimension, window, epochs, lr, minCount }: Required<Omit<EmbeddingOptions, "vocab" | "seed" | "onProgress">>,
) {
  for (const [name, value] of Object.entries({ dimension, window, epochs, minCount })) checkInteger(op, name, value, 1, 2 ** 31 - 1);
  checkPositive(op, "lr", lr);
}

export function checkPositive(op: string, name: string, value: number): void {
  if (!(checkFinite(op, name, value) > 0)) throw new SeqgradError("range", `${op}: ${name} is ${value}; give a number above 0.`);
}

export interface Corpus {
  /** From the most frequent to the rarest. */
  readonly words: readonly string[];
  readonly counts: readonly number[];
  /** The numbers of the words of each sentence, then -1. */
  readonly tokens: Int32Array<ArrayBuffer>;
  /** The sum of the counts. */
  readonly total: number;
}

/** Epochs until each word has been visited so often, on average; `least` of them at least. */
export const epochsFor = (visits: number, perEpoch: number, least: number): number => Math.max(least, Math.ceil(visits / perEpoch));

/** Sentences as numbers; words that are too rare are gone from them. */
export async function corpusOf(
  op: string,
  sentences: Iterable<readonly string[]>,
  { minCount, vocab }: { minCount: number; vocab?: number | undefined },
): Promise<Corpus> {
  const counts = new Map<string, number>();
  // Words by the order in which they come first, until all are counted.
  const seen = new Map<string, number>();
  const numbers: number[] = [];
  let i = 0;
  if (typeof sentences?.[Symbol.iterator] !== "function")
    throw new SeqgradError("value", `${op}: the sentences are ${kindOf(sentences)}; give a list of lists of words.`);
  for (const sentence of sentences) {
    if (!Array.isArray(sentence)) {
      const kind = typeof sentence === "string" ? "a string" : "not a list";
      throw new SeqgradError("value", `${op}: sentence ${i} is ${kind}; give its words, as WordSplitter's split() makes them.`);
    }
    for (const word of sentence) {
      if (typeof word !== "string")
        throw new SeqgradError("value", `${op}: sentence ${i} holds ${shown(word)}, which is not a word; give strings.`);
      counts.set(word, (counts.get(word) ?? 0) + 1);
      let number = seen.get(word);
      if (number === undefined) {
        number = seen.size;
        seen.set(word, number);
      }
      numbers.push(number);
    }
    numbers.push(-1);
    i++;
    await breathe();
  }
  let most = 0;
  for (const count of counts.values()) most = Math.max(most, count);
  if (most < minCount) {
    const found = most === 0 ? "the sentences hold no word" : `the most frequent word occurs ${most} times, and minCount is ${minCount}`;
    throw new SeqgradError("value", `${op}: ${found}; give more text${most === 0 ? "" : ", or a smaller minCount"}.`);
  }
  const vocabulary = await inTurns(Vocabulary.ofCounts(counts, { special: [], minCount, ...(vocab !== undefined && { vocab }) }));
  const ids = Int32Array.from(seen.keys(), (word) => vocabulary.idOf(word) ?? -2);
  const kept = numbers.map((number) => (number < 0 ? -1 : ids[number]!)).filter((id) => id !== -2);
  if (!kept.some((id, p) => id >= 0 && p > 0 && nth(kept, p - 1) >= 0))
    throw new SeqgradError("value", `${op}: no two of the ${vocabulary.size} words stand in one sentence; there is nothing to learn from.`);
  const words = vocabulary.tokens();
  const own = words.map((word) => vocabulary.countOf(word));
  return { words, counts: own, tokens: Int32Array.from(kept), total: own.reduce((a, b) => a + b) };
}

/** Fewer words of text, or fewer occurrences of each word on average, teach little. */
const LEAST = { total: 200, mean: 10 };
/** Vectors whose mean cosine is larger distinguish words poorly. */
const ALIKE = 0.7;

/** The result, with what a person should know of it. */
export function vectorsOf({ words, total }: Corpus, dimension: number, data: Float32Array<ArrayBuffer>): WordVectors {
  const warnings: string[] = [];
  const mean = total / words.length;
  if (total < LEAST.total || mean < LEAST.mean) {
    const got = `the text has ${total} words to learn from, and each of the ${words.length} different ones occurs ${mean.toFixed(1)} times on average`;
    warnings.push(
      `${got}: which words are near each other is mostly chance. Give more text or a larger minCount, or read vectors that were trained on a large text.`,
    );
  }
  const alike = meanCosine(data, words.length, dimension);
  if (alike > ALIKE)
    warnings.push(
      `the mean cosine of two words is ${alike.toFixed(2)}: the vectors hardly distinguish words. Give more epochs, a higher lr, or more text.`,
    );
  return new WordVectors(words, dimension, data, warnings);
}

/** Of all pairs of different rows: the squared length of the sum of the unit rows is the sum of their cosines. */
function meanCosine(data: Float32Array, V: number, D: number): number {
  const sum = new Float64Array(D);
  let rows = 0;
  for (let i = 0; i < V; i++) {
    const row = data.subarray(i * D, (i + 1) * D);
    const norm = normOf(row);
    if (norm === 0) continue;
    rows++;
    for (let c = 0; c < D; c++) sum[c]! += row[c]! / norm;
  }
  return rows < 2 ? 0 : (normOf(sum) ** 2 - rows) / (rows * (rows - 1));
}

/** Allocates memory for an array, or for a count of numbers, until the work ends; returns the address. */
export type Place = (content: TensorData | number) => number;

/** Works on the default device where that is WebAssembly, else on one of its own. */
export async function onWasm<T>(work: (backend: Backend, place: Place) => Promise<T>): Promise<T> {
  const device = defaultDevice();
  const own = device.type === "wasm" ? undefined : await createDevice({ device: "wasm" });
  const { backend } = own ?? device;
  const places: number[] = [];
  try {
    return await work(backend, (content) => {
      const address = backend.alloc(4 * (typeof content === "number" ? content : content.length));
      places.push(address);
      if (typeof content !== "number") backend.write(address, content);
      return address;
    });
  } finally {
    for (const address of places) backend.free(address);
    own?.destroy();
  }
}

/** A table of V rows of D numbers, each followed by zeros up to a whole number of vectors of four. */
export interface Table {
  readonly V: number;
  readonly D: number;
  /** D with the zeros. */
  readonly width: number;
}

export const tableOf = (V: number, D: number): Table => ({ V, D, width: 4 * Math.ceil(D / 4) });

/** Rows uniform on +-0.5 / D at `y`; `scratch`, as large, becomes anything. */
export function randomRows(backend: Backend, { V, D, width }: Table, y: number, scratch: number, generator: RandomGenerator): void {
  backend.dispatch("randomUniform", { y: scratch, n: V * D, ...generator.next(V * D), low: -0.5 / D, high: 0.5 / D });
  backend.dispatch("fill", { y, n: V * width, value: 0 });
  backend.dispatch("copyStrided", copyCall(scratch, y, [1, 1, V, D], [0, 0, D, 1], [0, 0, width, 1]));
}

/** The rows without their zeros. */
export async function readRows(backend: Backend, { V, D, width }: Table, address: number): Promise<Float32Array<ArrayBuffer>> {
  const padded = await backend.read(address, V * width, "float32");
  const rows = new Float32Array(V * D);
  for (let i = 0; i < V; i++) rows.set(padded.subarray(i * width, i * width + D), i * D);
  return rows;
}

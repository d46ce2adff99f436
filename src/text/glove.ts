import { needs } from "../backend/needed.js";
import { breathe } from "../util/breath.js";
import { nth } from "../util/nth.js";
import { RandomGenerator } from "../util/philox.js";
import {
  checkNames,
  checkPositive,
  checkSizes,
  corpusOf,
  type EmbeddingOptions,
  epochsFor,
  onWasm,
  randomRows,
  readRows,
  tableOf,
  vectorsOf,
} from "./embedding-training.js";
import type { WordVectors } from "./word-vectors.js";

export interface GloveOptions extends EmbeddingOptions {
  /** The co-occurrence from which on a pair weighs 1. Default 10 times the mean, 100 at most. */
  readonly xMax?: number;
  /** How fast the weight falls below. Default 0.75. */
  readonly alpha?: number;
}

/** Numbers of all rows that one kernel call moves: some ten milliseconds. */
const CALL = 2 ** 23;

/** Pairs that a word must take part in, on average over all epochs, before its vector is settled; found by trial. */
const VISITS = 5000;

const gloveStep = /* @__PURE__ */ needs("gloveStep");

/**
 * Learns word vectors by GloVe (Pennington, Socher and Manning 2014, "GloVe: Global vectors for word representation"): with x_ij the sum,
 * over the places where words i and j stand within the window, of 1 / their distance,
 *
 *   loss = sum_ij weight(x_ij) (v_i . u_j + b_i + c_j - ln x_ij)^2 / 2,   weight(x) = min(1, (x / xMax)^alpha)
 *
 * by AdaGrad, pair by pair in a shuffled order, its sums of squares from 1. The vectors are v + u. Words
 * that never stand near each other give it nothing to learn: trainWord2Vec() separates topics without a common word better.
 *
 * It runs in a kernel on WebAssembly, whatever the default device is; the event loop turns between two calls.
 *
 * @param sentences the words of each sentence, as WordSplitter's split() makes them
 * @param options defaults: window 10, lr 0.05, and 25 epochs, or more where a text is small, until a word has been in 5000 pairs on average
 * @returns vectors from the most frequent word to the rarest; its `warnings` say where the text or the training was too short
 * @throws SeqgradError as trainWord2Vec()
 * @example
 * const sentences = ["the cat drinks milk", "the dog drinks water"].map((text) => text.split(" "));
 * const vectors = await sg.text.trainGlove(sentences, { dimension: 16, minCount: 1, seed: 1 });
 * vectors.words[0]; // = "drinks"
 */
export async function trainGlove(sentences: Iterable<readonly string[]>, options: GloveOptions = {}): Promise<WordVectors> {
  const op = "trainGlove";
  checkNames(op, options, ["xMax", "alpha"]);
  const { dimension = 100, window = 10, lr = 0.05, minCount = 5, vocab, seed = 0 } = options;
  const { alpha = 0.75, onProgress } = options;
  checkSizes(op, { dimension, window, epochs: options.epochs ?? 1, lr, minCount });
  if (options.xMax !== undefined) checkPositive(op, "xMax", options.xMax);
  checkPositive(op, "alpha", alpha);
  const generator = new RandomGenerator(seed);
  const corpus = await corpusOf(op, sentences, { minCount, vocab });
  const { words, tokens } = corpus;
  const { rows, columns, counts } = await cellsOf(tokens, words.length, window, generator);
  const mean = counts.reduce((a, b) => a + b) / counts.length;
  const { epochs = epochsFor(VISITS, counts.length / words.length, 25), xMax = Math.min(100, 10 * mean) } = options;
  const weights = counts.map((x) => Math.min(1, (x / xMax) ** alpha));
  return onWasm(async (backend, place) => {
    const table = tableOf(words.length, dimension);
    const { V, width } = table;
    const [word, context, wordSums, contextSums] = [place(V * width), place(V * width), place(V * width), place(V * width)];
    randomRows(backend, table, word, wordSums, generator);
    randomRows(backend, table, context, wordSums, generator);
    const [biases, biasSums, loss] = [place(new Float32Array(2 * V)), place(2 * V), place(1)];
    for (const [y, n] of [
      [wordSums, V * width],
      [contextSums, V * width],
      [biasSums, 2 * V],
    ] as const)
      backend.dispatch("fill", { y, n, value: 1 });
    const cells = { rows: place(rows), columns: place(columns), logs: place(counts.map(Math.log)), weights: place(weights) };
    const size = Math.ceil(CALL / (4 * width));
    for (let epoch = 1; epoch <= epochs; epoch++) {
      let sum = 0;
      for (let begin = 0; begin < rows.length; begin += size) {
        const end = Math.min(rows.length, begin + size);
        const tables = { word, context, wordSums, contextSums, biases, biasSums, loss };
        backend.dispatch(gloveStep, { ...cells, ...tables, V, D: width, begin, end, lr });
        sum += nth(await backend.read(loss, 1, "float32"), 0);
        onProgress?.({ epoch, share: (epoch - 1 + end / rows.length) / epochs, loss: sum / end });
        await breathe();
      }
    }
    const [v, u] = [await readRows(backend, table, word), await readRows(backend, table, context)];
    const both = v.map((value, i) => value + nth(u, i));
    return vectorsOf(corpus, dimension, both);
  });
}

/** The pairs that co-occur, shuffled, each in both orders, and how much they do. */
async function cellsOf(tokens: Int32Array, V: number, window: number, generator: RandomGenerator) {
  const sums = new Map<number, number>();
  for (let p = 0; p < tokens.length; p++) {
    const word = tokens[p]!;
    for (let distance = 1; word >= 0 && distance <= Math.min(window, p); distance++) {
      const other = tokens[p - distance]!;
      if (other < 0) break; // sentences end with -1
      const key = Math.min(word, other) * V + Math.max(word, other);
      // A word next to itself is so for both.
      sums.set(key, (sums.get(key) ?? 0) + (word === other ? 2 : 1) / distance);
    }
    if (word < 0) await breathe();
  }
  const cells = Array.from(sums, ([key, x]) => ({ row: Math.floor(key / V), column: key % V, x }));
  const all = generator.shuffle(
    cells.flatMap(({ row, column, x }) =>
      row === column
        ? [{ row, column, x }]
        : [
            { row, column, x },
            { row: column, column: row, x },
          ],
    ),
  );
  return {
    rows: Int32Array.from(all, ({ row }) => row),
    columns: Int32Array.from(all, ({ column }) => column),
    counts: Float32Array.from(all, ({ x }) => x),
  };
}

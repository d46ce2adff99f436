import { needs } from "../backend/needed.js";
import { breathe } from "../util/breath.js";
import { checkChoice, checkFinite, checkInteger, checkInterval } from "../util/check.js";
import { RandomGenerator } from "../util/philox.js";
import {
  checkNames,
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

export interface Word2VecOptions extends EmbeddingOptions {
  /** `skip-gram`: a word predicts the words around it; `cbow`: the words around it predict the word, which is faster. Default `skip-gram`. */
  readonly mode?: "skip-gram" | "cbow";
  /** Random words that each target is contrasted with (negative samples). Default 5. */
  readonly negatives?: number;
  /** Words more frequent than this share of the text are often skipped; 0: none is. Default 1e-3, or 10 / words where that is more. */
  readonly subsample?: number;
  /** The learning rate to which `lr` falls along a line. Default lr / 10,000. */
  readonly lrEnd?: number;
}

/** Multiply-adds of one kernel call: some 30 milliseconds, so that a page stays alive. */
const CALL = 2 ** 25;

/** Times that a word must be a center, on average, before vectors differ by more than how frequent words are; found by trial. */
const VISITS = 1000;

const word2vecStep = /* @__PURE__ */ needs("word2vecStep");

/**
 * Learns word vectors by word2vec with negative sampling (Mikolov, Sutskever, Chen, Corrado and Dean 2013, "Distributed representations of
 * words and phrases and their compositionality"): a word's vector v and the output vectors u of the words w near it minimize
 * -ln sigmoid(v . u_w) - sum_k ln sigmoid(-v . u_k), over negatives k drawn by their counts^0.75. Words of a share f of the text stay with
 * probability min(1, sqrt(subsample / f)); each window reaches 1 to `window` words. In `cbow`, v is the mean over the window, whose
 * words share its gradient.
 *
 * It runs in a kernel on WebAssembly, whatever the default device is; the event loop turns between two calls.
 *
 * @param sentences the words of each sentence, as WordSplitter's split() makes them
 * @param options defaults: window 5, lr 0.05, or 0.1 for `cbow`, and 5 epochs, or more where a text is small, until a word has been
 *   the center of 1000 windows on average
 * @returns vectors from the most frequent word to the rarest; its `warnings` say where the text or the training was too short
 * @throws SeqgradError `range` and `value` for invalid options, `value` for text in which too little is left to learn from, `state`
 *   before init()
 * @example
 * const sentences = ["the cat drinks milk", "the dog drinks water"].map((text) => text.split(" "));
 * const vectors = await sg.text.trainWord2Vec(sentences, { dimension: 16, minCount: 1, seed: 1 });
 * vectors.dimension; // = 16
 */
export async function trainWord2Vec(sentences: Iterable<readonly string[]>, options: Word2VecOptions = {}): Promise<WordVectors> {
  const op = "trainWord2Vec";
  checkNames(op, options, ["mode", "negatives", "subsample", "lrEnd"]);
  const { mode = "skip-gram", dimension = 100, window = 5, negatives = 5, minCount = 5, seed = 0, vocab, onProgress } = options;
  const { lr = mode === "cbow" ? 0.1 : 0.05, lrEnd = lr / 1e4 } = options;
  checkChoice(op, "mode", mode, ["skip-gram", "cbow"]);
  checkSizes(op, { dimension, window, epochs: options.epochs ?? 1, lr, minCount });
  checkInteger(op, "negatives", negatives, 1, 2 ** 16);
  if (options.subsample !== undefined) checkInterval(op, "subsample", checkFinite(op, "subsample", options.subsample), 0);
  checkInterval(op, "lrEnd", lrEnd, 0, lr);
  const generator = new RandomGenerator(seed);
  const corpus = await corpusOf(op, sentences, { minCount, vocab });
  const { words, counts, tokens, total } = corpus;
  const { epochs = epochsFor(VISITS, total / words.length, 5), subsample = Math.max(1e-3, 10 / words.length) } = options;
  const keep = Float32Array.from(counts, (count) => (subsample > 0 ? Math.min(1, Math.sqrt((subsample * total) / count)) : 1));
  const { probabilities, alias } = aliasTable(counts.map((count) => count ** 0.75));
  return onWasm(async (backend, place) => {
    const table = tableOf(words.length, dimension);
    const { V, width } = table;
    const [input, output] = [place(V * width), place(V * width)];
    randomRows(backend, table, input, output, generator);
    backend.dispatch("fill", { y: output, n: V * width, value: 0 });
    const perWord = 3 * width * (mode === "cbow" ? negatives + 1 + window : (negatives + 1) * (window + 1));
    const size = Math.min(tokens.length, Math.max(64, Math.floor(CALL / perWord)));
    const buffers = { input, output, keep: place(keep), probabilities: place(probabilities), alias: place(alias), tokens: place(size) };
    const sizes = { V, D: width, window, negatives, cbow: Number(mode === "cbow") };
    for (let epoch = 1; epoch <= epochs; epoch++) {
      for (const [begin, end] of pieces(tokens, size)) {
        const share = (at: number) => (epoch - 1 + at / tokens.length) / epochs;
        const rate = (at: number) => lr + (lrEnd - lr) * share(at);
        const seeds = { seed0: generator.integer(2 ** 32), seed1: generator.integer(2 ** 32) };
        backend.write(buffers.tokens, tokens.subarray(begin, end));
        backend.dispatch(word2vecStep, { ...buffers, ...sizes, ...seeds, n: end - begin, lr: rate(begin), lrEnd: rate(end) });
        onProgress?.({ epoch, share: share(end) });
        await breathe();
      }
    }
    return vectorsOf(corpus, dimension, await readRows(backend, table, input));
  });
}

/** Whole sentences, of `size` tokens at most; a longer one is cut. */
function* pieces(tokens: Int32Array, size: number): Iterable<[begin: number, end: number]> {
  for (let begin = 0; begin < tokens.length; ) {
    const most = Math.min(tokens.length, begin + size);
    let end = most;
    while (end > begin && tokens[end - 1] !== -1) end--;
    if (end === begin) end = most;
    yield [begin, end];
    begin = end;
  }
}

/**
 * Tables for drawing i with probability weights[i] / sum in one step (Walker 1977, built as by Vose 1991): a uniform i, or alias[i] where a
 * uniform number is not below probabilities[i].
 */
function aliasTable(weights: readonly number[]): { probabilities: Float32Array; alias: Int32Array } {
  const mean = weights.reduce((a, b) => a + b) / weights.length;
  const alias = Int32Array.from(weights, (_, i) => i);
  const probabilities = new Float32Array(weights.length).fill(1);
  const parts = weights.map((weight, i) => ({ i, left: weight / mean }));
  const small = parts.filter(({ left }) => left < 1);
  const large = parts.filter(({ left }) => left >= 1);
  for (let [low, high] = [small.pop(), large.at(-1)]; low && high; [low, high] = [small.pop(), large.at(-1)]) {
    probabilities[low.i] = low.left;
    alias[low.i] = high.i;
    high.left -= 1 - low.left;
    if (high.left >= 1) continue;
    large.pop();
    small.push(high);
  }
  return { probabilities, alias };
}

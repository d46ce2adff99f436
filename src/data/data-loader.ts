import { finish, inTurns, type Pieces } from "../util/breath.js";
import { checkArray, checkBoolean, checkFinite, checkFunction, checkInteger, checkInterval, checkIterable } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import { RandomGenerator } from "../util/philox.js";

/** Items by number; `at` may answer a promise. An array is one. */
export interface Dataset<T> {
  readonly length: number;
  at(i: number): T | Promise<T> | undefined;
}

export interface DataLoaderOptions<T, B> {
  /** Items of a batch. */
  batch: number;
  /** Makes a batch of its items: pads them, say. Default: their array. */
  collate?: (items: T[]) => B;
  /** Another order each epoch, a function of `seed` and the epoch's number. Default false. */
  shuffle?: boolean;
  seed?: number;
  /**
   * An item's length: batches hold items of like length, so that little is padding. Chunks of 50 batches are sorted by it, and the order of
   * the batches is shuffled where `shuffle` is set. The dataset must answer at once then.
   */
  bucketBy?: (item: T) => number;
  /** Leave out a last batch that is not whole. Default false. */
  dropLast?: boolean;
}

const loaderNames = namesOf<DataLoaderOptions<unknown, unknown>>({
  ...{ batch: 1, collate: 1, shuffle: 1, seed: 1, bucketBy: 1, dropLast: 1 },
});

/** Items of a dataset at most: their order is a list in memory. */
const MOST_ITEMS = 2 ** 26;

/** Batches in a chunk that is sorted by length. */
const CHUNK = 50;

/**
 * Makes batches of a dataset's items, epoch by epoch, as fit() takes them. An epoch is a function of the seed and its number, so a resumed
 * run gets the same batches.
 *
 * @param dataset an array, or an object `{ length, at(i) }`
 * @param options see DataLoaderOptions
 * @throws SeqgradError `range` for a batch size below 1, `value` for an empty dataset, or one that dropLast leaves nothing of
 * @example
 * const loader = new sg.data.DataLoader([5, 6, 7, 8, 9], { batch: 2 });
 * [...loader]; // = [[5, 6], [7, 8], [9]]
 */
export class DataLoader<T, B = T[]> implements Iterable<B> {
  readonly dataset: Dataset<T>;
  readonly #options: DataLoaderOptions<T, B>;

  /** @throws SeqgradError `range` for a batch size below 1, `value` for an empty dataset, or one that dropLast leaves nothing of */
  constructor(dataset: Dataset<T>, options: DataLoaderOptions<T, B>) {
    checkOptions("DataLoader", options ?? null, loaderNames, "give them, as in new DataLoader(items, { batch: 32 }).");
    const { batch, dropLast = false, shuffle = false, seed = 0, ...functions } = options;
    checkInteger("DataLoader", "batch", batch, 1);
    new RandomGenerator(seed); // refuses what is not one
    checkBoolean("DataLoader", "shuffle", shuffle);
    checkBoolean("DataLoader", "dropLast", dropLast);
    if (typeof dataset?.at !== "function")
      throw new SeqgradError("value", "DataLoader: the dataset has no at(); give an array, or { length, at(i) }.");
    if (checkInteger("DataLoader", "the dataset's length", dataset.length, 0, MOST_ITEMS) === 0)
      throw new SeqgradError("value", "DataLoader: the dataset is empty; give at least one item.");
    for (const name of ["collate", "bucketBy"] as const)
      if (functions[name] !== undefined) checkFunction("DataLoader", name, functions[name]);
    if (dropLast && dataset.length < batch) {
      const advice = "give a smaller batch, or leave dropLast out";
      throw new SeqgradError("value", `DataLoader: dropLast leaves no batch of ${batch} of the ${dataset.length} items; ${advice}.`);
    }
    this.dataset = dataset;
    this.#options = options;
  }

  /** The number of batches in an epoch. */
  get length(): number {
    const { batch, dropLast = false } = this.#options;
    const batches = this.dataset.length / batch;
    return dropLast ? Math.floor(batches) : Math.ceil(batches);
  }

  /**
   * Returns the batches of one epoch, to be iterated with `for .. of`, or with `for await .. of` if the dataset returns promises.
   *
   * @param n the epoch, from 0
   * @param start the first batch; default 0
   * @returns the batches
   */
  epoch(n: number, start = 0): Iterable<B> & AsyncIterable<B> {
    checkInteger("DataLoader.epoch", "n", n, 0, 2 ** 32 - 2);
    checkInteger("DataLoader.epoch", "start", start);
    const { dataset } = this;
    const collate = this.#options.collate ?? ((items) => items as B);
    const batches = () => this.#batches(n);
    return {
      *[Symbol.iterator]() {
        for (const batch of finish(batches()).slice(start)) yield collate(batch.map((i) => atOnce(dataset, i)));
      },
      async *[Symbol.asyncIterator]() {
        for (const batch of (await inTurns(batches())).slice(start))
          yield collate(await Promise.all(batch.map(async (i) => present(await dataset.at(i), i))));
      },
    };
  }

  /**
   * Iterates epoch 0.
   *
   * @returns the batches
   */
  [Symbol.iterator](): Iterator<B> {
    return this.epoch(0)[Symbol.iterator]();
  }

  /** The numbers of the items of each batch. */
  *#batches(epoch: number): Pieces<number[][]> {
    const { batch, shuffle = false, seed = 0, bucketBy, dropLast = false } = this.#options;
    const generator = new RandomGenerator(seed);
    // Batches of windows draw from the blocks with step + 1 in the upper word; so does an epoch.
    generator.restore({ ...generator.state, counter1: epoch + 1 });
    const order = Array.from({ length: this.dataset.length }, (_, i) => i);
    if (shuffle) generator.shuffle(order);
    if (bucketBy) {
      const items: { i: number; length: number }[] = [];
      for (const i of order) {
        items.push({ i, length: checkFinite("DataLoader", "a length by bucketBy", bucketBy(atOnce(this.dataset, i))) });
        yield;
      }
      for (let from = 0; from < order.length; from += CHUNK * batch) {
        const chunk = items.slice(from, from + CHUNK * batch).sort((a, b) => a.length - b.length);
        for (const [k, { i }] of chunk.entries()) order[from + k] = i;
      }
    }
    const batches: number[][] = [];
    for (let from = 0; from < order.length; from += batch) batches.push(order.slice(from, from + batch));
    // One that is not whole stays the last.
    const short = order.length % batch > 0 ? batches.pop() : undefined;
    if (shuffle && bucketBy) generator.shuffle(batches);
    if (short && !dropLast) batches.push(short);
    return batches;
  }
}

/** The item, when it is there. */
function present<T>(item: T | undefined, i: number): T {
  if (item === undefined)
    throw new SeqgradError("value", `DataLoader: the dataset's at(${i}) is undefined; expected an item for each i below its length.`);
  return item;
}

function atOnce<T>(dataset: Dataset<T>, i: number): T {
  const item = dataset.at(i);
  if (!(item instanceof Promise)) return present(item, i);
  item.catch(() => {});
  throw new SeqgradError("value", "DataLoader: the dataset answers promises; iterate with for await .. of, without bucketBy.");
}

/**
 * Splits items into three parts: the shares `validation` and `test`, each rounded to whole items, and the rest, to train on.
 *
 * @param items the items
 * @param options `validation` and `test`: shares in [0, 1], default 0. `seed`: shuffles the items first; without one they keep their order,
 *   as a time series needs
 * @returns the parts
 * @throws SeqgradError `range` unless the shares are in [0, 1] and leave something to train on
 * @example
 * const { train, validation, test } = sg.data.splitItems([1, 2, 3, 4, 5], { validation: 0.2, test: 0.2 });
 * [train, validation, test]; // = [[1, 2, 3], [4], [5]]
 */
export function splitItems<T>(
  items: readonly T[],
  options: { validation?: number; test?: number; seed?: number },
): { train: T[]; validation: T[]; test: T[] } {
  checkArray("splitItems", "the first argument", items, "an array of items");
  checkOptions("splitItems", options ?? null, ["validation", "test", "seed"], "give the shares, as in splitItems(items, { test: 0.2 }).");
  const { validation = 0, test = 0, seed } = options;
  checkInterval("splitItems", "validation", validation, 0, 1);
  checkInterval("splitItems", "test", test, 0, 1);
  const order = seed === undefined ? [...items] : new RandomGenerator(seed).shuffle([...items]);
  const [heldBack, tested] = [Math.round(items.length * validation), Math.round(items.length * test)];
  const end = items.length - heldBack - tested;
  if (end < 1)
    throw new SeqgradError("range", `splitItems: shares of ${validation} and ${test} of ${items.length} items leave none to train on.`);
  return { train: order.slice(0, end), validation: order.slice(end, end + heldBack), test: order.slice(end + heldBack) };
}

export interface LengthStatistics {
  readonly count: number;
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  readonly median: number;
  /** Nineteen of twenty are not longer than this. */
  readonly p95: number;
}

/**
 * Measures the lengths of sequences, to choose a sensible limit.
 *
 * @param sequences texts, lists or anything with a length
 * @returns the least, most, mean and median length, and the one that 95 % do not exceed
 * @throws SeqgradError `value` for none
 * @example
 * sg.data.lengthStatistics([[1], [1, 2], [1, 2, 3]]).median; // = 2
 */
export function lengthStatistics(sequences: Iterable<{ readonly length: number }>): LengthStatistics {
  checkIterable("lengthStatistics", "the first argument", sequences, "a list of sequences");
  const lengths = Array.from(sequences, (one) => checkInteger("lengthStatistics", "a length", one?.length)).sort((a, b) => a - b);
  if (lengths.length === 0) throw new SeqgradError("value", "lengthStatistics: the list of sequences is empty; give at least one.");
  const quantile = (share: number) => nth(lengths, Math.max(0, Math.ceil(share * lengths.length) - 1));
  const mean = lengths.reduce((a, b) => a + b) / lengths.length;
  return { count: lengths.length, least: quantile(0), most: quantile(1), mean, median: quantile(0.5), p95: quantile(0.95) };
}

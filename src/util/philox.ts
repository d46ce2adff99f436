import { checkInteger, checkList, checkObject, shown } from "./check.js";
import { SeqgradError } from "./errors.js";
import { nth } from "./nth.js";

/** Four unsigned 32-bit words, the lowest first where they are one number. */
export type Words4 = readonly [number, number, number, number];
export type Words2 = readonly [number, number];

const TWO32 = 2 ** 32;
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** The upper 32 bits of a 64-bit product: each half product is below 2^48, so float64 holds it exactly. */
function multiplyHigh(a: number, b: number): number {
  return Math.floor((a * (b >>> 16) + Math.floor((a * (b & 0xffff)) / 65536)) / 65536);
}

/**
 * One block of Philox 4x32-10 (Salmon, Moraes, Dror and Shaw 2011, "Parallel random numbers: as easy as 1, 2, 3"): four words
 * that are a function of a 128-bit counter and a 64-bit key. The kernels in assembly/random draw the same.
 */
export function philox(counter: Words4, key: Words2): Words4 {
  let [c0, c1, c2, c3] = counter;
  let [k0, k1] = key;
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(M0, c0);
    const high1 = multiplyHigh(M1, c2);
    const low0 = Math.imul(M0, c0) >>> 0;
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  return [c0, c1, c2, c3];
}

/** counter + n modulo 2^128, n an integer in 0..2^53. */
export function addToCounter(counter: Words4, n: number): Words4 {
  const c0 = counter[0] + (n % TWO32);
  const c1 = counter[1] + Math.floor(n / TWO32) + Number(c0 >= TWO32);
  const c2 = counter[2] + Number(c1 >= TWO32);
  const c3 = counter[3] + Number(c2 >= TWO32);
  return [c0 >>> 0, c1 >>> 0, c2 >>> 0, c3 >>> 0];
}

/** The first n words of the blocks at counter, counter + 1, ..: what the kernel `philox` writes. */
export function philoxWords(n: number, counter: Words4, key: Words2): Uint32Array {
  const words = new Uint32Array(n);
  for (let i = 0; i < n; i += 4) {
    // What is written behind the end is lost.
    [words[i], words[i + 1], words[i + 2], words[i + 3]] = philox(addToCounter(counter, i / 4), key);
  }
  return words;
}

/** A word as a uniform number on [0, 1): its upper 24 bits, which a float32 holds exactly. What `randomUniform` and `dropout` use. */
export function uniformFromWord(word: number): number {
  return (word >>> 8) / 2 ** 24;
}

/**
 * Two words as two independent standard normal numbers, by the method of Box and Muller (1958): r cos theta and r sin theta, where
 * r = sqrt(-2 ln((a + 1) / 2^32)) and theta = 2 pi b / 2^32. As in the kernel `randomNormal`, a is rounded to float32 first.
 */
export function normalsFromWords(a: number, b: number): [number, number] {
  const r = Math.sqrt(-2 * Math.log(Math.fround(Math.fround(a) + 1) / TWO32));
  const theta = (2 * Math.PI * b) / TWO32;
  return [r * Math.cos(theta), r * Math.sin(theta)];
}

/** Normal number i of those that the words make in pairs. */
export function normalAt(words: ArrayLike<number>, i: number): number {
  const [even, odd] = normalsFromWords(nth(words, i - (i % 2)), nth(words, i - (i % 2) + 1));
  return i % 2 === 0 ? even : odd;
}

/** The start of a kernel that draws random numbers: the arguments `key0`, `key1`, `counter0`, `counter1` of its row. */
export interface RandomStart {
  readonly key0: number;
  readonly key1: number;
  readonly counter0: number;
  readonly counter1: number;
}

/**
 * A seeded source of random numbers for the host, and of the counters from which kernels draw theirs. The seed is the key; the
 * position, a 64-bit count of Philox blocks, is the whole of the state.
 * @example
 * const generator = new sg.RandomGenerator(1337);
 * const order = generator.shuffle([0, 1, 2, 3]);
 * const start = generator.next(100); // for a kernel that draws 100 words
 */
export class RandomGenerator {
  #key: Words2;
  #low = 0;
  #high = 0;

  /**
   * seed: an integer in 0..2^53. Throws `value` for anything else.
   *
   * @param seed a whole number in 0..2^53
   * @throws SeqgradError `value` for anything else
   */
  constructor(seed: number) {
    if (!Number.isInteger(seed) || seed < 0 || seed > 2 ** 53) {
      throw new SeqgradError("value", `RandomGenerator: got the seed ${shown(seed)}, expected an integer in 0..2^53.`);
    }
    this.#key = [seed % TWO32, Math.floor(seed / TWO32)];
  }

  /**
   * Reserves ceil(n / 4) blocks, enough for n words.
   *
   * @param n the number of words
   * @returns where they start
   */
  next(n: number): RandomStart {
    checkInteger("RandomGenerator.next", "the number of words", n);
    const start = this.state;
    const [low, high] = addToCounter([this.#low, this.#high, 0, 0], Math.ceil(n / 4));
    this.#low = low;
    this.#high = high;
    return start;
  }

  /**
   * Draws a uniform number with 53 random bits. Takes one block.
   *
   * @returns a number in [0, 1)
   */
  uniform(): number {
    return this.#bits53() / 2 ** 53;
  }

  /**
   * Draws a uniform whole number, each exactly as likely. Takes one block, rarely more.
   *
   * @param n a whole number in 1..2^53
   * @returns a whole number in 0..n-1
   * @throws SeqgradError `value` for another n
   */
  integer(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > 2 ** 53) {
      throw new SeqgradError("value", `RandomGenerator.integer: got ${shown(n)}, expected an integer in 1..2^53.`);
    }
    const bound = 2 ** 53 - (2 ** 53 % n);
    let bits = this.#bits53();
    while (bits >= bound) bits = this.#bits53();
    return bits % n;
  }

  /**
   * Shuffles in place, each order as likely (Fisher and Yates).
   *
   * @param items an array
   * @returns its argument
   */
  shuffle<A extends { [index: number]: unknown; readonly length: number }>(items: A): A {
    checkList("RandomGenerator.shuffle", "its argument", items, "an array");
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      [items[i], items[j]] = [items[j], items[i]];
    }
    return items;
  }

  /** The state as plain numbers, fit for JSON. */
  get state(): RandomStart {
    return { key0: this.#key[0], key1: this.#key[1], counter0: this.#low, counter1: this.#high };
  }

  /**
   * Restores a `state`: the next draws are the ones that followed it.
   *
   * @param state what `state` was
   * @throws SeqgradError `value` if a part is missing or is not an unsigned 32-bit integer
   */
  restore(state: RandomStart): void {
    checkObject("RandomGenerator.restore", "the state", state, "what `state` was");
    const { key0, key1, counter0, counter1 } = state;
    for (const word of [key0, key1, counter0, counter1]) {
      if (typeof word !== "number" || word !== word >>> 0) {
        throw new SeqgradError("value", `RandomGenerator.restore: got ${shown(word)}, expected four unsigned 32-bit integers.`);
      }
    }
    this.#key = [key0, key1];
    this.#low = counter0;
    this.#high = counter1;
  }

  #bits53(): number {
    const { key0, key1, counter0, counter1 } = this.next(4);
    const [a, b] = philox([counter0, counter1, 0, 0], [key0, key1]);
    return a * 2 ** 21 + (b >>> 11);
  }
}

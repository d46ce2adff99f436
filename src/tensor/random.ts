import { checkInteger } from "../util/check.js";
import { RandomGenerator, type RandomStart } from "../util/philox.js";

const generator = new RandomGenerator(0);
let current = generator;

/**
 * Sets the seed of all random numbers from here on: initial weights, dropout, shuffles, sampling. The same seed gives the same numbers on
 * every backend.
 *
 * @param seed a whole number in 0..2^53
 * @throws SeqgradError `range` for another seed
 * @example
 * sg.manualSeed(1337);
 */
export function manualSeed(seed: number): void {
  checkInteger("manualSeed", "seed", seed, 0, 2 ** 53);
  generator.restore(new RandomGenerator(seed).state);
}

/** Reserves random words for a kernel that draws n of them. */
export const drawRandom = (n: number): RandomStart => current.next(n);

/** The generator itself, for the host's own draws and for checkpoints: manualSeed()'s, or within drawingFrom() the one given there. */
export const defaultGenerator = (): RandomGenerator => current;

/** Runs the synchronous `fn` with another generator instead of manualSeed()'s. */
export function drawingFrom<T>(other: RandomGenerator, fn: () => T): T {
  const before = current;
  current = other;
  try {
    return fn();
  } finally {
    current = before;
  }
}

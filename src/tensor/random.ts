import { Generator, type RandomStart } from "../util/philox.js";

const generator = new Generator(0);

/**
 * Sets the seed of everything random from here on: initial weights, dropout, shuffles, sampling. The same seed gives the same numbers
 * on every backend.
 * @example
 * sg.manualSeed(1337);
 */
export function manualSeed(seed: number): void {
  generator.restore(new Generator(seed).state);
}

/** Reserves random words for a kernel that draws n of them. */
export const drawRandom = (n: number): RandomStart => generator.next(n);

/** The generator itself, for the host's own draws and for checkpoints. */
export const defaultGenerator = (): Generator => generator;

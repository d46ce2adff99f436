import type { KernelRow } from "./row.js";

const random = ["n", "key0", "key1", "counter0", "counter1"] as const;

/** Random numbers. */
export const randomRows = {
  // Philox 4x32-10: y[4 i + j] = word j of the block at counter + i (a 128-bit sum), as int32
  philox: { reads: [], writes: ["y"], dims: [...random, "counter2", "counter3"], scalars: [] },
  // uniform on [low, high): low + (high - low) (word >>> 8) / 2^24; element i takes word i mod 4 of block i div 4
  randomUniform: { reads: [], writes: ["y"], dims: random, scalars: ["low", "high"] },
  // normal by Box and Muller: elements 2 i and 2 i + 1 from words 2 i and 2 i + 1
  randomNormal: { reads: [], writes: ["y"], dims: random, scalars: ["mean", "std"] },
  // y = growth x, growth being 1 / (1 - p), where the element's uniform number is >= p, else 0; its own backward; y may alias x
  dropout: { reads: ["x"], writes: ["y"], dims: random, scalars: ["p", "growth"] },
} as const satisfies Record<string, KernelRow>;

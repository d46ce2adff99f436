import { checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions, namesOf } from "../util/options.js";
import { philoxWords } from "../util/philox.js";
import { checkShape, type Shape, sizeOf } from "../util/shape.js";
import { type CreateOptions, tensor } from "./create.js";
import { defaultGenerator, drawRandom } from "./random.js";
import type { Tensor } from "./tensor.js";

export type IntegerOptions = Pick<CreateOptions, "device"> & {
  /** The least number. Default 0. */
  low?: number;
  /** The number after the largest. */
  high: number;
};

const names = namesOf<IntegerOptions>({ device: 1, low: 1, high: 1 });

/**
 * Draws whole numbers from `low` to below `high`, each as likely, from the generator that manualSeed() sets.
 *
 * @param shape the shape
 * @param options `low`, `high` and `device`: see IntegerOptions
 * @returns the tensor, int32
 * @throws SeqgradError `range` unless low < high and both fit int32
 * @example
 * const dice = sg.randint([100], { low: 1, high: 7 });
 */
export function randint(shape: Shape, options: IntegerOptions): Tensor {
  checkShape("randint", shape);
  checkOptions("randint", options ?? null, names, "write randint([2, 3], { high: 10 }).");
  const low = checkInteger("randint", "low", options.low ?? 0, -(2 ** 31), 2 ** 31 - 1);
  const high = checkInteger("randint", "high", options.high, -(2 ** 31), 2 ** 31);
  if (low >= high) throw new SeqgradError("range", `randint: low ${low} is not below high ${high}; raise high.`);
  const n = sizeOf(shape);
  const { key0, key1, counter0, counter1 } = drawRandom(n);
  const words = philoxWords(n, [counter0, counter1, 0, 0], [key0, key1]);
  const share = (high - low) / 2 ** 32;
  return tensor(
    Int32Array.from({ length: n }, (_, i) => low + Math.floor(nth(words, i) * share)),
    shape,
    options.device ? { device: options.device } : {},
  );
}

/**
 * Draws the numbers from 0 to n - 1 in random order, each order as likely, from the generator that manualSeed() sets.
 *
 * @param n the number of numbers
 * @param options `device`: default the default device
 * @returns `[n]`, int32
 * @throws SeqgradError `range` for a count that is not a whole number
 * @example
 * const order = sg.randperm(10);
 */
export function randperm(n: number, options: Pick<CreateOptions, "device"> = {}): Tensor {
  checkShape("randperm", [checkInteger("randperm", "n", n)]);
  checkOptions("randperm", options, ["device"]);
  return tensor(defaultGenerator().shuffle(Int32Array.from({ length: n }, (_, i) => i)), [n], options);
}

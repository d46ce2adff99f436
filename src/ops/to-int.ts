import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { max, min } from "./extremum.js";
import { toFloat, toInt32 } from "./unary.js";

/**
 * Casts the elements to int32, rounded toward zero.
 *
 * @param x of any shape, float32 or int32
 * @returns the shape of x, int32; x itself if it is int32; no gradient flows
 * @throws SeqgradError `range` for NaN and numbers beyond int32; on a device whose data must be awaited, such as WebGPU, NaN becomes 0 and
 *   the rest the nearest int32
 * @example
 * sg.toInt(sg.tensor([1.7, -1.7])); // = [1, -1]
 */
export function toInt(x: Tensor): Tensor {
  if (checkTensor("toInt", x, "x").dtype === "int32") return x;
  if (!x.backend.async && x.size > 0)
    for (const extreme of [min(x), max(x)]) {
      const value = extreme.itemSync();
      extreme.dispose();
      if (!(value > -(2 ** 31) - 1 && value < 2 ** 31))
        throw new SeqgradError("range", `toInt: x holds ${value}, expected numbers from -2147483648 to 2147483647; clamp() it first.`);
    }
  return toInt32({ x }).y;
}

/**
 * The elements as float32; operations that compute do this by themselves.
 *
 * @param x of any shape, float32 or int32
 * @returns a float32 tensor of x's shape; x itself if it is float32
 * @example
 * sg.div(sg.toFloat(sg.tensor(Int32Array.of(1, 3))), 2); // = [0.5, 1.5]
 */
const checkedToFloat = (x: Tensor): Tensor => toFloat(checkTensor("toFloat", x, "x"));

export { checkedToFloat as toFloat };

import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { max, min } from "./extremum.js";
import { toInt32 } from "./unary.js";

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
  if (x.backend.readSync && x.size > 0)
    for (const extreme of [min(x), max(x)]) {
      const value = extreme.itemSync();
      extreme.dispose();
      if (!(value > -(2 ** 31) - 1 && value < 2 ** 31))
        throw new SeqgradError("range", `toInt: x holds ${value}, expected numbers from -2147483648 to 2147483647; clamp() it first.`);
    }
  return toInt32({ x }).y;
}

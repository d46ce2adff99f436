import { checkTensor, type Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { max, min } from "./extremum.js";
import { toInt32 } from "./unary.js";

/**
 * The elements as int32, rounded toward zero.
 * @throws SeqgradError `range` for NaN and what int32 does not hold; where reading must wait, as on WebGPU, NaN becomes 0 and the rest the
 *   nearest number that int32 holds
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

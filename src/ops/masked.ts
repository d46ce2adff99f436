import { checkTensor } from "../tensor/internal.js";
import { checkNumbers } from "../tensor/numbers.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { broadcastShapes, sameShape } from "../util/shape.js";
import { checkTensors, constant } from "./define-op.js";
import { expand } from "./expand.js";
import { indexSelect } from "./gather.js";
import { reshape } from "./views.js";
import { where } from "./where.js";

/**
 * Returns x with `value` where the mask is not 0.
 *
 * @param x of any shape, float32 or int32
 * @param mask of a shape that broadcasts to x; not 0 where the value goes
 * @param value a number, or a tensor of one element
 * @returns the shape of x
 * @throws SeqgradError `shape` for a mask that does not broadcast to x or a value of several elements, `range` for a fraction in int32
 * @example
 * sg.maskedFill(sg.tensor([1, 2, 3]), sg.tensor([0, 1, 0]), -1); // = [1, -1, 3]
 */
export function maskedFill(x: Tensor, mask: Tensor, value: number | Tensor): Tensor {
  checkTensors("maskedFill", [x, mask], ["x", "the mask"]);
  if (!sameShape(broadcastShapes("maskedFill", x.shape, mask.shape), x.shape))
    throw new SeqgradError(
      "shape",
      `maskedFill: the mask of shape ${formatShape(mask.shape)} is larger than x of shape ${formatShape(x.shape)}; expand x first.`,
    );
  if (typeof value === "number") return where(mask, nth(checkNumbers("maskedFill", [value], x.dtype), 0), x);
  checkTensors("maskedFill", [x, value], ["x", "the value"]);
  if (value.size !== 1)
    throw new SeqgradError("shape", `maskedFill: the value has shape ${formatShape(value.shape)}; expected one element, or a number.`);
  return where(mask, reshape(value, []), x);
}

/**
 * Returns the elements of x where the mask is not 0, in row-major order. x and the mask broadcast.
 *
 * The count is known only on the host, so the mask is read there: await the result outside every scope(), and keep x until then.
 *
 * @param x of any shape and dtype
 * @param mask of a shape that broadcasts with x; not 0 for the elements to take
 * @returns `[count]`, the dtype of x
 * @throws SeqgradError `shape` when they do not broadcast, `state` if x is disposed before the mask is read
 * @example
 * const x = sg.tensor([1, 2, 3]);
 * await sg.maskedSelect(x, sg.greater(x, 1)); // = [2, 3]
 */
export async function maskedSelect(x: Tensor, mask: Tensor): Promise<Tensor> {
  checkTensor("maskedSelect", x, "x");
  checkTensors("maskedSelect", [x, mask], ["x", "the mask"]);
  const shape = broadcastShapes("maskedSelect", x.shape, mask.shape);
  const shown = await expand(mask, shape).data();
  const index = Int32Array.from(shown.keys()).filter((i) => shown[i] !== 0);
  const all = expand(x, shape);
  return indexSelect(reshape(all, [all.size]), constant(x, index, [index.length]));
}

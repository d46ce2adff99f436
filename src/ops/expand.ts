import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { broadcastStrides, checkShape, checkSizes, type Shape } from "../util/shape.js";
import { viewOp } from "./define-op.js";
import { sumTo } from "./reduce.js";

/**
 * Repeats dimensions of size 1, and new ones in front, without a copy.
 *
 * @param x of any shape and dtype
 * @param to the new shape; -1 keeps a size
 * @returns the new shape, a view of x
 * @throws SeqgradError `shape` for a dimension that is not of size 1
 * @example
 * sg.expand(sg.tensor([1, 2]), [3, -1]).shape; // = [3, 2]
 */
export function expand(x: Tensor, to: Shape, ...extra: never[]): Tensor {
  const handle = checkTensor("expand", x, "x");
  checkSizes("expand", to, extra);
  const lead = to.length - x.rank;
  const shape = to.map((n, i) => (n === -1 && i >= lead ? nth(x.shape, i - lead) : n));
  if (lead < 0 || !x.shape.every((n, i) => n === 1 || n === shape[i + lead])) {
    throw new SeqgradError(
      "shape",
      `expand: ${formatShape(x.shape)} does not expand to ${formatShape(to)}; only dimensions of size 1 repeat.`,
    );
  }
  checkShape("expand", shape);
  return viewOp("expand", handle, shape, broadcastStrides(x.shape, handle.strides, shape), (dy) => sumTo(dy, x.shape));
}

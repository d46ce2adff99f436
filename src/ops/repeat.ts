import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { checkShape, checkSizes, normalizeAxis, type Shape } from "../util/shape.js";
import { constant } from "./define-op.js";
import { expand } from "./expand.js";
import { indexSelect } from "./gather.js";
import { reshape } from "./views.js";

/**
 * Puts copies of x side by side.
 *
 * @param x of any shape and dtype
 * @param repeats the number of copies along each dimension; numbers before the dimensions of x make new dimensions in front
 * @returns the shape of x, times the repeats
 * @throws SeqgradError `shape` for fewer repeats than dimensions or repeats that are not whole numbers, `memory`
 * @see PyTorch's Tensor.repeat
 * @example
 * sg.repeat(sg.tensor([1, 2]), [2, 2]); // = [[1, 2, 1, 2], [1, 2, 1, 2]]
 */
export function repeat(x: Tensor, repeats: readonly number[], ...extra: never[]): Tensor {
  checkTensor("repeat", x, "x");
  checkSizes("repeat", repeats, extra);
  const lead = repeats.length - x.rank;
  if (lead < 0)
    throw new SeqgradError(
      "shape",
      `repeat: the repeats ${formatShape(repeats)} are fewer than the dimensions of ${formatShape(x.shape)}; give a number for each.`,
    );
  checkShape("repeat", repeats);
  const sizes: Shape = [...new Array<number>(lead).fill(1), ...x.shape];
  checkShape(
    "repeat",
    sizes.map((n, i) => n * nth(repeats, i)),
  );
  // Each dimension n becomes [repeats, n], of which the first is a view.
  const ones = reshape(
    x,
    sizes.flatMap((n) => [1, n]),
  );
  const copies = expand(
    ones,
    sizes.flatMap((n, i) => [nth(repeats, i), n]),
  );
  return reshape(
    copies,
    sizes.map((n, i) => n * nth(repeats, i)),
  );
}

/**
 * Repeats each slice along `axis` several times in a row; without an axis, each element of x in row-major order.
 *
 * @param x of any shape and dtype
 * @param repeats a number, or one for each slice
 * @param options `axis`: the dimension; default all elements
 * @returns the shape of x with the sum of the repeats along the axis; without an axis one dimension
 * @throws SeqgradError `range` for an axis that is not there or repeats that are not whole numbers, `shape` for another number of repeats
 * @example
 * sg.repeatInterleave(sg.tensor([1, 2]), 2); // = [1, 1, 2, 2]
 * sg.repeatInterleave(sg.tensor([1, 2]), [1, 3]); // = [1, 2, 2, 2]
 */
export function repeatInterleave(x: Tensor, repeats: number | readonly number[], options: { axis?: number } = {}): Tensor {
  checkTensor("repeatInterleave", x, "x");
  checkOptions("repeatInterleave", options, ["axis"]);
  const { axis } = options;
  const slices = axis === undefined ? reshape(x, [x.size]) : x;
  const at = normalizeAxis("repeatInterleave", axis ?? 0, slices.rank);
  const n = nth(slices.shape, at);
  const counts =
    typeof repeats === "number"
      ? new Array<number>(n).fill(checkInteger("repeatInterleave", "repeats", repeats))
      : checkArray("repeatInterleave", "repeats", repeats, "a number, or an array of one for each slice");
  for (const [i, count] of counts.entries()) checkInteger("repeatInterleave", `repeats[${i}]`, count);
  if (counts.length !== n)
    throw new SeqgradError("shape", `repeatInterleave: got ${counts.length} repeats for ${n} slices; give one for each, or one number.`);
  const total = counts.reduce((a, b) => a + b, 0);
  checkShape("repeatInterleave", slices.shape.with(at, total));
  const index = new Int32Array(total);
  let end = 0;
  for (const [i, count] of counts.entries()) {
    index.fill(i, end, end + count);
    end += count;
  }
  return indexSelect(slices, constant(slices, index, [total]), { axis: at });
}

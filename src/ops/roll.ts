import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkArray, checkInteger } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { nth } from "../util/nth.js";
import { checkOptions } from "../util/options.js";
import { normalizeAxis } from "../util/shape.js";
import { concat } from "./copy.js";
import { reshape, slice } from "./views.js";

/**
 * Moves the elements by `shifts` places along `axis`; elements that leave at one end come in at the other. Negative shifts move back.
 *
 * @param x of any shape and dtype
 * @param shifts a whole number, or one for each axis
 * @param options `axis`: the dimension or dimensions; default all elements in row-major order
 * @returns the shape of x
 * @throws SeqgradError `range` for an axis that is not there or a shift that is not a whole number, `value` for more shifts than axes
 * @example
 * sg.roll(sg.tensor([1, 2, 3, 4]), 1); // = [4, 1, 2, 3]
 */
export function roll(x: Tensor, shifts: number | readonly number[], options: { axis?: number | readonly number[] } = {}): Tensor {
  checkTensor("roll", x, "x");
  checkOptions("roll", options, ["axis"]);
  const { axis } = options;
  const all = typeof shifts === "number" ? [shifts] : checkArray("roll", "shifts", shifts, "a number, or an array of one for each axis");
  for (const shift of all) checkInteger("roll", "a shift", shift, Number.MIN_SAFE_INTEGER);
  const axes = axis === undefined ? [0] : [axis].flat().map((a) => normalizeAxis("roll", a, x.rank));
  if (all.length !== axes.length)
    throw new SeqgradError("value", `roll: got ${all.length} shifts for ${axes.length} axes; give one for each.`);
  if (axis === undefined) return reshape(rolled(reshape(x, [x.size]), 0, nth(all, 0)), x.shape);
  return axes.reduce((y, at, i) => rolled(y, at, nth(all, i)), x);
}

function rolled(x: Tensor, axis: number, shift: number): Tensor {
  const n = nth(x.shape, axis);
  const start = n > 0 ? ((-shift % n) + n) % n : 0;
  return start === 0 ? x : concat([slice(x, { axis, start }), slice(x, { axis, end: start })], { axis });
}

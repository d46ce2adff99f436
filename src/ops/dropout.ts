import { checkTensor } from "../tensor/internal.js";
import { drawRandom } from "../tensor/random.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean, checkInterval } from "../util/check.js";
import type { RandomStart } from "../util/philox.js";
import { addSamples, defineOp } from "./define-op.js";
import { toFloat } from "./unary.js";

/** The factor of the elements that stay: 1 / (1 - p); 0 if none stays. */
export const growthOf = (p: number): number => (p < 1 ? 1 / (1 - p) : 0);

interface Attrs extends RandomStart {
  readonly p: number;
}

const dropoutOp = defineOp({
  name: "dropout",
  inputs: ["x"],
  shape: ({ x }) => ({ y: x.shape }),
  forward: (run, { x }, { y }, attrs: Attrs) => run("dropout", { x, y, n: x.size, ...attrs, growth: growthOf(attrs.p) }),
  // The mask is drawn again from the same position rather than stored.
  backward({ run, dOutputs: { y: dy }, attrs, gradientLike }) {
    const dx = gradientLike("x");
    run("dropout", { x: dy, y: dx, n: dx.size, ...attrs, growth: growthOf(attrs.p) });
    return { x: dx };
  },
});
addSamples(dropoutOp, () => [
  { inputs: { x: [7] }, attrs: { p: 0.5, key0: 1, key1: 2, counter0: 3, counter1: 4 } },
  { inputs: { x: [33, 65] }, attrs: { p: 0.1, key0: 7, key1: 0, counter0: 0, counter1: 0 } },
]);

/** The same from a given position of the generator. */
export const dropoutFrom = (x: Tensor, attrs: Attrs): Tensor => dropoutOp({ x }, attrs).y;

/**
 * Zeroes each element with probability p while training, from the generator that manualSeed() sets.
 *
 * y = x m / (1 - p), where m is 0 with probability p, else 1
 *
 * @param x of any shape, float32
 * @param p the probability of zeroing an element, in [0, 1]; default 0.5
 * @param training false returns x itself; default true
 * @returns the shape of x
 * @throws SeqgradError `range` unless p is in [0, 1]
 * @see Srivastava et al. 2014, "Dropout"
 * @example
 * const y = sg.dropout(sg.ones([4, 8]), 0.1); // a tenth of it 0, the rest 1 / 0.9
 */
export function dropout(x: Tensor, p = 0.5, training = true): Tensor {
  checkTensor("dropout", x, "x");
  checkInterval("dropout", "p", p, 0, 1);
  checkBoolean("dropout", "training", training);
  return training && p > 0 ? dropoutFrom(toFloat(x), { p, ...drawRandom(x.size) }) : x;
}

import { type BinaryOp, binaryOps } from "../backend/kernels.js";
import { planStrided } from "../tensor/layout.js";
import type { Tensor } from "../tensor/tensor.js";
import { broadcastShapes, broadcastStrides, stridesOf } from "../util/shape.js";
import { defineOp, type Sample } from "./define-op.js";
import { sumTo } from "./reduce.js";
import { affine, log, neg, operand, powScalar } from "./unary.js";
import { where } from "./where.js";

/** dLoss/da and dLoss/db of y = f(a, b), before the sums that undo broadcasting. */
type Gradient = (dy: Tensor, a: Tensor, b: Tensor, y: Tensor, needs: (i: number) => boolean) => (Tensor | undefined)[];

const positive = (shape: readonly number[]) => ({ shape, from: 0.3, to: 3 });
const samples: Sample<null>[] = [
  [[1], [1]],
  [
    [3, 5],
    [3, 5],
  ],
  [
    [4, 1, 7],
    [2, 1],
  ],
  [[33, 17], [17]],
  [[], [9]],
  [
    [2, 3, 1, 2, 3, 2],
    [3, 5, 1, 3, 1],
  ],
].map(([a, b]) => ({ inputs: [positive(a!), positive(b!)], attrs: null }));

/** One operation of the binary family, with broadcasting. */
function binary(name: BinaryOp, gradient?: Gradient) {
  const op = binaryOps.indexOf(name);
  const run = defineOp<null>({
    name,
    strided: true,
    shape: ([a, b]) => [broadcastShapes(name, a!.shape, b!.shape)],
    forward(run, inputs, [y]) {
      if (y!.size === 0) return;
      const [a, b] = inputs as [Tensor, Tensor];
      const views = [a, b].map((x) => broadcastStrides(x.shape, x.strides, y!.shape));
      const { dims, strides, blocks } = planStrided(y!.shape, [...views, stridesOf(y!.shape)]);
      const [d0, d1, d2, d3] = dims;
      const [[as0, as1, as2, as3], [bs0, bs1, bs2, bs3]] = strides as [(typeof strides)[0], (typeof strides)[0]];
      for (const [ao, bo, yo] of blocks as [number, number, number][]) {
        const at = { a: a.address + ao * 4, b: b.address + bo * 4, y: y!.address + yo * 4 };
        run("binary", { ...at, op, d0, d1, d2, d3, as0, as1, as2, as3, bs0, bs1, bs2, bs3 });
      }
    },
    ...(gradient && {
      backward: ({ inputs: [a, b], outputs: [y], dOutputs: [dy], needs }) => {
        const [da, db] = gradient(dy!, a!, b!, y!, needs);
        return [needs(0) && da ? sumTo(da, a!.shape) : undefined, needs(1) && db ? sumTo(db, b!.shape) : undefined];
      },
    }),
    samples,
  });
  return (a: Tensor | number, b: Tensor | number): Tensor => run([operand(a, b), operand(b, a)], null)[0]!;
}

/** 1 where a is picked, 1/2 on a tie. */
const share = (a: Tensor, b: Tensor) => add(greater(a, b), affine(equal(a, b), 0.5));
const byShare = (dy: Tensor, picked: Tensor) => [mul(dy, picked), mul(dy, affine(picked, -1, 1))];

/**
 * a + b, elementwise, with broadcasting; either may be a number.
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.add(sg.fromArray([[1], [2]]), sg.tensor([10, 20])); // = [[11, 21], [12, 22]]
 */
export const add = binary("add", (dy) => [dy, dy]);
/** a - b, elementwise, with broadcasting; either may be a number. */
export const sub = binary("sub", (dy, _a, _b, _y, needs) => [dy, needs(1) ? neg(dy) : undefined]);
/** a b, elementwise, with broadcasting; either may be a number. */
export const mul = binary("mul", (dy, a, b, _y, needs) => [needs(0) ? mul(dy, b) : undefined, needs(1) ? mul(dy, a) : undefined]);
/** a / b, elementwise, with broadcasting; either may be a number. */
export const div = binary("div", (dy, _a, b, y, needs) => {
  const da = div(dy, b);
  return [da, needs(1) ? neg(mul(da, y)) : undefined];
});
const general = binary("pow", (dy, a, b, y, needs) => [
  needs(0) ? mul(dy, where(equal(b, 0), 0, mul(b, general(a, sub(b, 1))))) : undefined,
  needs(1) ? mul(dy, where(equal(y, 0), 0, mul(y, log(a)))) : undefined,
]);
/** a^b, elementwise, with broadcasting; either may be a number. */
export const pow = (a: Tensor | number, b: Tensor | number): Tensor =>
  typeof b === "number" && typeof a !== "number" ? powScalar(a, b) : general(a, b);
/**
 * The larger of two, elementwise; NaN wins; the gradient of a tie is shared.
 * @throws SeqgradError `shape` when they do not broadcast
 * @example
 * sg.maximum(sg.tensor([1, 5]), 3); // = [3, 5]
 */
export const maximum = binary("maximum", (dy, a, b) => byShare(dy, share(a, b)));
/** The smaller of two, elementwise; NaN wins; the gradient of a tie is shared. */
export const minimum = binary("minimum", (dy, a, b) => byShare(dy, share(b, a)));
/** 1 where a = b, else 0, elementwise, with broadcasting; no gradient flows. */
export const equal = binary("equal");
/** 1 where a != b, else 0, elementwise, with broadcasting; no gradient flows. */
export const notEqual = binary("notEqual");
/** 1 where a < b, else 0, elementwise, with broadcasting; no gradient flows. */
export const less = binary("less");
/** 1 where a <= b, else 0, elementwise, with broadcasting; no gradient flows. */
export const lessEqual = binary("lessEqual");
/** 1 where a > b, else 0, elementwise, with broadcasting; no gradient flows. */
export const greater = binary("greater");
/** 1 where a >= b, else 0, elementwise, with broadcasting; no gradient flows. */
export const greaterEqual = binary("greaterEqual");

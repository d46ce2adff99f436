import { type ReduceOp, reduceOps } from "../backend/kernels.js";
import { checkTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean } from "../util/check.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { checkOptions, namesOf } from "../util/options.js";
import { dimsOf, normalizeAxis, type Shape, sameShape, sizeOf } from "../util/shape.js";
import { addSamples, type BackwardContext, contiguous, defineOp } from "./define-op.js";
import { affine, toFloat } from "./unary.js";
import { permute, reshape } from "./views.js";

export interface ReduceOptions {
  /** The dimension or dimensions to reduce; all when absent. Negative counts from the end. */
  axis?: number | readonly number[];
  /** Keep each reduced dimension, of size 1. */
  keepDims?: boolean;
}

/** x read as [outer, n, inner], of which n is reduced. */
interface Span {
  readonly outer: number;
  readonly n: number;
  readonly inner: number;
  /** Of the result; [outer, 1, inner] when absent. */
  readonly shape?: Shape;
}

export const reduceNames = namesOf<ReduceOptions>({ axis: 1, keepDims: 1 });

/** Throws unless x is a tensor and the options are known: the options of a reduction, or the given names. */
export function checkReduction(op: string, x: Tensor, options: ReduceOptions, known = reduceNames, advice?: string): void {
  checkTensor(op, x, "x");
  checkOptions(op, options, known, advice);
  checkBoolean(op, "keepDims", options.keepDims ?? false);
}

export type ReductionGradient = (x: Tensor, y: Tensor, dy: Tensor) => Tensor;

const spans = [
  { outer: 1, n: 5, inner: 1 },
  { outer: 3, n: 100, inner: 1 },
  { outer: 2, n: 33, inner: 17 },
];
const shapeOf = ({ outer, n, inner }: Span) => [outer, n, inner];
const samples = () => spans.map((attrs) => ({ inputs: { x: shapeOf(attrs) }, attrs }));
const integerSamples = () =>
  spans.map((attrs) => ({
    inputs: { x: { shape: shapeOf(attrs), below: 2 ** 31, least: -(2 ** 31) } },
    attrs,
  }));

/** One operation of the reduction family on [outer, n, inner] -> [outer, 1, inner]; the gradient is broadcast back. Without: of int32. */
/* @__NO_SIDE_EFFECTS__ */
export function reductionOp(name: ReduceOp, gradient?: ReductionGradient) {
  const op = reduceOps.indexOf(name);
  const call = defineOp({
    name,
    inputs: ["x"],
    shape(_inputs, { outer, n, inner, shape = [outer, 1, inner] }: Span) {
      const shown = name.replace("Int32", "");
      if (n === 0 && (shown === "max" || shown === "min")) {
        throw new SeqgradError("shape", `${shown}: there is no ${shown} of 0 elements; reduce a dimension that is not empty.`);
      }
      return { y: shape };
    },
    dtypes: () => ({ y: gradient ? "float32" : "int32" }),
    forward: (run, { x }, { y }, { outer, n, inner }) => run("reduce", { x, y, op, outer, n, inner }),
    ...(gradient && {
      backward({ inputs: { x }, outputs: { y }, dOutputs: { y: dy }, attrs }: BackwardContext<"x", never, { y: Shape }, never, Span>) {
        const { outer, inner } = attrs;
        const spread = dy.view(shapeOf(attrs), [inner, 0, 1], dy.offset);
        return { x: reshape(gradient(reshape(x, shapeOf(attrs)), reshape(y, [outer, 1, inner]), spread), x.shape) };
      },
    }),
  });
  addSamples(call, gradient ? samples : integerSamples);
  return call;
}

/** The operation over the dimensions that options name; `exact` is its form for int32, which else becomes float32. */
/* @__NO_SIDE_EFFECTS__ */
export function reduction(name: ReduceOp, reduce: ReturnType<typeof reductionOp>, exact?: ReturnType<typeof reductionOp>) {
  return (x: Tensor, options: ReduceOptions = {}): Tensor => {
    checkReduction(name, x, options);
    const { x: arranged, axes, span } = arrange(name, exact ? x : toFloat(x), options);
    return (exact && arranged.dtype === "int32" ? exact : reduce)(
      { x: arranged },
      { shape: reducedShape(x.shape, axes, options.keepDims), ...span },
    ).y;
  };
}

/** Brings the reduced dimensions side by side: where they are not, they move to the end. */
export function arrange(name: string, x: Tensor, { axis }: ReduceOptions): { x: Tensor; axes: number[]; span: Span } {
  const all = x.shape.map((_, i) => i);
  const axes = axis === undefined ? all : [axis].flat().map((a) => normalizeAxis(name, a, x.rank));
  if (new Set(axes).size < axes.length) throw new SeqgradError("value", `${name}: axis ${formatShape(axes)} names a dimension twice.`);
  axes.sort((a, b) => a - b);
  const first = axes[0] ?? 0;
  const last = axes.at(-1) ?? -1;
  const adjacent = last - first + 1 === axes.length;
  const rest = all.filter((i) => !axes.includes(i));
  const moved = adjacent ? x : permute(x, [...rest, ...axes]);
  const sizesOf = (kept: readonly number[]) => sizeOf(x.shape.filter((_, i) => kept.includes(i)));
  const n = sizesOf(axes);
  const inner = adjacent ? sizeOf(x.shape.slice(last + 1)) : 1;
  return { x: moved, axes, span: { outer: sizesOf(rest) / (inner || 1), n, inner } };
}

export function reducedShape(shape: readonly number[], axes: readonly number[], keepDims = false): number[] {
  return shape.flatMap((n, i) => (axes.includes(i) ? (keepDims ? [1] : []) : [n]));
}

const sumOf = reductionOp("sum", (_x, _y, dy) => dy);
/**
 * Adds up all elements, or the elements along `axis`. Of int32 the sum is int32 and wraps around beyond 2^31 - 1; take toFloat(x) if it may
 * be larger.
 *
 * @param x the input, of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.sum(sg.fromArray([[1, 2], [3, 4]]), { axis: 0 }); // = [4, 6]
 */
export const sum = reduction("sum", sumOf, reductionOp("sumInt32"));
/**
 * Averages all elements, or the elements along `axis`; NaN of none.
 *
 * @param x the input, of any shape, float32 or int32
 * @param options `axis` and `keepDims`: see ReduceOptions
 * @returns the shape of x without the reduced dimensions, float32
 * @throws SeqgradError `range` for an axis that is not there
 * @example
 * sg.mean(sg.fromArray([[1, 2], [3, 4]]), { axis: -1, keepDims: true }); // = [[1.5], [3.5]]
 */
export const mean = reduction(
  "mean",
  reductionOp("mean", (x, _y, dy) => affine(contiguous(dy), 1 / dimsOf(x.shape, 3)[1])),
);
/** Sums a gradient over the dimensions that broadcasting repeated, back to `shape`. */
export function sumTo(x: Tensor, shape: readonly number[]): Tensor {
  if (sameShape(x.shape, shape)) return x;
  const lead = x.rank - shape.length;
  const repeated = (i: number) => i < lead || (shape[i - lead] === 1 && x.shape[i] !== 1);
  // One run of repeated dimensions, as nearly always, is one kernel call.
  let [outer, n, inner] = [1, 1, 1];
  for (const [i, size] of x.shape.entries()) {
    if (!repeated(i)) {
      if (n === 1) outer *= size;
      else inner *= size;
    } else if (inner === 1) n *= size;
    else return reshape(sum(x, { axis: x.shape.flatMap((_, axis) => (repeated(axis) ? [axis] : [])), keepDims: true }), shape);
  }
  return sumOf({ x }, { outer, n, inner, shape }).y;
}

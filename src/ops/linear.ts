import { reduceOps } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { dimsOf, rowsOf } from "../util/shape.js";
import { add } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { gemm, matmul } from "./matmul.js";
import { transpose } from "./views.js";

const linearOp = defineOp({
  name: "linear",
  inputs: ["x", "weight"],
  optional: ["bias"],
  kernels: ["gemm", "reduce"],
  shape({ x, weight, bias }) {
    const [out, features] = dimsOf(weight.shape, 2);
    if (weight.rank !== 2 || x.rank === 0 || x.shape.at(-1) !== features) {
      throw new SeqgradError(
        "shape",
        `linear: x ${formatShape(x.shape)} with weight ${formatShape(weight.shape)}: the weight is [out, in] and x must end in ${features}.`,
      );
    }
    if (bias && (bias.rank !== 1 || bias.size !== out)) {
      throw new SeqgradError(
        "shape",
        `linear: the bias has shape ${formatShape(bias.shape)}; expected [${out}], as the weight is ${formatShape(weight.shape)}.`,
      );
    }
    if (x.dtype !== "float32")
      throw new SeqgradError(
        "dtype",
        `linear: x is ${x.dtype}; expected float32. Cast with toFloat(), or look indices up with embedding().`,
      );
    return { y: [...x.shape.slice(0, -1), out] };
  },
  compose({ x, weight, bias }) {
    const y = matmul(x, transpose(weight));
    return { y: bias ? add(y, bias) : y };
  },
  forward(run, { x, weight, bias }, { y }) {
    const [n, k] = dimsOf(weight.shape, 2);
    gemm(run, { a: x, b: weight, bias, y, m: rowsOf(x.shape).rows, n, k, transB: true, lda: k, ldb: k });
  },
  backward({ run, inputs: { x, weight }, dOutputs: { y: dy }, accumulator, gradientLike }) {
    const [out, features] = dimsOf(weight.shape, 2);
    const { rows } = rowsOf(x.shape);
    const dx = gradientLike("x");
    if (dx) gemm(run, { a: dy, b: weight, y: dx, m: rows, n: features, k: out, lda: out, ldb: features });
    const dWeight = accumulator("weight");
    if (dWeight) gemm(run, { a: dy, b: x, y: dWeight, m: out, n: features, k: rows, transA: true, lda: out, ldb: features, beta: 1 });
    const dBias = accumulator("bias");
    if (dBias) run("reduce", { x: dy, y: dBias, op: reduceOps.indexOf("addSum"), outer: 1, n: rows, inner: out });
    return { x: dx };
  },
});
addSamples(linearOp, () => [
  { inputs: { x: [1, 1], weight: [1, 1], bias: [1] } },
  { inputs: { x: [4, 3, 7], weight: [5, 7], bias: [5] } },
  { inputs: { x: [9, 64], weight: [100, 64] } },
  { inputs: { x: [64, 257], weight: [64, 257], bias: [64] } },
]);

/**
 * Applies a linear map to the last dimension.
 *
 * y = x W^T + b
 *
 * @param x `[..., D]`, float32
 * @param weight W `[H, D]`, float32
 * @param bias b `[H]`; default none
 * @returns `[..., H]`
 * @throws SeqgradError `shape` or `dtype` when they do not fit
 * @example
 * sg.linear(sg.tensor([1, 2]), sg.fromArray([[1, 1], [0, 3]]), sg.tensor([10, 0])); // = [13, 6]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return linearOp({ x, weight, bias }).y;
}

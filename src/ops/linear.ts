import { reduceOps } from "../backend/kernels.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { sizeOf } from "../util/shape.js";
import { add } from "./binary.js";
import { defineOp } from "./define-op.js";
import { gemm, matmul } from "./matmul.js";
import { transpose } from "./views.js";

const linearOp = defineOp<null>({
  name: "linear",
  kernels: ["gemm", "reduce"],
  shape([x, weight, bias]) {
    const [out, features] = weight!.shape;
    if (weight!.rank !== 2 || x!.rank === 0 || x!.shape.at(-1) !== features) {
      throw new SeqgradError(
        "shape",
        `linear: x ${formatShape(x!.shape)} with weight ${formatShape(weight!.shape)}: the weight is [out, in] and x must end in ${features}.`,
      );
    }
    if (bias && (bias.rank !== 1 || bias.size !== out)) {
      throw new SeqgradError(
        "shape",
        `linear: the bias has shape ${formatShape(bias.shape)}; expected [${out}], as the weight is ${formatShape(weight!.shape)}.`,
      );
    }
    if (x!.dtype !== "float32")
      throw new SeqgradError(
        "dtype",
        `linear: x is ${x!.dtype}; expected float32. Cast with toFloat(), or look indices up with embedding().`,
      );
    return [[...x!.shape.slice(0, -1), out!]];
  },
  compose: ([x, weight, bias]) => {
    const y = matmul(x!, transpose(weight!));
    return [bias ? add(y, bias) : y];
  },
  forward(run, [x, weight, bias], [y]) {
    const [n, k] = weight!.shape as [number, number];
    gemm(run, { a: x!, b: weight!, bias, y: y!, m: sizeOf(x!.shape.slice(0, -1)), n, k, transB: true, lda: k, ldb: k });
  },
  backward({ run, inputs: [x, weight, bias], dOutputs: [dy], needs, accumulator, gradientLike }) {
    const [out, features] = weight!.shape as [number, number];
    const rows = sizeOf(x!.shape.slice(0, -1));
    const dx = gradientLike(0);
    if (dx) gemm(run, { a: dy!, b: weight!, y: dx, m: rows, n: features, k: out, lda: out, ldb: features });
    if (needs(1)) {
      gemm(run, { a: dy!, b: x!, y: accumulator(1), m: out, n: features, k: rows, transA: true, lda: out, ldb: features, beta: 1 });
    }
    if (bias && needs(2)) run("reduce", { x: dy!, y: accumulator(2), op: reduceOps.indexOf("addSum"), outer: 1, n: rows, inner: out });
    return [dx];
  },
  samples: [
    { inputs: [[1, 1], [1, 1], [1]], attrs: null },
    { inputs: [[4, 3, 7], [5, 7], [5]], attrs: null },
    {
      inputs: [
        [9, 64],
        [100, 64],
      ],
      attrs: null,
    },
    { inputs: [[64, 257], [64, 257], [64]], attrs: null },
  ],
});

/**
 * y = x W^T + b.
 *
 * @param x `[..., in]`
 * @param weight `[out, in]`
 * @param bias `[out]`, or none
 * @returns `[..., out]`
 * @throws SeqgradError `shape` or `dtype` when they do not fit
 * @example
 * sg.linear(sg.tensor([1, 2]), sg.fromArray([[1, 1], [0, 3]]), sg.tensor([10, 0])); // = [13, 6]
 */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return linearOp(bias === undefined ? [x, weight] : [x, weight, bias], null)[0]!;
}

import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { defineOp } from "./define-op.js";
import { gemm, matmul } from "./matmul.js";

const sizes = (weights: Tensor, values: Tensor) => {
  const [batch, m, k] = weights.shape as [number, number, number];
  return { batch, m, k, n: values.shape[2]! };
};

const attendOp = defineOp<null>({
  name: "attend",
  kernels: ["gemm"],
  shape([weights, values]) {
    const [B, T, S] = weights!.shape as [number, number, number];
    const { rank, shape, dtype } = values!;
    if (rank !== 3 || shape[0] !== B || shape[1] !== S || dtype !== "float32") {
      throw new SeqgradError(
        "shape",
        `attend: the values are ${dtype} ${formatShape(shape)}; expected float32 [${B}, ${S}, E], a row a key.`,
      );
    }
    return [[B, T, shape[2]!]];
  },
  compose: ([weights, values]) => [matmul(weights!, values!)],
  forward(run, [weights, values], [context]) {
    const { batch, m, n, k } = sizes(weights!, values!);
    gemm(run, { a: weights!, b: values!, y: context!, batch, m, n, k, lda: k, ldb: n, strideA: m * k, strideB: k * n });
  },
  backward({ run, inputs: [weights, values], dOutputs: [dy], needs, accumulator, gradientLike }) {
    const { batch, m, n, k } = sizes(weights!, values!);
    const dWeights = gradientLike(0);
    if (dWeights) {
      const strides = { strideA: m * n, strideB: k * n };
      gemm(run, { a: dy!, b: values!, y: dWeights, batch, m, n: k, k: n, transB: true, lda: n, ldb: n, ...strides });
    }
    if (needs(1)) {
      const strides = { strideA: m * k, strideB: m * n };
      gemm(run, { a: weights!, b: dy!, y: accumulator(1), batch, m: k, n, k: m, transA: true, lda: k, ldb: n, ...strides, beta: 1 });
    }
    return [dWeights];
  },
  samples: [
    [1, 1, 1, 1],
    [2, 1, 5, 3],
    [3, 7, 9, 33],
  ].map(([B, T, S, E]) => ({
    inputs: [
      [B!, T!, S!],
      [B!, S!, E!],
    ],
    attrs: null,
  })),
});

/**
 * sum_j weights[b, i, j] values[b, j, :], as matmul() gives it; but the gradient of the values is added to what there is of it: a decoder
 * comes back to them at every step.
 */
export const attend = (weights: Tensor, values: Tensor): Tensor => attendOp([weights, values], null)[0]!;

import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { dimsOf } from "../util/shape.js";
import { addSamples, defineOp, type Inputs } from "./define-op.js";
import { gemm, matmul } from "./matmul.js";

const sizesOf = ({ weights, values }: Inputs<"weights" | "values">) => {
  const [batch, m, k] = dimsOf(weights.shape, 3);
  const [, , n] = dimsOf(values.shape, 3);
  return { batch, m, k, n };
};

const attendOp = defineOp({
  name: "attend",
  inputs: ["weights", "values"],
  kernels: ["gemm"],
  shape({ weights, values: { rank, shape, dtype } }) {
    const [B, T, S] = dimsOf(weights.shape, 3);
    const [batch, keys, E] = dimsOf(shape, 3);
    if (rank !== 3 || batch !== B || keys !== S || dtype !== "float32") {
      throw new SeqgradError(
        "shape",
        `attend: the values are ${dtype} ${formatShape(shape)}; expected float32 [${B}, ${S}, E], a row a key.`,
      );
    }
    return { y: [B, T, E] };
  },
  compose: ({ weights, values }) => ({ y: matmul(weights, values) }),
  forward(run, inputs, { y }) {
    const { batch, m, n, k } = sizesOf(inputs);
    const { weights: a, values: b } = inputs;
    gemm(run, { a, b, y, batch, m, n, k, lda: k, ldb: n, strideA: m * k, strideB: k * n });
  },
  backward({ run, inputs, dOutputs: { y: dy }, accumulator, gradientLike }) {
    const { batch, m, n, k } = sizesOf(inputs);
    const { weights, values } = inputs;
    const dWeights = gradientLike("weights");
    if (dWeights) {
      const strides = { strideA: m * n, strideB: k * n };
      gemm(run, { a: dy, b: values, y: dWeights, batch, m, n: k, k: n, transB: true, lda: n, ldb: n, ...strides });
    }
    const dValues = accumulator("values");
    if (dValues) {
      const strides = { strideA: m * k, strideB: m * n };
      gemm(run, { a: weights, b: dy, y: dValues, batch, m: k, n, k: m, transA: true, lda: k, ldb: n, ...strides, beta: 1 });
    }
    return { weights: dWeights };
  },
});
addSamples(attendOp, () => [
  { inputs: { weights: [1, 1, 1], values: [1, 1, 1] } },
  { inputs: { weights: [2, 1, 5], values: [2, 5, 3] } },
  { inputs: { weights: [3, 7, 9], values: [3, 9, 33] } },
]);

/**
 * Returns sum_j weights[b, i, j] values[b, j, :], as matmul() does. The gradient of the values is added to the existing one, because a
 * decoder uses them at every step.
 */
export const attend = (weights: Tensor, values: Tensor): Tensor => attendOp({ weights, values }).y;

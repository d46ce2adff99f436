import type { Activation } from "../backend/kernels.js";
import { activations } from "../backend/kernels.js";
import type { InternalTensor } from "../tensor/internal.js";
import type { Tensor } from "../tensor/tensor.js";
import { SeqgradError } from "../util/errors.js";
import { formatShape } from "../util/format.js";
import { broadcastShapes, dimsOf, rowsOf, sizeOf } from "../util/shape.js";
import { addSamples, checkTensors, contiguous, defineOp, type Inputs, type Run } from "./define-op.js";
import { expand } from "./expand.js";
import { reshape, squeeze, transpose, unsqueeze } from "./views.js";

interface Gemm {
  a: InternalTensor;
  b: InternalTensor;
  y: InternalTensor;
  m: number;
  n: number;
  k: number;
  transA?: boolean;
  transB?: boolean;
  lda: number;
  ldb: number;
  batch?: number;
  strideA?: number;
  strideB?: number;
  bias?: InternalTensor | undefined;
  activation?: Activation;
  /** 1 adds to y. */
  beta?: number;
}

/** y = activation(op(a) op(b) + beta y + bias), y contiguous, whole. */
export function gemm(run: Run, g: Gemm): void {
  const { a, b, y, m, n, k, lda, ldb, bias, batch = 1, strideA = 0, strideB = 0, beta = 0 } = g;
  if (batch * m * n === 0) return;
  const flags = { transA: g.transA ? 1 : 0, transB: g.transB ? 1 : 0, activation: activations.indexOf(g.activation ?? "none") };
  const strides = { lda, ldb, ldy: n, strideA, strideB, strideY: m * n };
  run("gemm", { a, b, bias, y, batch, m, n, k, begin: 0, end: batch * m, alpha: 1, beta, ...flags, ...strides });
}

/** How gemm reads the last two dimensions of x in place: row after row, or transposed; a copy where neither holds. */
function readable(x: InternalTensor): { x: InternalTensor; trans: boolean; ld: number } {
  const [rows, cols] = dimsOf(x.shape.slice(-2), 2);
  const [row, col] = dimsOf(x.strides.slice(-2), 2);
  if ((col === 1 || cols === 1) && (row >= cols || rows === 1)) return { x, trans: false, ld: Math.max(row, cols) };
  if ((row === 1 || rows === 1) && (col >= rows || cols === 1)) return { x, trans: true, ld: Math.max(col, rows) };
  return { x: contiguous(x), trans: false, ld: cols };
}

/** [batch..., m, k] [batch..., k, n] with equal batch dimensions, at most one after merging. */
const product: (inputs: Inputs<"a" | "b">) => { readonly y: Tensor } = defineOp({
  name: "matmul",
  inputs: ["a", "b"],
  strided: true,
  shape: ({ a, b }) => ({ y: [...a.shape.slice(0, -1), rowsOf(b.shape).cols] }),
  forward(run, inputs, { y }) {
    const [a, b] = [readable(inputs.a), readable(inputs.b)];
    const [m, n] = dimsOf(y.shape.slice(-2), 2);
    const product = { a: a.x, b: b.x, y, m, n, k: rowsOf(a.x.shape).cols, transA: a.trans, transB: b.trans, lda: a.ld, ldb: b.ld };
    if (y.rank === 2) return gemm(run, product);
    const [batch] = dimsOf(y.shape, 3);
    const [[strideA], [strideB]] = [dimsOf(a.x.strides, 3), dimsOf(b.x.strides, 3)];
    gemm(run, { batch, strideA, strideB, ...product });
  },
  backward: ({ inputs: { a, b }, dOutputs: { y: dy }, needs }) => ({
    a: needs("a") ? product({ a: dy, b: transpose(b) }).y : undefined,
    b: needs("b") ? product({ a: transpose(a), b: dy }).y : undefined,
  }),
});
addSamples(product, () => [
  { inputs: { a: [1, 1], b: [1, 1] } },
  { inputs: { a: [3, 5], b: [5, 2] } },
  { inputs: { a: [33, 64], b: [64, 100] } },
  { inputs: { a: [3, 7, 9], b: [3, 9, 5] } },
  { inputs: { a: [128, 128], b: [128, 128] } },
]);

/**
 * Multiplies matrices, over the last two dimensions; leading dimensions broadcast.
 *
 * A vector counts as a row on the left and a column on the right, and the result lacks that dimension.
 *
 * @param a `[..., M, K]` or `[K]`, float32
 * @param b `[..., K, N]` or `[K]`, float32
 * @returns `[..., M, N]`; `[..., N]` for a vector a, `[..., M]` for a vector b
 * @throws SeqgradError `shape` if the inner dimensions differ, `dtype` unless both are float32
 * @example
 * sg.matmul(sg.fromArray([[1, 2], [3, 4]]), sg.tensor([1, 10])); // = [21, 43]
 */
export function matmul(a: Tensor, b: Tensor): Tensor {
  checkTensors("matmul", [a, b], ["a", "b"]);
  if (a.rank === 0 || b.rank === 0) throw new SeqgradError("shape", "matmul: a scalar has no rows or columns; use mul().");
  if (a.rank === 1) return squeeze(matmul(unsqueeze(a, { axis: 0 }), b), { axis: b.rank === 1 ? 0 : -2 });
  if (b.rank === 1) return squeeze(matmul(a, unsqueeze(b, { axis: 1 })), { axis: -1 });
  if (a.shape.at(-1) !== b.shape.at(-2)) {
    throw new SeqgradError(
      "shape",
      `matmul: ${formatShape(a.shape)} by ${formatShape(b.shape)}: the last dimension of the first, ${a.shape.at(-1)}, must equal the last but one of the second, ${b.shape.at(-2)}.`,
    );
  }
  if (a.dtype !== "float32" || b.dtype !== "float32")
    throw new SeqgradError("dtype", `matmul: expected float32, got ${a.dtype} and ${b.dtype}; cast with toFloat().`);
  if (b.rank === 2) {
    // One product with all leading dimensions as rows.
    const rows = sizeOf(a.shape.slice(0, -1));
    const [k, n] = dimsOf(b.shape, 2);
    const { y } = product({ a: a.rank === 2 ? a : reshape(a, [rows, k]), b });
    return reshape(y, [...a.shape.slice(0, -1), n]);
  }
  const batch = broadcastShapes("matmul", a.shape.slice(0, -2), b.shape.slice(0, -2));
  const { y } = product({ a: batched(a, batch), b: batched(b, batch) });
  return reshape(y, [...batch, ...y.shape.slice(-2)]);
}

/** x as [batch, rows, cols]; a batch that repeats as a whole stays a view of stride 0. */
function batched(x: Tensor, batch: readonly number[]): Tensor {
  const full = [...batch, ...x.shape.slice(-2)];
  const flat = [sizeOf(batch), ...x.shape.slice(-2)];
  if (sizeOf(x.shape.slice(0, -2)) === 1) return expand(reshape(x, [1, ...x.shape.slice(-2)]), flat);
  return reshape(expand(x, full), flat);
}

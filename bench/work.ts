import type { KernelCall, KernelName } from "../src/backend/kernels.js";

/** The least work of a kernel call: a multiply-add counts two operations, and every buffer is read or written once. */
export interface Work {
  /** 0 where the arithmetic is not multiply-adds. */
  readonly flops: number;
  readonly bytes: number;
}

type Dims = Readonly<Record<string, number | undefined>>;

const work = (elements: number, flops = 0): Work => ({ flops, bytes: 4 * elements });

const shape4 = ({ d0, d1, d2, d3 }: Record<"d0" | "d1" | "d2" | "d3", number>) => d0 * d1 * d2 * d3;

/** Elements of an operand [d0, d1, d2, d3] that are there: a stride of 0 repeats. */
const present = (call: Dims, strides: string) => [0, 1, 2, 3].reduce((n, i) => (call[`${strides}${i}`] ? n * call[`d${i}`]! : n), 1);

/** A sequence of one cell: `gates` rows of weights, `saved` elements a step and unit, and whether backward needs dx. */
function sequence({ B, T, I, H, P = H }: Dims & Record<"B" | "T" | "I" | "H", number>, gates: number, saved: number, x: boolean): Work {
  const weights = gates * H * ((x ? I : 0) + P);
  return work(weights + B * T * ((x ? I : 0) + P + saved * H), 2 * B * T * weights);
}

/** The additional work of a projected LSTM: its product with W_hr, forward or backward. */
function projection({ B, T, H, P, wHr }: { B: number; T: number; H: number; P: number; wHr?: number | undefined }): Work {
  return wHr ? work(H * P, 2 * B * T * H * P) : work(0);
}

const sum = (a: Work, b: Work): Work => ({ flops: a.flops + b.flops, bytes: a.bytes + b.bytes });

type Attention = Record<"B" | "N" | "K" | "T" | "S" | "D" | "E" | "causal" | "offset", number>;

/** The work of attention with the given numbers of products over D and E, and of reads of their operands; pairs that causality hides are not counted. */
function attention({ B, N, K, T, S, D, E, causal, offset }: Attention, byD: number, byE: number, times: number): Work {
  let seen = 0;
  for (let t = 0; t < T; t++) seen += causal ? Math.min(S, t + offset + 1) : S;
  return work(times * B * (N * T + K * S) * (D + E), 2 * B * N * seen * (byD * D + byE * E));
}

const softmax = (buffers: number) => (call: { rows: number; cols: number }) => work(buffers * call.rows * call.cols);

const table: { readonly [K in KernelName]: (call: KernelCall<K>) => Work } = {
  fill: ({ n }) => work(n),
  copyStrided: (call) => work(present(call, "xs") + shape4(call)),
  unary: ({ n }) => work(2 * n),
  unaryBackward: ({ n }) => work(4 * n),
  special: ({ n }) => work(2 * n),
  specialBackward: ({ n }) => work(4 * n),
  remainder: ({ n }) => work(3 * n),
  argsort: ({ rows, n }) => work(2 * rows * n),
  binary: (call) => work(present(call, "as") + present(call, "bs") + shape4(call)),
  where: (call) => work(present(call, "cs") + present(call, "as") + present(call, "bs") + shape4(call)),
  reduce: ({ outer, n, inner }) => work(outer * (n + 1) * inner),
  argmax: ({ outer, n, inner }) => work(outer * (n + 1) * inner),
  norm: ({ n }) => work(n),
  gemm: ({ batch, m, n, k, strideA, strideB }) =>
    work((strideA ? batch : 1) * m * k + (strideB ? batch : 1) * k * n + batch * m * n, 2 * batch * m * n * k),
  gatherRows: ({ outer, inner, m }) => work(2 * outer * m * inner + m),
  scatterAddRows: ({ outer, inner, m }) => work(3 * outer * m * inner + m),
  gather: ({ outer, inner, m }) => work(3 * outer * m * inner),
  scatterAdd: ({ outer, inner, m }) => work(4 * outer * m * inner),
  softmaxForward: softmax(2),
  softmaxBackward: softmax(3),
  logSoftmaxForward: softmax(2),
  logSoftmaxBackward: softmax(3),
  crossEntropyForward: softmax(1),
  crossEntropyBackward: softmax(2),
  attentionForward: (call) => attention(call, 1, 1, 1),
  attentionBackward: (call) => attention(call, 3, 2, 2),
  layerNormForward: softmax(2),
  layerNormBackward: ({ rows, cols, dx }) => work((dx ? 3 : 2) * rows * cols),
  rmsNormForward: softmax(2),
  rmsNormBackward: ({ rows, cols, dx }) => work((dx ? 3 : 2) * rows * cols),
  batchNormForward: softmax(2),
  batchNormBackward: ({ rows, cols, dx }) => work((dx ? 3 : 2) * rows * cols),
  swigluForward: softmax(3),
  swigluBackward: softmax(5),
  rotary: ({ B, T, cols }) => work(2 * B * T * cols),
  philox: ({ n }) => work(n),
  randomUniform: ({ n }) => work(n),
  randomNormal: ({ n }) => work(n),
  dropout: ({ n }) => work(2 * n),
  rnnForward: (call) => sequence(call, 1, 0, true),
  rnnBackward: (call) => sequence(call, 1, 2, Boolean(call.dx)),
  gruForward: (call) => sequence(call, 3, 4, true),
  gruBackward: (call) => sequence(call, 3, 9, Boolean(call.dx)),
  lstmForward: (call) => sum(sequence(call, 4, 5, true), projection(call)),
  lstmBackward: (call) => sum(sequence(call, 4, 9, Boolean(call.dx)), projection(call)),
  ctcForward: ({ B, T, C, L }) => work(B * T * Math.min(C, L + 1)),
  ctcBackward: ({ B, T, C, L }) => work(B * T * (C + 2 * Math.min(C, L + 1))),
  crfForward: ({ B, T, K }) => work(B * T * K + K * K),
  crfBackward: ({ B, T, K }) => work(2 * B * T * K + 2 * K * K),
  recurrentGradient: ({ B, T, I, H, G, dwIh, dwHh }) => {
    const weights = G * ((dwIh ? I : 0) + (dwHh ? H : 0));
    return work(2 * weights + B * T * (G + I + H), 2 * B * T * weights);
  },
  additiveAttentionForward: ({ B, T, S, A }) => work(B * (T * A + S * A + T * S)),
  additiveAttentionBackward: ({ B, T, S, A }) => work(B * (2 * T * A + 3 * S * A + 2 * T * S)),
  word2vecStep: ({ n, V, D, window, negatives, cbow }) => {
    // A window holds window + 1 words, on average.
    const [pairs, sums] = cbow ? [1, window + 1] : [window + 1, 0];
    return work(n + 4 * V * D, n * D * (6 * pairs * (negatives + 1) + 4 * sums));
  },
  gloveStep: ({ V, D, begin, end }) => work(4 * (end - begin) + 8 * V * (D + 1)),
  sgd: ({ n, buffer }) => work((buffer ? 5 : 3) * n),
  adam: ({ n }) => work(7 * n),
  rmsprop: ({ n, average, buffer }) => work((5 + (average ? 2 : 0) + (buffer ? 2 : 0)) * n),
  adagrad: ({ n }) => work(5 * n),
};

/** The work of a call, from its dimensions. */
export function workOf(kernel: KernelName, call: Dims): Work {
  return (table[kernel] as (call: Dims) => Work)(call);
}

import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { add, mul } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { linear } from "./linear.js";
import { gemm } from "./matmul.js";
import {
  type CellInputs,
  cellInputs,
  cellOptions,
  checkCall,
  checkShapes,
  type Observer,
  projectionSum,
  type RecurrentAttrs,
  recurrentNames,
  sampleInputs,
  sequenceSize,
  unroll,
  weightGradients,
} from "./recurrent.js";
import { sigmoid, tanh } from "./unary.js";
import { split } from "./views.js";

interface Sizes {
  readonly B: number;
  readonly T: number;
  readonly I: number;
  readonly H: number;
  readonly P: number;
}

function sizesOf({ x, wHh, wHr }: CellInputs & { readonly wHr?: Tensor | undefined }): Sizes {
  const H = Math.floor(dimsOf(wHh.shape, 2)[0] / 4);
  return { H, P: wHr ? dimsOf(wHr.shape, 2)[0] : H, ...sequenceSize("lstm", x) };
}

function shapes({ B, T, I, H, P }: Sizes) {
  const gates = 4 * H;
  return {
    ...{ x: [B, T, I], wIh: [gates, I], wHh: [gates, P], bIh: [gates], bHh: [gates], wHr: [P, H] },
    ...{ h0: [B, P], c0: [B, H], lengths: [B] },
  };
}

type Five = readonly [B: number, T: number, I: number, H: number, P?: number];

const sample = ([B, T, I, H, P = H]: Five, more: readonly (keyof ReturnType<typeof shapes>)[], reverse = false) => ({
  inputs: sampleInputs(shapes({ B, T, I, H, P }), more),
  attrs: { reverse, observe: undefined },
});

const lstmOp = defineOp({
  name: "lstm",
  inputs: cellInputs,
  optional: [...cellOptions, "wHr", "c0"],
  saves: ["gates", "cells", "hidden"],
  kernels: ["lstmForward", "lstmBackward", "recurrentGradient"],
  shape(inputs) {
    const { B, T, I, H, P } = sizesOf(inputs);
    checkShapes("lstm", inputs, shapes({ B, T, I, H, P }));
    const hidden = inputs.wHr && [T, B, H];
    return { y: [B, T, P], hN: [B, P], cN: [B, H], gates: [T, B, 4 * H], cells: [T, B, H], hidden };
  },
  compose(inputs, attrs: RecurrentAttrs) {
    const { x, wHr, lengths } = inputs;
    const { B, H, P } = sizesOf(inputs);
    const zeros = (n: number) => fill(empty(x.backend, [B, n]), 0);
    const { h0 = zeros(P), c0 = zeros(H) } = inputs;
    const { y, h, c } = unroll("lstm", x, { h: h0, c: c0 }, { lengths, ...attrs }, (x, { h, c }, show) => {
      const parts = split(projectionSum(x, h, inputs), [H, H, H, H], { axis: 1 });
      const [i, f, g, o] = [sigmoid(parts[0]), sigmoid(parts[1]), tanh(parts[2]), sigmoid(parts[3])];
      show(i, f, g, o);
      const next = add(mul(f, c), mul(i, g));
      const hidden = mul(o, tanh(next));
      return { h: wHr ? linear(hidden, wHr) : hidden, c: next };
    });
    return { y, hN: h, cN: c };
  },
  forward(run, inputs, outputs, { reverse, observe }) {
    const { B, T, I, H, P } = sizesOf(inputs);
    run("lstmForward", { B, T, I, H, P, reverse: Number(reverse), begin: 0, end: B, ...inputs, ...outputs });
    observe?.forward(outputs, 4);
  },
  backward(context) {
    const { run, inputs, outputs, dOutputs, attrs, accumulator, gradientLike } = context;
    const { x, wIh, wHh, wHr, c0, lengths } = inputs;
    const { gates, cells, hidden } = outputs;
    const { y: dy, hN: dhN, cN: dcN } = dOutputs;
    const { reverse, observe } = attrs;
    const { B, T, I, H, P } = sizesOf(inputs);
    const [dx, dh0, dc0] = [gradientLike("x"), gradientLike("h0"), gradientLike("c0")];
    const dh = observe || wHr ? empty(x.backend, [T, B, P]) : undefined;
    const dims = { B, T, I, H, P, reverse: Number(reverse), begin: 0, end: B };
    run("lstmBackward", { wIh, wHh, wHr, c0, lengths, cells, dy, dhN, dcN, gates, dx, dh0, dc0, dh, ...dims });
    weightGradients(context, gates, "plain");
    const dwHr = accumulator("wHr");
    if (dwHr && dh && hidden) gemm(run, { a: dh, b: hidden, y: dwHr, m: P, n: H, k: T * B, transA: true, lda: P, ldb: H, beta: 1 });
    observe?.backward(dh);
    return { x: dx, h0: dh0, c0: dc0 };
  },
});
addSamples(lstmOp, () => [
  sample([1, 1, 1, 1], ["bIh", "bHh"]),
  sample([2, 5, 3, 7], ["bIh", "bHh", "h0", "c0"], true),
  sample([5, 6, 9, 8], ["bIh", "bHh", "h0", "c0", "lengths"]),
  sample([3, 4, 5, 8, 3], ["wHr"]),
  sample([4, 5, 2, 12, 5], ["bIh", "bHh", "wHr", "h0", "c0", "lengths"], true),
  sample([8, 9, 16, 33], ["bIh", "bHh"]),
]);

export interface LstmOptions {
  /** `[4 H]`. Default zeros. */
  bIh?: Tensor | undefined;
  /** `[4 H]`. Default zeros. */
  bHh?: Tensor | undefined;
  /** The projection W_hr `[P, H]`. Default none. */
  wHr?: Tensor | undefined;
  /** `[B, H]`, or `[B, P]` with a projection, before the first step. Default zeros. */
  h0?: Tensor | undefined;
  /** `[B, H]`, before the first step. Default zeros. */
  c0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: the number of valid steps of each row. Default T. */
  lengths?: Tensor | undefined;
  /** True to read from the last valid step to the first. Default false. */
  reverse?: boolean;
  /** Is shown gates, cells, hidden states, and in backward() their gradient. */
  observe?: Observer | undefined;
}

const optionNames = namesOf<LstmOptions>({ ...recurrentNames, wHr: 1, c0: 1 });

/**
 * Runs one layer and direction of a long short-term memory over whole sequences, forward and backward each in one pass over the weights.
 *
 * i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b), c_t = f c_{t-1} + i g, h_t = o tanh(c_t)
 *
 * @param x `[B, T, D]`, float32
 * @param wIh `[4 H, D]`, rows i f g o
 * @param wHh `[4 H, H]`, or `[4 H, P]` with a projection
 * @param options biases, first state, lengths and direction: see LstmOptions
 * @returns y `[B, T, H]`, 0 past a row's length; h and c `[B, H]` after each row's last valid step; y and h have P instead of H with a
 *   projection
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @see Hochreiter and Schmidhuber 1997, "Long Short-Term Memory"; Gers, Schmidhuber and Cummins 2000 for the forget gate
 * @example
 * const { y, h, c } = sg.lstm(sg.randn([8, 20, 3]), sg.randn([20, 3]), sg.randn([20, 5]), { reverse: true });
 */
export function lstm(x: Tensor, wIh: Tensor, wHh: Tensor, options: LstmOptions = {}): { y: Tensor; h: Tensor; c: Tensor } {
  checkCall("lstm", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, wHr, h0, c0, lengths, reverse = false, observe } = options;
  const { y, hN: h, cN: c } = lstmOp({ x, wIh, wHh, bIh, bHh, h0, lengths, wHr, c0 }, { reverse, observe });
  return { y, h, c };
}

import { empty, fill, type Tensor } from "../tensor/tensor.js";
import { namesOf } from "../util/options.js";
import { add, mul } from "./binary.js";
import { defineOp, type Sample } from "./define-op.js";
import { linear } from "./linear.js";
import { gemm } from "./matmul.js";
import {
  byName,
  checkCall,
  checkShapes,
  type GradientProbe,
  gradients,
  type Named,
  present,
  projectionSum,
  type RecurrentAttrs,
  recordSteps,
  recurrentNames,
  sampleInputs,
  sequenceSize,
  unroll,
  weightGradients,
} from "./recurrent.js";
import { sigmoid, tanh } from "./unary.js";
import { split } from "./views.js";

function sizes({ x, wHh, wHr }: Named) {
  const { B, T, I } = sequenceSize("lstm", x!);
  const H = Math.floor(wHh!.shape[0]! / 4);
  return { B, T, I, H, P: wHr ? wHr.shape[0]! : H };
}

function shapes({ B, T, I, H, P }: Record<"B" | "T" | "I" | "H" | "P", number>) {
  const gates = 4 * H;
  return {
    ...{ x: [B, T, I], wIh: [gates, I], wHh: [gates, P], bIh: [gates], bHh: [gates], wHr: [P, H] },
    ...{ h0: [B, P], c0: [B, H], lengths: [B] },
  };
}

type Five = readonly [B: number, T: number, I: number, H: number, P?: number];

function sample([B, T, I, H, P = H]: Five, names: string, reverse = false): Sample<RecurrentAttrs> {
  const attrs = { names: names.split(" "), reverse, probe: undefined };
  return { inputs: sampleInputs(attrs.names, shapes({ B, T, I, H, P })), attrs };
}

const lstmOp = defineOp<RecurrentAttrs>({
  name: "lstm",
  kernels: ["lstmForward", "lstmBackward", "recurrentGradient"],
  shape(inputs, { names }) {
    const named = byName(names, inputs);
    const { B, T, I, H, P } = sizes(named);
    checkShapes("lstm", named, shapes({ B, T, I, H, P }));
    const hidden = named.wHr ? [[T, B, H]] : [];
    return [[B, T, P], [B, P], [B, H], [T, B, 4 * H], [T, B, H], ...hidden];
  },
  compose(inputs, { names, reverse, probe }) {
    const named = byName(names, inputs);
    const { B, H, P } = sizes(named);
    const zeros = (n: number) => fill(empty(named.x!.backend, [B, n]), 0);
    return unroll(
      "lstm",
      named.x!,
      [named.h0 ?? zeros(P), named.c0 ?? zeros(H)],
      { lengths: named.lengths, reverse, probe },
      (x, [h, c]) => {
        const [i, f, g, o] = split(projectionSum(x, h!, named), H, 1) as [Tensor, Tensor, Tensor, Tensor];
        const next = add(mul(sigmoid(f), c!), mul(sigmoid(i), tanh(g)));
        const hidden = mul(sigmoid(o), tanh(next));
        return [named.wHr ? linear(hidden, named.wHr) : hidden, next];
      },
    );
  },
  forward(run, inputs, [y, hN, cN, gates, cells, hidden], { names, reverse }) {
    const named = byName(names, inputs);
    const { x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths } = named;
    const dims = { ...sizes(named), reverse: Number(reverse), begin: 0, end: x!.shape[0]! };
    run("lstmForward", {
      x: x!,
      wIh: wIh!,
      wHh: wHh!,
      bIh,
      bHh,
      wHr,
      h0,
      c0,
      lengths,
      y: y!,
      hN: hN!,
      cN: cN!,
      gates: gates!,
      cells: cells!,
      hidden,
      ...dims,
    });
  },
  backward(context) {
    const { run, inputs, attrs, dOutputs, outputs } = context;
    const [, , , gates, cells, hidden] = outputs;
    const [dy, dhN, dcN] = dOutputs;
    const { names, reverse, probe } = attrs;
    const named = byName(names, inputs);
    const { x, wIh, wHh, wHr, c0, lengths } = named;
    const { B, T, I, H, P } = sizes(named);
    const { fresh, into } = gradients(names, context);
    const dx = fresh("x");
    const dh0 = fresh("h0");
    const dc0 = fresh("c0");
    const dh = probe || wHr ? empty(x!.backend, [T, B, P]) : undefined;
    const dims = { B, T, I, H, P, reverse: Number(reverse), begin: 0, end: B };
    run("lstmBackward", { wIh: wIh!, wHh: wHh!, wHr, c0, lengths, cells: cells!, dy, dhN, dcN, gates: gates!, dx, dh0, dc0, dh, ...dims });
    weightGradients(context, gates!, "plain");
    const dwHr = into("wHr");
    if (dwHr) gemm(run, { a: dh!, b: hidden!, y: dwHr, m: P, n: H, k: T * B, transA: true, lda: P, ldb: H, beta: 1 });
    recordSteps(probe, dh);
    return names.map((name) => ({ x: dx, h0: dh0, c0: dc0 })[name]);
  },
  samples: [
    sample([1, 1, 1, 1], "x wIh wHh bIh bHh"),
    sample([2, 5, 3, 7], "x wIh wHh bIh bHh h0 c0", true),
    sample([5, 6, 9, 8], "x wIh wHh bIh bHh h0 c0 lengths"),
    sample([3, 4, 5, 8, 3], "x wIh wHh wHr"),
    sample([4, 5, 2, 12, 5], "x wIh wHh bIh bHh wHr h0 c0 lengths", true),
    sample([8, 9, 16, 33], "x wIh wHh bIh bHh"),
  ],
});

export interface LstmOptions {
  bIh?: Tensor | undefined;
  bHh?: Tensor | undefined;
  /** The projection W_hr `[P, H]`. */
  wHr?: Tensor | undefined;
  h0?: Tensor | undefined;
  c0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: how many steps of a row are valid. */
  lengths?: Tensor | undefined;
  reverse?: boolean;
  probe?: GradientProbe | undefined;
}

const optionNames = namesOf<LstmOptions>({ ...recurrentNames, wHr: 1, c0: 1 });

/**
 * One layer and direction of a long short-term memory (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000)
 * over a whole sequence, forward and backward each in one pass over the weights:
 * i, f, o = sigmoid(W x + U h + b), g = tanh(W x + U h + b), c_t = f c_{t-1} + i g, h_t = o tanh(c_t).
 *
 * @param x `[B, T, I]`
 * @param wIh `[4H, I]`, rows i f g o
 * @param wHh `[4H, H]`, or `[4H, P]` with a projection
 * @returns y `[B, T, H]`, 0 past a row's length; h and c `[B, H]` after each row's last valid step
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @example
 * const { y, h, c } = sg.lstm(sg.randn([8, 20, 3]), sg.randn([20, 3]), sg.randn([20, 5]), { reverse: true });
 */
export function lstm(x: Tensor, wIh: Tensor, wHh: Tensor, options: LstmOptions = {}): { y: Tensor; h: Tensor; c: Tensor } {
  checkCall("lstm", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, wHr, h0, c0, lengths, reverse = false, probe } = options;
  probe?.start(sequenceSize("lstm", x).T);
  const { names, tensors } = present({ x, wIh, wHh, bIh, bHh, wHr, h0, c0, lengths });
  const [y, h, c] = lstmOp(tensors, { names, reverse, probe }) as [Tensor, Tensor, Tensor];
  return { y, h, c };
}

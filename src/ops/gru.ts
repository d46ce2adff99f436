import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkBoolean } from "../util/check.js";
import { namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { add, mul, sub } from "./binary.js";
import { addSamples, defineOp } from "./define-op.js";
import { linear } from "./linear.js";
import {
  type CellInputs,
  cellInputs,
  cellOptions,
  checkCall,
  checkShapes,
  type Observer,
  projections,
  type RecurrentAttrs,
  recurrentNames,
  sampleInputs,
  sequenceSize,
  unroll,
  weightGradients,
} from "./recurrent.js";
import { sigmoid, tanh } from "./unary.js";
import { slice, split } from "./views.js";

interface Attrs extends RecurrentAttrs {
  readonly resetAfter: boolean;
}

const sizesOf = ({ x, wHh }: CellInputs) => ({ H: Math.floor(dimsOf(wHh.shape, 2)[0] / 3), ...sequenceSize("gru", x) });
const shapes = (B: number, T: number, I: number, H: number) => {
  return { x: [B, T, I], wIh: [3 * H, I], wHh: [3 * H, H], bIh: [3 * H], bHh: [3 * H], h0: [B, H], lengths: [B] };
};
/** The attributes as the kernels take them. */
const settings = ({ reverse, resetAfter }: Attrs) => ({ reverse: Number(reverse), resetBefore: Number(!resetAfter) });

type Four = readonly [B: number, T: number, I: number, H: number];

const sample = ([B, T, I, H]: Four, more: readonly (typeof cellOptions)[number][], options: Partial<Attrs> = {}) => ({
  inputs: sampleInputs(shapes(B, T, I, H), more),
  attrs: { reverse: false, observe: undefined, resetAfter: true, ...options },
});

const gruOp = defineOp({
  name: "gru",
  inputs: cellInputs,
  optional: cellOptions,
  saves: ["gates"],
  kernels: ["gruForward", "gruBackward", "recurrentGradient"],
  shape(inputs) {
    const { B, T, I, H } = sizesOf(inputs);
    checkShapes("gru", inputs, shapes(B, T, I, H));
    return { y: [B, T, H], hN: [B, H], gates: [T, B, 4 * H] };
  },
  compose(inputs, { resetAfter, ...attrs }: Attrs) {
    const { x, wHh, bHh, lengths } = inputs;
    const { B, H } = sizesOf(inputs);
    const { h0 = fill(empty(x.backend, [B, H]), 0) } = inputs;
    const candidate = (v: Tensor) => slice(v, { start: 2 * H });
    const { y, h } = unroll("gru", x, { h: h0 }, { lengths, ...attrs }, (x, { h }, show) => {
      const [fromX, fromH] = projections(x, h, inputs);
      const [rx, zx, nx] = split(fromX, [H, H, H], { axis: 1 });
      const [rh, zh, nh] = split(fromH, [H, H, H], { axis: 1 });
      const r = sigmoid(add(rx, rh));
      const z = sigmoid(add(zx, zh));
      const recurrent = resetAfter ? mul(r, nh) : linear(mul(r, h), candidate(wHh), bHh && candidate(bHh));
      const n = tanh(add(nx, recurrent));
      show(r, z, n);
      return { h: add(n, mul(z, sub(h, n))) };
    });
    return { y, hN: h };
  },
  forward(run, inputs, outputs, attrs) {
    const { B, T, I, H } = sizesOf(inputs);
    run("gruForward", { B, T, I, H, begin: 0, end: B, ...settings(attrs), ...inputs, ...outputs });
    attrs.observe?.forward(outputs, 3);
  },
  backward(context) {
    const { run, inputs, outputs, dOutputs, attrs, gradientLike } = context;
    const { x, wIh, wHh, h0, lengths } = inputs;
    const { y, gates } = outputs;
    const { y: dy, hN: dhN } = dOutputs;
    const { B, T, I, H } = sizesOf(inputs);
    const [dx, dh0] = [gradientLike("x"), gradientLike("h0")];
    const dh = attrs.observe && empty(x.backend, [T, B, H]);
    const dims = { B, T, I, H, ...settings(attrs), begin: 0, end: B };
    run("gruBackward", { wIh, wHh, h0, lengths, y, dy, dhN, gates, dx, dh0, dh, ...dims });
    weightGradients(context, gates, attrs.resetAfter ? "gruResetAfter" : "gruResetBefore");
    attrs.observe?.backward(dh);
    return { x: dx, h0: dh0 };
  },
});
addSamples(gruOp, () => [
  sample([1, 1, 1, 1], ["bIh", "bHh"]),
  sample([2, 5, 3, 7], ["bIh", "bHh", "h0"], { reverse: true }),
  sample([5, 6, 9, 8], ["bIh", "bHh", "h0", "lengths"]),
  sample([3, 4, 5, 8], ["bIh", "bHh"], { resetAfter: false }),
  sample([4, 5, 2, 12], ["h0", "lengths"], { reverse: true, resetAfter: false }),
  sample([8, 9, 16, 33], []),
]);

export interface GruOptions {
  /** `[3 H]`. Default zeros. */
  bIh?: Tensor | undefined;
  /** `[3 H]`. Default zeros. */
  bHh?: Tensor | undefined;
  /** `[B, H]`, before the first step. Default zeros. */
  h0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: the number of valid steps of each row. Default T. */
  lengths?: Tensor | undefined;
  /** True to read from the last valid step to the first. Default false. */
  reverse?: boolean;
  /** Reset the product with h (PyTorch, and the default) or, when false, h before the product (Cho et al. 2014). */
  resetAfter?: boolean;
  /** Is shown gates, hidden states, and in backward() their gradient. */
  observe?: Observer | undefined;
}

const optionNames = namesOf<GruOptions>({ ...recurrentNames, resetAfter: 1 });

/**
 * Runs one layer and direction of a gated recurrent unit over whole sequences.
 *
 * r, z = sigmoid(W x + U h + b), n = tanh(W_n x + b_n + r (U_n h + c_n)), h' = (1 - z) n + z h
 *
 * @param x `[B, T, D]`, float32
 * @param wIh `[3 H, D]`, rows r z n
 * @param wHh `[3 H, H]`, rows r z n
 * @param options biases, first state, lengths and direction: see GruOptions
 * @returns y `[B, T, H]`, 0 past a row's length; h `[B, H]` after each row's last valid step
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @see Cho et al. 2014, "Learning Phrase Representations using RNN Encoder-Decoder"
 * @example
 * const { y, h } = sg.gru(sg.randn([8, 20, 3]), sg.randn([15, 3]), sg.randn([15, 5]));
 */
export function gru(x: Tensor, wIh: Tensor, wHh: Tensor, options: GruOptions = {}): { y: Tensor; h: Tensor } {
  checkCall("gru", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, h0, lengths, reverse = false, resetAfter = true, observe } = options;
  checkBoolean("gru", "resetAfter", resetAfter);
  const { y, hN: h } = gruOp({ x, wIh, wHh, bIh, bHh, h0, lengths }, { reverse, observe, resetAfter });
  return { y, h };
}

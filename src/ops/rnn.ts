import { empty, fill } from "../tensor/memory.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkChoice } from "../util/check.js";
import { namesOf } from "../util/options.js";
import { dimsOf } from "../util/shape.js";
import { addSamples, defineOp } from "./define-op.js";
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
import { relu, tanh } from "./unary.js";

const nonlinearities = ["tanh", "relu"] as const;
export type Nonlinearity = (typeof nonlinearities)[number];

/** The nonlinearity, by default tanh, when it is one. */
export function checkNonlinearity(op: string, value: Nonlinearity = "tanh"): Nonlinearity {
  return checkChoice(op, "nonlinearity", value, nonlinearities);
}

interface Attrs extends RecurrentAttrs {
  readonly nonlinearity: Nonlinearity;
}

const sizesOf = ({ x, wHh }: CellInputs) => ({ H: dimsOf(wHh.shape, 2)[0], ...sequenceSize("rnn", x) });
const shapes = (B: number, T: number, I: number, H: number) => {
  return { x: [B, T, I], wIh: [H, I], wHh: [H, H], bIh: [H], bHh: [H], h0: [B, H], lengths: [B] };
};
/** The attributes as the kernels take them. */
const settings = ({ reverse, nonlinearity }: Attrs) => ({ reverse: Number(reverse), activation: Number(nonlinearity === "relu") });

type Four = readonly [B: number, T: number, I: number, H: number];

const sample = ([B, T, I, H]: Four, more: readonly (typeof cellOptions)[number][], options: Partial<Attrs> = {}) => ({
  inputs: sampleInputs(shapes(B, T, I, H), more),
  attrs: { reverse: false, observe: undefined, nonlinearity: "tanh" as const, ...options },
});

const rnnOp = defineOp({
  name: "rnn",
  inputs: cellInputs,
  optional: cellOptions,
  kernels: ["rnnForward", "rnnBackward", "recurrentGradient"],
  shape(inputs) {
    const { B, T, I, H } = sizesOf(inputs);
    checkShapes("rnn", inputs, shapes(B, T, I, H));
    return { y: [B, T, H], hN: [B, H] };
  },
  compose(inputs, { nonlinearity, ...attrs }: Attrs) {
    const { x, lengths } = inputs;
    const { B, H } = sizesOf(inputs);
    const f = nonlinearity === "relu" ? relu : tanh;
    const { h0 = fill(empty(x.backend, [B, H]), 0) } = inputs;
    const { y, h } = unroll("rnn", x, { h: h0 }, { lengths, ...attrs }, (x, { h }) => ({ h: f(projectionSum(x, h, inputs)) }));
    return { y, hN: h };
  },
  forward(run, inputs, outputs, attrs) {
    const { B, T, I, H } = sizesOf(inputs);
    run("rnnForward", { B, T, I, H, begin: 0, end: B, ...settings(attrs), ...inputs, ...outputs });
    attrs.observe?.forward(outputs, 0);
  },
  backward(context) {
    const { run, inputs, outputs, dOutputs, attrs, gradientLike } = context;
    const { x, wIh, wHh, lengths } = inputs;
    const { y: dy, hN: dhN } = dOutputs;
    const { B, T, I, H } = sizesOf(inputs);
    const [dx, dh0] = [gradientLike("x"), gradientLike("h0")];
    const gates = empty(x.backend, [T, B, H]);
    const dh = attrs.observe && empty(x.backend, [T, B, H]);
    const dims = { B, T, I, H, ...settings(attrs), begin: 0, end: B };
    run("rnnBackward", { wIh, wHh, lengths, y: outputs.y, dy, dhN, gates, dx, dh0, dh, ...dims });
    weightGradients(context, gates, "plain");
    attrs.observe?.backward(dh);
    return { x: dx, h0: dh0 };
  },
});
addSamples(rnnOp, () => [
  sample([1, 1, 1, 1], ["bIh", "bHh"]),
  sample([2, 5, 3, 7], ["bIh", "bHh", "h0"], { reverse: true, nonlinearity: "relu" }),
  sample([5, 6, 9, 8], ["bIh", "bHh", "h0", "lengths"]),
  sample([4, 5, 2, 12], ["lengths"], { reverse: true }),
  sample([8, 9, 16, 33], []),
]);

export interface RnnOptions {
  /** `[H]`. Default zeros. */
  bIh?: Tensor | undefined;
  /** `[H]`. Default zeros. */
  bHh?: Tensor | undefined;
  /** `[B, H]`, before the first step. Default zeros. */
  h0?: Tensor | undefined;
  /** int32 `[B]`, each in 1..T: the number of valid steps of each row. Default T. */
  lengths?: Tensor | undefined;
  /** True to read from the last valid step to the first. Default false. */
  reverse?: boolean;
  /** Default `tanh`. */
  nonlinearity?: Nonlinearity;
  /** Is shown hidden states, and in backward() their gradient. */
  observe?: Observer | undefined;
}

const optionNames = namesOf<RnnOptions>({ ...recurrentNames, nonlinearity: 1 });

/**
 * Runs one layer and direction of a simple recurrent network over whole sequences.
 *
 * h_t = f(W_ih x_t + b_ih + W_hh h_{t-1} + b_hh), where f is tanh or relu
 *
 * @param x `[B, T, D]`, float32
 * @param wIh `[H, D]`
 * @param wHh `[H, H]`
 * @param options biases, first state, lengths, direction and nonlinearity: see RnnOptions
 * @returns y `[B, T, H]`, 0 past a row's length; h `[B, H]` after each row's last valid step
 * @throws SeqgradError `shape`, `dtype`, `range` for a length outside 1..T
 * @see Elman 1990, "Finding Structure in Time"
 * @example
 * const { y, h } = sg.rnn(sg.randn([8, 20, 3]), sg.randn([5, 3]), sg.randn([5, 5]), { nonlinearity: "relu" });
 */
export function rnn(x: Tensor, wIh: Tensor, wHh: Tensor, options: RnnOptions = {}): { y: Tensor; h: Tensor } {
  checkCall("rnn", x, wIh, wHh, options, optionNames);
  const { bIh, bHh, h0, lengths, reverse = false, observe } = options;
  const nonlinearity = checkNonlinearity("rnn", options.nonlinearity);
  const { y, hN: h } = rnnOp({ x, wIh, wHh, bIh, bHh, h0, lengths }, { reverse, observe, nonlinearity });
  return { y, h };
}
